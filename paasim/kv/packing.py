"""The codecs at both ends of a transfer that follows a prefill of several steps.

Each step leaves a job, or one per layer: bytes that are ready at a known time. The sender's codec is the second machine
of a flow line and takes the jobs in order: done_j = max(ready_j, done_{j-1}) + work_j. The link is the third, the
receiver's codec the fourth. With no codec a job is ready to send the moment it is computed.

Left out: GPU time that codecs take from prefill and decode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

from paasim.core.release import Feed, Progress

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.core.request import Request
    from paasim.kv.codec.codec import CodecSpec

Step = tuple[float, float, int, int]
"""A step of a prefill: (start in s, end in s, prompt tokens computed before, and after)."""
Job = tuple[float, float, float]
"""A part: (when it could be sent, bytes on the wire, seconds to unpack it)."""


class Packer:
    """Turns the steps of a prefill into bytes on the wire, and knows what the receiver has to do with them.

    Args:
        env: the clock.
        request: whose KV it is; its `kv_bytes` are counted here.
        progress: the steps, told as they start.
        there: bytes of the cache that are there to send when so many prompt tokens are computed.
        parts: equal parts of a step: 1, or one per layer.
        pieces: in how many pieces the receiver's codec unpacks a part while it comes.
        number_bytes: bytes per number of the KV format.
        levels: codecs to choose from, the best quality first.
        choose: picks one, given the uncompressed bytes that are still to be sent; None: there is only one.
        pipelined: whether they work part by part; else on the whole cache, after the prefill.
    """

    __slots__ = (
        "_choose",
        "_env",
        "_free",
        "_jobs",
        "_levels",
        "_number_bytes",
        "_parts",
        "_pieces",
        "_pipelined",
        "_progress",
        "_queued",
        "_request",
        "_seen",
        "_size",
        "_there",
        "feed",
        "on_end",
    )

    def __init__(
        self,
        env: Environment,
        request: Request,
        progress: Progress,
        there: Callable[[int], float],
        *,
        parts: int,
        pieces: int,
        number_bytes: float,
        levels: list[CodecSpec],
        choose: Callable[[float], int] | None,
        pipelined: bool,
    ) -> None:
        self._env = env
        self._progress = progress
        self._there = there
        self._request = request
        self._parts = parts
        self._pieces = pieces
        self._number_bytes = number_bytes
        self._levels = levels
        self._choose = choose
        self._pipelined = pipelined
        self._size = there(request.prompt)
        self._queued = 0.0
        """Uncompressed bytes that were handed to the codec."""
        self._seen = 0
        """Steps that were looked at."""
        self._free = -inf
        """When the codec is done with what it has."""
        self._jobs: list[Job] = []
        self.feed = Feed()
        """What can be sent."""
        self.on_end: Callable[[], None] | None = None
        """Called when the last bytes can be sent."""

    def start(self) -> None:
        """Begin with the steps that were told so far, and follow the rest."""
        self._progress.listener = self._on_step
        start, _, before, _ = self._progress.steps[0]
        held = self._there(before)
        if held > 0.0:
            self._plan(start, held, False)
        self._on_step()

    def _on_step(self) -> None:
        steps = self._progress.steps
        while self._seen < len(steps):
            step = steps[self._seen]
            self._seen += 1
            for ready, size, last in parts_of(step, self._there, self._parts, self._request.prompt):
                self._plan(ready, size, last)

    def _plan(self, ready: float, size: float, last: bool) -> None:
        """Take up a part that is computed at `ready`: now if nothing has to be chosen, else then."""
        if not self._pipelined:
            if not last:
                return
            size = self._size
        if self._choose is None or ready <= self._env.now:
            self._pack(ready, size, last)
        else:
            self._env.call(ready, lambda _: self._pack(ready, size, last))

    def _pack(self, ready: float, size: float, last: bool) -> None:
        now, number_bytes = self._env.now, self._number_bytes
        level = 0
        if self._choose is not None:
            level = self._choose(self._size - self._queued)
            ready = max(ready, now)  # what was chosen now cannot have been packed before
        codec = self._levels[level]
        self._queued += size
        self._free = done = max(ready, self._free) + codec.encode_seconds(size, number_bytes)
        wire = codec.wire_bytes(size, number_bytes)
        self._jobs.append((max(done, now), wire, codec.decode_seconds(size, number_bytes)))
        if done > now:
            self._env.call(done, lambda _: self._give(wire, last))
        else:
            self._give(wire, last)

    def _give(self, wire: float, last: bool) -> None:
        self._request.kv_bytes += wire
        self.feed.give(wire, last)
        if last and self.on_end is not None:
            self.on_end()

    @property
    def end(self) -> float:
        """When the last part was packed, s; known once the feed is closed."""
        return self._free

    def decode_tail(self, left: float) -> float:
        """Seconds that the receiver's codec needs after the last byte, which left at `left` (see `decode_tail`)."""
        return decode_tail(self._jobs, left, self._pieces, self._pipelined)


def parts_of(step: Step, there: Callable[[int], float], parts: int, prompt: int) -> list[tuple[float, float, bool]]:
    """What a step leaves to be sent: (when it is computed, bytes, whether that is all of the prompt), in equal parts.

    Parts of no bytes are left out, but for the last: the transfer ends no sooner than the prefill.
    """
    start, end, before, after = step
    size = (there(after) - there(before)) / parts
    found: list[tuple[float, float, bool]] = []
    if size > 0.0:
        found = [(start + (end - start) * i / parts, size, False) for i in range(1, parts)]
    if size > 0.0 or after == prompt:
        found.append((end, size, after == prompt))
    return found


def decode_tail(jobs: Sequence[Job], left: float, pieces: int, pipelined: bool) -> float:
    """Seconds that the receiver's codec needs after the last byte, which left at `left`.

    When each part arrived is worked out from when it could be sent and from the constant rate at which the last
    byte leaves when it did (exact where the share was constant): with B_j the bytes from part j on, ready at t_j,
    `left = max_j(t_j + B_j/r)`, so that `r = max_j B_j/(left − t_j)`.
    """
    works = sum(work for _, _, work in jobs)
    if not works or not pipelined:
        return works
    slowness, rest = inf, 0.0
    for ready, wire, _ in reversed(jobs):
        rest += wire
        if rest > 0.0:
            slowness = min(slowness, max(left - ready, 0.0) / rest)
    if slowness == inf:
        slowness = 0.0
    out, done = -inf, -inf
    for ready, wire, work in jobs:
        begun = max(out, ready)
        out = begun + wire * slowness
        first = begun + (out - begun) / pieces
        done = max(max(done, first) + work, out + work / pieces)
    return max(done - left, 0.0)
