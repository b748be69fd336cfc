"""Capacity over time: piecewise constant rates, answered through cumulative bytes.

A curve is a row of pieces, each with a start, a rate, and the bytes that fit before it. Where a transfer of a given
size ends is found by bisection over the cumulative bytes, whatever number of pieces it spans: a flow that is alone on
a changing link costs one event, not one per piece. Three forms:

* held: after the last piece its rate stays for ever;
* looped: the pieces repeat from the beginning, for ever;
* made: pieces come from an iterator, as far as somebody asks.

Time starts at 0; what is asked before counts as at the first piece. Everything is a plain float: seconds, bytes,
bytes per second.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from math import inf

BARREN = 2_000
"""Pieces in a row that carry nothing, or never another rate, after which a made curve is taken to stay so."""


class Curve:
    """Capacity over time.

    Args:
        times: starts of the pieces, rising, the first at 0; none for a curve that is made.
        rates: their rates, bytes/s, zero or more.
        period: length of the loop, more than the last start; infinite if there is none.
        offset: where on the curve time 0 is, zero or more.
        more: pieces (duration, rate), taken as somebody asks for them. The last piece of a curve without a loop, if it
            has a last one, stays for ever.
    """

    __slots__ = ("_end", "_more", "_offset", "_period", "_rates", "_sums", "_times", "_total")

    def __init__(
        self,
        times: list[float],
        rates: list[float],
        period: float = inf,
        offset: float = 0.0,
        more: Iterator[tuple[float, float]] | None = None,
    ) -> None:
        self._times = times
        self._rates = rates
        self._period = period
        self._offset = offset
        self._more = more
        self._sums = _cumulated(times, rates)
        self._end = inf
        """Where the pieces known so far end: of a made curve only."""
        self._total = 0.0
        """Bytes of one loop."""
        if period < inf:
            self._total = self._sums[-1] + rates[-1] * (period - times[-1])
        if more is not None and not self._grow():
            raise ValueError("a curve needs a piece to begin with")

    @staticmethod
    def constant(rate: float) -> Curve:
        """One rate for ever."""
        return Curve([0.0], [rate])

    @staticmethod
    def made(pieces: Iterator[tuple[float, float]]) -> Curve:
        """A curve of pieces (duration, rate), taken as they are needed; the last one, if there is one, stays."""
        return Curve([], [], more=pieces)

    def turned(self, offset: float) -> Curve:
        """The same loop or trace, seen from another moment of it on; the pieces themselves are shared."""
        other = Curve([0.0], [0.0])
        other._times, other._rates, other._sums = self._times, self._rates, self._sums
        other._period, other._total, other._offset = self._period, self._total, offset
        return other

    def rate(self, time: float) -> float:
        """Bytes/s in force from `time` on (at a change: the new rate)."""
        return self._rate(self._find(time))

    def next_change(self, time: float) -> float:
        """The first moment after `time` at which the rate differs; infinite if there is none."""
        piece = self._find(time)
        rate = self._rate(piece)
        # One round shows all of a loop; a curve in the making might go on as it is for ever.
        most = BARREN if self._more is not None else len(self._times)
        for following in range(piece + 1, piece + 1 + most):
            if not self._has(following):
                return inf
            if self._rate(following) != rate:
                return self._start(following)
        return inf

    def carried(self, start: float, end: float) -> float:
        """Bytes that fit between two moments."""
        if end <= start:
            return 0.0
        first, last = self._find(start), self._find(end)
        if first == last:
            return self._rate(first) * (end - start)
        head = self._rate(first) * (self._start(first + 1) - start)
        tail = self._rate(last) * (end - self._start(last))
        return head + (self._sum(last) - self._sum(first + 1)) + tail

    def reach(self, start: float, size: float) -> float:
        """The earliest moment at which `size` bytes fit from `start` on; infinite if they never do.

        For a whole transfer that is alone on the curve, it is the moment at which its last byte has left.
        """
        if size <= 0.0:
            return start
        piece = self._find(start)
        rate = self._rate(piece)
        if not self._has(piece + 1):
            return start + size / rate if rate > 0.0 else inf
        room = rate * (self._start(piece + 1) - start)
        if size <= room:
            return start + size / rate
        found, before = self._place(piece + 1, size - room)
        if found < 0:
            return inf
        return self._start(found) + before / self._rate(found)

    def forget(self, time: float) -> None:
        """Drop what lies before `time`: only later moments will be asked for. Held and looped curves keep all."""
        if self._more is None:
            return
        piece = self._find(time)
        if piece > 0:
            base = self._sums[piece]
            self._sums = [each - base for each in self._sums[piece:]]
            self._times = self._times[piece:]
            self._rates = self._rates[piece:]

    def pieces(self) -> Iterator[tuple[float, float]]:
        """All pieces (duration, rate) from time 0 on; the last one lasts for ever, if there is a last one."""
        piece = self._find(0.0)
        at = 0.0
        while self._has(piece + 1):
            end = self._start(piece + 1)
            yield end - at, self._rate(piece)
            at = end
            piece += 1
        yield inf, self._rate(piece)

    def hand_over(self) -> Iterator[tuple[float, float]]:
        """As `pieces`, but a made curve forgets each as it hands it out: for another curve that takes its place."""
        at = 0.0
        while True:
            piece = self._find(at)
            if not self._has(piece + 1):
                break
            end = self._start(piece + 1)
            yield end - at, self._rate(piece)
            at = end
            self.forget(at)
        yield inf, self._rate(piece)

    def scaled(self, factor: float) -> Curve:
        """All rates times a factor. A made curve is used up by it, and by `clip`: the new one draws from it."""
        return self._each(factor, inf)

    def clip(self, limit: float) -> Curve:
        """No rate above a limit, in bytes/s."""
        return self._each(1.0, limit)

    def lowered(self, amount: float) -> Curve:
        """All rates less an amount, in bytes/s, but not below zero; a made curve is used up as by `scaled`."""
        if self._more is not None:
            return Curve.made(_changed(self.hand_over(), 1.0, amount, inf))
        return Curve(self._times, [max(rate - amount, 0.0) for rate in self._rates], self._period, self._offset)

    # Pieces by number: of a loop, numbers go on from round to round.

    def _each(self, factor: float, limit: float) -> Curve:
        if self._more is not None:
            return Curve.made(_changed(self.hand_over(), factor, 0.0, limit))
        rates = [min(rate * factor, limit) for rate in self._rates]
        return Curve(self._times, rates, self._period, self._offset)

    def _find(self, time: float) -> int:
        """The piece in force at `time`: that with the last start at or before it."""
        if self._period < inf:
            turn = (time + self._offset) // self._period
            inside = time + self._offset - turn * self._period
            piece = int(turn) * len(self._times) + bisect_right(self._times, inside) - 1
        else:
            while time >= self._end and self._grow():
                pass
            piece = max(bisect_right(self._times, time + self._offset) - 1, 0)
        # A start as `_start` computes it may be off by rounding; what it says is what counts.
        while self._has(piece + 1) and self._start(piece + 1) <= time:
            piece += 1
        while piece > 0 and self._start(piece) > time:
            piece -= 1
        return piece

    def _has(self, piece: int) -> bool:
        if self._period < inf:
            return True
        while piece >= len(self._times):
            if not self._grow():
                return False
        return True

    def _start(self, piece: int) -> float:
        if self._period < inf:
            turn, index = divmod(piece, len(self._times))
            return turn * self._period + self._times[index] - self._offset
        return self._times[piece] - self._offset

    def _rate(self, piece: int) -> float:
        return self._rates[piece % len(self._rates)] if self._period < inf else self._rates[piece]

    def _sum(self, piece: int) -> float:
        """Bytes before a piece."""
        if self._period < inf:
            turn, index = divmod(piece, len(self._times))
            return turn * self._total + self._sums[index]
        return self._sums[piece]

    def _grow(self) -> bool:
        """Take one more piece from the iterator; False if there is none."""
        if self._more is None or (self._times and self._end == inf):
            return False
        lasts, rate = 0.0, 0.0
        while lasts <= 0.0:
            found = next(self._more, None)
            if found is None:
                self._end = inf
                return False
            lasts, rate = found
        if self._times:
            self._sums.append(self._sums[-1] + self._rates[-1] * (self._end - self._times[-1]))
            self._times.append(self._end)
        else:
            self._sums.append(0.0)
            self._times.append(0.0)
            self._end = 0.0
        self._rates.append(rate)
        self._end += lasts
        return True

    def _place(self, piece: int, size: float) -> tuple[int, float]:
        """Where `size` bytes from the start of a piece on end: the piece, and the bytes into it; (-1, 0) if nowhere."""
        if self._period < inf:
            if self._total <= 0.0:
                return -1, 0.0
            turn, index = divmod(piece, len(self._times))
            whole, goal = divmod(self._sums[index] + size, self._total)
            if goal <= 0.0:  # the last byte of a round, not one of the next
                whole, goal = whole - 1.0, self._total
            turn += int(whole)
            found = turn * len(self._times) + bisect_left(self._sums, goal) - 1
            before = goal - self._sums[found % len(self._times)]
        else:
            goal = self._sums[piece] + size
            if not self._make(goal):
                return -1, 0.0
            found = bisect_left(self._sums, goal) - 1
            before = goal - self._sums[found]
        if found < piece:  # so few bytes that the sums do not show them
            found, before = piece, 0.0
        while self._rate(found) <= 0.0:
            found, before = found + 1, 0.0
            if not self._has(found):
                return -1, 0.0
        return found, before

    def _make(self, goal: float) -> bool:
        """Go on until the bytes before the last piece, or those in a last piece that stays, reach a goal."""
        barren = 0
        while self._sums[-1] < goal and self._grow():
            barren = barren + 1 if self._sums[-1] == self._sums[-2] else 0
            if barren == BARREN:
                return False
        return self._sums[-1] >= goal or self._rates[-1] > 0.0


def _changed(
    pieces: Iterator[tuple[float, float]], factor: float, less: float, limit: float
) -> Iterator[tuple[float, float]]:
    """Pieces with other rates. A function: compiled, a generator in brackets would ask for all pieces at once."""
    for lasts, rate in pieces:
        yield lasts, min(max(rate * factor - less, 0.0), limit)


def _cumulated(times: list[float], rates: list[float]) -> list[float]:
    """Bytes before each piece."""
    sums: list[float] = []
    total = 0.0
    for index in range(len(times)):
        if index:
            total += rates[index - 1] * (times[index] - times[index - 1])
        sums.append(total)
    return sums
