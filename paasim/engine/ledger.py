"""What an instance writes down: token gaps and stamps of its decode steps, and the levels of its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.core.recorder import Recorder
    from paasim.core.request import Request
    from paasim.engine.decoding import Decoding
    from paasim.engine.memory import KvMemory
    from paasim.engine.meter import Meter
    from paasim.profile.steps import StepTime


class Ledger:
    """The book-keeping of one instance; it decides nothing."""

    __slots__ = (
        "_back",
        "_decoding",
        "_fresh",
        "_memory",
        "_meter",
        "_new",
        "_recorder",
        "_steps",
        "outside",
        "settled",
    )

    def __init__(self, recorder: Recorder, meter: Meter, decoding: Decoding, memory: KvMemory, steps: StepTime) -> None:
        self._recorder = recorder
        self._meter = meter
        self._decoding = decoding
        self._memory = memory
        self._steps = steps
        self._fresh: list[Request] = []
        """Decoding sequences that have not had their second step here."""
        self._new: list[Request] = []
        """Sequences that joined since the last step: its first step ends no gap between tokens that is counted here."""
        self._back: list[Request] = []
        """Sequences that came back after a preemption since the last step."""
        self.settled = 0.0
        """Time up to which decode steps are counted: a later start of the next step is a stall of all who wait."""
        self.outside = 0
        """Decode runs so far that lay outside the profile's measured box."""

    def queue(self, change: int, now: float) -> None:
        """The queue grew or shrank."""
        meter = self._meter
        meter.queue += change
        meter.queue_moment += change * now

    def running(self, change: int, now: float) -> None:
        """The number of sequences in service changed."""
        meter = self._meter
        meter.running += change
        meter.running_moment += change * now

    def served(self, now: float) -> None:
        """A request went from the queue into service."""
        meter = self._meter
        meter.queue -= 1
        meter.queue_moment -= now
        meter.running += 1
        meter.running_moment += now

    def busy(self, change: int, now: float) -> None:
        """The instance began or ended to work."""
        meter = self._meter
        meter.busy += change
        meter.busy_moment += change * now

    def joined(self, request: Request) -> None:
        """A sequence is about to have its first decode step here, if it has any."""
        request.joined_outside = self.outside
        if request.left:
            self._new.append(request)
            self._fresh.append(request)

    def came_back(self, request: Request, now: float) -> None:
        """A preempted sequence was computed again, which gave it its next token."""
        if request.first_step != request.first_step:
            request.first_step = now
        else:
            if request.second_step != request.second_step:
                request.second_step = now
            self._recorder.gaps.extend((request.preempted, now - request.preempted, 0.0, 1, 1, 0, 0.0))
        request.preempted = now
        if request.left:
            self._back.append(request)
            if request.second_step != request.second_step:
                self._fresh.append(request)

    def preempted(self, request: Request) -> None:
        """A sequence lost its place."""
        if request not in self._back:  # else its last token is the one that it came back with
            request.preempted = self.settled
        for waiting in (self._new, self._back, self._fresh):
            if request in waiting:
                waiting.remove(request)

    def left(self, request: Request) -> None:
        """A sequence has its last token."""
        if request.second_step != request.second_step and request in self._fresh:
            self._fresh.remove(request)
        if request.joined_outside != self.outside:
            request.extrapolated = True
        self._meter.finished += 1

    def finished(self) -> None:
        """A prompt is computed that decodes elsewhere."""
        self._meter.finished += 1

    def prompt(self, tokens: int, steps: int) -> None:
        """Steps with prompt tokens began."""
        self._meter.prompt_tokens += tokens
        self._meter.steps += steps

    def settle(self, steps: int, start: float, first: float, increment: float) -> None:
        """Count `steps` decode steps from `start` as done; the first lasts `first`, each next one `increment` more."""
        decoding, meter = self._decoding, self._meter
        count = decoding.count
        if self._steps.decode_outside(count, decoding.attended):
            self.outside += 1
        duration = steps * first + increment * (steps * (steps - 1) // 2)
        # The gaps between tokens that these steps end (see `Recorder.gaps`). A newcomer's first step ends none that
        # belongs here: it gives its first token, or its second, whose gap is in the request's own stamps. Those who
        # waited for a prefill step had a longer one.
        new = len(self._new)
        if self._back:
            new += self._back_gaps(start, first)
        if new:
            self._new.clear()
        self._recorder.gaps.extend((start, first, increment, steps, count, new, start - self.settled))
        self.settled = start + duration
        if self._fresh:
            self._stamp(start + first, start + 2 * first + increment, steps)
        decoding.step += steps
        decoding.tokens += steps * count
        decoding.attended += steps * decoding.growth
        if decoding.crossings:
            decoding.next_crossing()
        meter.tokens += steps * count
        meter.steps += steps

    def _back_gaps(self, start: float, first: float) -> int:
        """Who came back has waited since then, not since the last step; returns how many they are."""
        back = len(self._back)
        for request in self._back:
            since = request.preempted
            self._recorder.gaps.extend((since, start - since + first, 0.0, 1, 1, 0, 0.0))
        self._back.clear()
        return back

    def _stamp(self, first: float, second: float, steps: int) -> None:
        """Stamp the ends of first and second decode steps."""
        still: list[Request] = []
        for request in self._fresh:
            if request.first_step != request.first_step:
                request.first_step = first
                if steps > 1:
                    request.second_step = second
                else:
                    still.append(request)
            elif request.second_step != request.second_step:
                request.second_step = first
        self._fresh = still
