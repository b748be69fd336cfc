"""Runs a grid against a server, round after round, so that a drift (heat, other load) spreads over all points."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from paasim.core.errors import InputError
from paasim.profile.measure import together
from paasim.profile.measure.client import Client, Reply
from paasim.profile.measure.endpoint import LostError, RefusedError
from paasim.profile.measure.grid import Decode, Grid, Point, Prefill
from paasim.profile.measure.samples import Samples, kept, table
from paasim.profile.measure.words import GO_ON, Words
from paasim.profile.table import Table

Progress = Callable[[int, int, str], None]
"""Called with measurements done, measurements in all, and the point that is next."""
PROBE = (1, 16, 272)
"""Words of the prompts that teach how long words are and how fast the server is."""
CHUNK = 256
"""Prompt tokens of a step that early streams share, at the fewest; fewer, and streams get longer answers next time."""
SHORT = 3
"""Shortest requests of a round. The first may pay for clearing up after the streams before; their median does not."""


@dataclass
class Measurement:
    """A grid on a server, and what has been seen so far: it can be stopped at any time and still be used."""

    client: Client
    grid: Grid
    most: int | None = None
    """Longest context that the server takes."""
    points: list[Point] = field(default_factory=list)
    """What is still measured."""
    samples: dict[Point, Samples] = field(default_factory=dict)
    """Repeats by point."""
    left_out: dict[Point, str] = field(default_factory=dict)
    """Points that cannot be measured here, and why."""
    notes: list[str] = field(default_factory=list)
    """What a user must know of the server."""
    failure: InputError | None = None
    """Why the measurement ended early, if the server went away."""

    def __post_init__(self) -> None:
        self.points, too_long = self.grid.points(self.most)
        self.left_out = dict.fromkeys(too_long, f"longer than the server's {self.most} tokens of context")
        self.samples = {point: Samples() for point in self.points}
        self._words = Words()
        self._pings: list[float] = []
        self._floor: list[float] = []
        self._steps: list[float] = []
        self._more: dict[Point, int] = {}

    def probe(self) -> float:
        """Find the form of request, the length of words and the speed of the server.

        Returns:
            Rough seconds that the whole grid takes.

        Raises:
            InputError: if the server cannot be measured.
        """
        self.client.settle()
        one, few, many = (self.client.send(self._words.text(words), self.grid.tokens) for words in PROBE)
        self._words.learn((PROBE[1], few.prompt), (PROBE[2], many.prompt))
        longest = max(one, few, many, key=lambda reply: len(reply.stamps))
        gap = (longest.stamps[-1] - longest.stamps[0]) / max(1, longest.tokens - 1)
        per_token = max(0.0, many.ttft - few.ttft) / max(1, many.prompt - few.prompt)
        if (parts := statistics.fmean(r.tokens_per_part for r in (one, few, many))) > 1.5:
            self.notes.append(f"tokens come {parts:.1f} at a time: steps are averages over them")
        return self.grid.seconds(self.points, one.ttft, per_token, gap)

    def run(self, until: float = math.inf, progress: Progress | None = None) -> None:
        """Measure all rounds, or as much as fits until a time of `time.perf_counter`.

        A point that the server refuses is left out and the others go on; if the server goes away, `failure` says so.
        """
        rounds = self.grid.warmup + self.grid.repeats
        total, done = rounds * len(self.points), 0
        for number in range(rounds):
            for point in list(self.points):
                if progress is not None:
                    progress(done, total, point.label)
                done += 1
                if point in self.left_out or time.perf_counter() > until:
                    continue
                try:
                    self._measure(point, number >= self.grid.warmup, until)
                except TimeoutError:
                    continue
                except LostError as error:
                    self.failure = error
                    return
                except RefusedError as error:
                    self.left_out[point] = error.problems[0].what
            self.points = [point for point in self.points if point not in self.left_out]

    def table(self) -> Table:
        """The rows so far."""
        return table(self.samples, self.overhead)

    @property
    def overhead(self) -> float:
        """Seconds of a request that are surely outside of steps: network and HTTP, as of a plain question."""
        return statistics.median(kept(self._pings)) if self._pings else 0.0

    @property
    def surplus(self) -> float:
        """Seconds of the shortest prompt beyond `overhead` and a step of one token (0 where not known).

        Tokenizer and scheduler, or prompts that take longer than decode steps from the first token on: from outside
        nobody can tell, so it stays in the times of prompts.
        """
        if not (self._floor and self._steps):
            return 0.0
        return max(0.0, statistics.median(kept(self._floor)) - self.overhead - statistics.median(self._steps))

    @property
    def outliers(self) -> int:
        """Repeats that were dropped."""
        return sum(len(each.seconds) - len(each.kept()) for each in self.samples.values())

    def _measure(self, point: Point, counts: bool, until: float) -> None:
        if isinstance(point, Prefill):
            self._prefill(point, counts)
        elif isinstance(point, Decode):
            self._decode(point, counts, until)
        else:
            replies = [self.client.send(self._words.text(1), self.grid.tokens) for _ in range(SHORT)]
            windows = [together.window([reply]) for reply in replies]
            pings = [self.client.endpoint.ping() for _ in range(SHORT)]
            if counts:
                self._pings.append(statistics.median(pings))
                self._floor.append(statistics.median(reply.ttft for reply in replies))
                self._steps += [seen.gap for seen in windows if seen]

    def _prefill(self, point: Prefill, counts: bool) -> None:
        """Time a lone prompt, after its prefix was sent where one is wanted."""
        text, before = "", None
        if point.prefix:
            text = self._words.text(self._words.count(point.prefix))
            before = self.client.send(text, 1)
            text += " "
        words = self._words.count(point.new + point.prefix) - len(text.split())
        reply = self.client.send(text + self._words.text(max(1, words)), 1)
        cached = reply.cached or 0
        if before is not None and not prefix_was_cached(before, reply):
            self.left_out[point] = "the server did not reuse the prefix: switch its prefix cache on"
        elif before is not None and reply.cached is None:
            cached = before.prompt
        if counts and point not in self.left_out:
            self.samples[point].add(reply.ttft, reply.prompt - cached, cached)

    def _decode(self, point: Decode, counts: bool, until: float) -> None:
        """Time steps of streams that decode together."""
        words = self._words.count(point.context) - len(GO_ON.split())
        prompts = [self._words.text(max(1, words)) + GO_ON for _ in range(point.batch)]
        # Early streams go on while the prompts of the others are computed, mostly in shared steps.
        more = self._more.get(point, (point.batch - 1) * math.ceil(1 + point.context / CHUNK))
        tokens = self.grid.tokens + more
        if self.most is not None:
            tokens = max(self.grid.tokens, min(tokens, self.most - point.context))
        replies = together.run(self.client, prompts, tokens, until)
        seen = together.window(replies)
        if seen is None:
            self._missed(point, replies, tokens, more)
        elif counts:
            self.samples[point].add(seen.gap, 1, seen.context)

    def _missed(self, point: Decode, replies: list[Reply], tokens: int, more: int) -> None:
        """Streams did not decode together long enough: leave the point out, or let them run longer next time."""
        if self.samples[point].seconds:
            return  # it worked before: this repeat does not count
        answered = min(reply.tokens for reply in replies)
        at_once = together.most_at_once(replies)
        if answered < tokens / 2:
            what = f"the model ended its answer after {answered} of {tokens} tokens"
            self.left_out[point] = f"{what}; take another model, or an engine that knows ignore_eos"
        elif at_once < point.batch and point in self._more:
            for each in self.points:
                if isinstance(each, Decode) and each.batch >= point.batch and each.context >= point.context:
                    what = f"only {at_once} of {point.batch} streams were answered at once: the engine's limit"
                    self.left_out[each] = what
        elif point in self._more:
            self.left_out[point] = f"{point.batch} streams hardly decode together: raise --tokens"
        self._more[point] = 2 * more + self.grid.tokens


def prefix_was_cached(before: Reply, reply: Reply) -> bool:
    """Whether the server took a prefix from its cache.

    If it does not say so: without the cache a prompt takes at least as long as its part in the prefix, and longer by
    what is new; with it, about what is new. Half a prefix is the line between.
    """
    if reply.cached is not None:
        return reply.cached >= before.prompt / 2
    new = reply.prompt - before.prompt
    return reply.ttft < before.ttft * (new + before.prompt / 2) / before.prompt
