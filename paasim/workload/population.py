"""The lengths of all requests of a class at once, for means that no sample disturbs.

Where the kind of lengths has a law, or quantiles, its integrals over the unit square of (rank of the prompt, level of
the output) are sums over a Fibonacci lattice of 4,181 points. A smooth change of variables, u = v³(10 − 15v + 6v²),
makes the integrand periodic, for which lattices converge fast, and crowds the points where tails are long (I. H. Sloan
and S. Joe, Lattice Methods for Multiple Integration, 1994, sections 2 and 4.12). A trace is all of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice, takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paasim.core.paths import expand
from paasim.core.streams import Streams
from paasim.workload.lengths.lengths import LengthsSpec
from paasim.workload.spec import WorkloadSpec

Floats = npt.NDArray[np.float64]

POINTS, GENERATOR = 4181, 2584
"""Neighbours in the Fibonacci series."""
GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it spread most evenly over the unit interval."""
DRAWS = 20_000
"""Requests that stand for a kind of lengths that has no law."""
SHUFFLE = 20_040_715
"""Seed of the one order in which equally likely requests stand."""


@dataclass(frozen=True, eq=False)
class Population:
    """Requests of one kind with their weights; it equals itself alone, so that results can be kept by it.

    Attributes:
        prompts: tokens; whole numbers where they are rows of a trace.
        outputs: tokens, one per prompt.
        weights: how likely each is; they add up to 1.
        rows: whether they are equally likely requests in the order in which they came.
    """

    prompts: Floats
    outputs: Floats
    weights: Floats
    rows: bool = False
    rate: float | None = field(default=None)
    """Requests per second, where it was read from a trace."""
    law: LengthsSpec | None = None
    base: Path | None = None
    ranks: tuple[float, float] = (0.0, 1.0)
    """Where it is a law: the ranks of prompts that it is cut to."""

    def mean(self, values: Floats) -> float:
        """Mean of a value per request."""
        return float(self.weights @ values)

    @cached_property
    def mean_prompt(self) -> float:
        """Mean prompt length, tokens."""
        return self.mean(self.prompts)

    @cached_property
    def mean_output(self) -> float:
        """Mean output length, tokens."""
        return self.mean(self.outputs)

    def prompt_quantile(self, rank: float) -> float:
        """The prompt length that a share `rank` of the requests do not exceed, tokens."""
        order = np.argsort(self.prompts, kind="stable")
        ends = np.cumsum(self.weights[order])
        return float(self.prompts[order[min(int(np.searchsorted(ends, rank * ends[-1])), len(order) - 1)]])

    def share(self, chosen: npt.NDArray[np.bool_]) -> float:
        """Share of the requests that are chosen; exactly 1 if all are."""
        return 1.0 if bool(chosen.all()) else float(self.weights[chosen].sum())

    def cut(self, prompt: float) -> tuple[float, Population | None, Population | None]:
        """(share, requests) with prompts of at most `prompt` tokens, and those with longer ones; None where none."""
        return _cut(self, prompt)

    @cached_property
    def as_mean(self) -> Population:
        """As many requests of its mean lengths, in whole tokens."""
        return alike(round(self.mean_prompt), round(self.mean_output))

    def only(self, chosen: npt.NDArray[np.bool_], share: float) -> Population | None:
        """Those that are chosen, a share of this size of them; None where none is."""
        if share <= 0.0 or not chosen.any():
            return None
        return Population(
            self.prompts[chosen], self.outputs[chosen], self.weights[chosen] / share, self.rows, self.rate
        )


@lru_cache(maxsize=1024)
def _cut(people: Population, prompt: float) -> tuple[float, Population | None, Population | None]:
    if people.law is None:
        below = people.prompts <= prompt
        share = people.share(below)
        return share, people.only(below, share), people.only(~below, 1.0 - share)
    low, high = people.ranks
    at = min(max(people.law.rank(prompt, people.base), low), high)
    share = (at - low) / (high - low)
    return share, _of_law(people.law, people.base, low, at), _of_law(people.law, people.base, at, high)


@lru_cache(maxsize=32)
def sequence(people: Population, count: int) -> list[tuple[int, int]]:
    """(prompt, output) of equally likely requests: the rows of a trace as they came, else `count` in a random order.

    A trace with more rows than `count` is thinned as a law is.

    Ranks are evenly spaced, so that means are kept; the order is always the same.
    """
    prompts, outputs = people.prompts, people.outputs
    if not people.rows or len(prompts) > count:
        even: Floats = (np.arange(count) + 0.5) / count
        if people.law is not None:
            low, high = people.ranks
            levels = np.asarray(np.arange(count) * GOLDEN % 1.0, np.float64)
            prompts, outputs = people.law.at(low + (high - low) * even, levels, people.base)
        else:
            order = np.argsort(prompts, kind="stable")
            ends = np.cumsum(people.weights[order])
            picked = order[np.minimum(np.searchsorted(ends, even * ends[-1]), len(order) - 1)]
            prompts, outputs = prompts[picked], outputs[picked]
        shuffled = np.random.Generator(np.random.PCG64(SHUFFLE)).permutation(count)
        prompts, outputs = prompts[shuffled], outputs[shuffled]
    whole = (np.maximum(np.rint(values), 1).astype(np.int64).tolist() for values in (prompts, outputs))
    return list(zip(*whole, strict=True))


def alike(prompt: float, output: float) -> Population:
    """Requests that are all alike."""
    return Population(np.array([prompt], float), np.array([output], float), np.ones(1))


def mixed(parts: list[tuple[float, Population]]) -> Population:
    """Several populations as one, each with its weight; one alone stays itself."""
    if len(parts) == 1:
        return parts[0][1]
    total = sum(weight for weight, _ in parts)

    prompts, outputs = (np.concatenate([getattr(each, name) for _, each in parts]) for name in ("prompts", "outputs"))
    return Population(prompts, outputs, np.concatenate([each.weights * (weight / total) for weight, each in parts]))


def population(
    spec: WorkloadSpec, base: Path | None = None, requests: int | None = None, duration: float | None = None
) -> Population:
    """The requests of a class.

    Args:
        spec: the class.
        base: folder that relative paths start from.
        requests: a trace is read up to this many.
        duration: a trace, or recorded times, are read up to this time, s.

    Raises:
        InputError: if a file is missing or wrong.
    """
    paths = [part.path for part in (spec.trace, spec.arrivals, spec.lengths) if getattr(part, "path", None)]  # type: ignore[union-attr]
    stamps = tuple(_stamp(path, base) for path in paths)
    is_read = spec.trace is not None or spec.is_finite
    limits = (requests, duration) if is_read else (None, None)
    return _population(_Key(spec), base, stamps, *limits)


class _Key:
    """A workload by what it says, since not all specs can be hashed."""

    def __init__(self, spec: WorkloadSpec) -> None:
        self.spec = spec
        self._text = spec.model_dump_json(include={"arrivals", "lengths", "trace"})

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._text == other._text


@lru_cache(maxsize=64)
def _population(
    key: _Key, base: Path | None, stamps: tuple[int, ...], requests: int | None, duration: float | None
) -> Population:
    spec = key.spec
    if spec.lengths is None:
        draws = spec.source(Streams(0), "rows", base)
        if duration is not None:
            draws = takewhile(lambda draw: draw[0] <= duration, draws)
        rows = np.array([draw[:3] for draw in islice(draws, requests)], float).reshape(-1, 3)
        if not len(rows):
            return alike(1, 1)
        weights = np.full(len(rows), 1 / len(rows))
        return Population(rows[:, 1], rows[:, 2], weights, True, _rate(rows[:, 0]))
    found = _of_law(spec.lengths, base, 0.0, 1.0) if spec.lengths.has_law else _drawn(spec.lengths, base)
    assert found is not None
    if not spec.is_finite:
        return found
    times = spec.arrivals.times(Streams(0).get("times"), base) if spec.arrivals is not None else iter(())
    if duration is not None:
        times = takewhile(lambda at: at <= duration, times)
    read = np.array(list(islice(times, requests)))
    return Population(found.prompts, found.outputs, found.weights, False, _rate(read), found.law, base)


def _drawn(lengths: LengthsSpec, base: Path | None) -> Population:
    """Many draws, where a kind of lengths has nothing better."""
    draws = lengths.draws(np.random.Generator(np.random.PCG64(SHUFFLE)), base)
    rows = np.array(list(islice(draws, DRAWS)), float)
    return Population(rows[:, 0], rows[:, 1], np.full(len(rows), 1 / len(rows)), True)


def _rate(times: Floats) -> float:
    span = float(times[-1] - times[0]) if len(times) else 0.0
    return (len(times) - 1) / span if span > 0 else 0.0


@lru_cache(maxsize=1)
def _lattice() -> tuple[Floats, Floats, Floats]:
    """Ranks, levels and weights on the unit square."""
    number = np.arange(POINTS)
    # Half a point off the corner, where the change of variables has weight 0 and tails are infinite.
    first, second = (number + 0.5) / POINTS, (number * GENERATOR % POINTS + 0.5) / POINTS
    weights = np.ones(POINTS)
    found = []
    for v in (first, second):
        found.append(v**3 * (10 - 15 * v + 6 * v * v))
        weights = weights * 30 * (v * (1 - v)) ** 2
    return found[0], found[1], weights / weights.sum()


def _of_law(law: LengthsSpec, base: Path | None, low: float, high: float) -> Population | None:
    """The requests whose prompts have these ranks."""
    if high <= low:
        return None
    ranks, levels, weights = _lattice()
    prompts, outputs = law.at(low + (high - low) * ranks, levels, base)
    if np.all(prompts == prompts[0]) and np.all(outputs == outputs[0]):
        prompts, outputs, weights = prompts[:1], outputs[:1], np.ones(1)
    return Population(prompts, outputs, weights, False, None, law, base, (low, high))


def _stamp(path: str, base: Path | None) -> int:
    """When a file was last changed; 0 for what is not there, which its reader will tell."""
    try:
        return expand(path, base).stat().st_mtime_ns
    except OSError:
        return 0
