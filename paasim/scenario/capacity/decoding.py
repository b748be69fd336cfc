"""Decoding at the largest batch that an engine can keep up: by its slots and by its KV memory.

At full load an engine holds B sequences at every step, so that a request takes (steps · time of a step) / B of it. A
step meets each sequence somewhere on its way: contexts are weighted by the steps that are made at them. S, their sum,
varies from step to step; the mean step time is taken over a gamma law of the same mean and variance, which is exact
where the time is linear in S. One sequence at a time is summed step by step instead.

Memory, by Little's law: B · mean blocks while decoding, and the blocks of caches that are on their way here, for which
room is reserved, must fit. Left out: what is preempted where memory overflows for a while, so that an engine that
memory limits carries somewhat less than this (`work.py` lets it work step by step then).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf

import numpy as np
import numpy.typing as npt

from paasim.scenario.capacity.engine import Engine, Steps
from paasim.scenario.capacity.load import Load
from paasim.scenario.capacity.tabulated import Tabulated, span

Floats = npt.NDArray[np.float64]

LEVELS = 16
"""Equally likely values that stand for the law of S."""


@dataclass(frozen=True)
class Rhythm:
    """The decode steps of all requests at one engine, per request of the scenario."""

    steps: float
    """Decode steps."""
    attended: float
    """Mean attended context of a step and sequence."""
    variance: float
    """Its variance."""
    block_steps: float
    """Blocks times steps."""


@dataclass(frozen=True)
class Full:
    """An engine that decodes as much as it can."""

    batch: float
    """Mean sequences in a step."""
    seconds: float
    """Seconds of the engine per request of the scenario."""
    by_memory: bool
    """Whether memory, not slots, limits the batch."""
    coming: float = 0.0
    """Blocks that are reserved, where memory limits, for caches that are on their way."""


def rhythm(engine: Engine, loads: Sequence[Load]) -> Rhythm:
    """The decode steps that requests ask for."""
    steps = first = second = blocks = 0.0
    for load in loads:
        weights, terms, begin = load.weight * load.people.weights, load.steps, load.first_context
        context, square = _moments(engine.steps, span(float((begin + terms).max())))
        steps += float(weights @ terms)
        first += float(weights @ context.sums(begin, terms))
        second += float(weights @ square.sums(begin, terms))
        # The mean of the contexts, and half a block that is not full.
        blocks += float(weights @ (terms * engine.blocks_of(begin + (terms - 1) / 2)))
    mean = first / steps if steps else 0.0
    return Rhythm(steps, mean, max(second / steps - mean * mean, 0.0) if steps else 0.0, blocks)


@lru_cache(maxsize=1024)
def alone(steps: Steps, load: Load) -> float:
    """Mean seconds of decoding a request of its own."""
    begin, terms = load.first_context, load.steps
    curve = _lone(steps, span(float((begin + terms).max())))
    return load.people.mean(curve.sums(begin, terms))


@lru_cache(maxsize=1024)
def full(engine: Engine, loads: tuple[Load, ...]) -> Full:
    """The engine at the largest batch, for requests that are decoded here and nothing else is done."""
    asked = rhythm(engine, loads)
    if not asked.steps:
        return Full(0.0, 0.0, False)
    slots = engine.max_seqs
    coming = sum(load.weight * load.people.mean(engine.blocks_of(load.people.prompts)) * load.hold for load in loads)

    own = asked.block_steps / asked.steps

    def blocks(batch: int) -> float:
        """Blocks in use at this batch."""
        return batch * own + coming * batch / (asked.steps * step_time(engine.steps, batch, asked))

    if engine.blocks == inf or blocks(slots) <= engine.blocks:
        return Full(slots, _seconds(engine, loads, slots, asked), False)
    low, high = 1, slots
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if blocks(middle) <= engine.blocks else (low, middle)
    if high == 1:
        return Full(1, _seconds(engine, loads, 1, asked), True)
    # Between the last batch that fits and the first that does not, by the share of time that each may have.
    part = min(max((engine.blocks - blocks(low)) / (blocks(high) - blocks(low)), 0.0), 1.0)
    rates = [1.0 / _seconds(engine, loads, batch, asked) for batch in (low, high)]
    batch = low + part
    return Full(batch, 1.0 / (rates[0] + part * (rates[1] - rates[0])), True, max(engine.blocks - batch * own, 0.0))


def step_time(steps: Steps, batch: int, asked: Rhythm) -> float:
    """Mean seconds of a step of `batch` sequences."""
    mean, variance = batch * asked.attended, batch * asked.variance
    if variance <= 1e-6 * mean * mean:
        return steps.decode(batch, mean)
    shape = mean * mean / variance
    return sum(steps.decode(batch, mean * level) for level in _gamma(round(shape, 3))) / LEVELS


def _seconds(engine: Engine, loads: Sequence[Load], batch: int, asked: Rhythm) -> float:
    if batch == 1:
        return sum(load.weight * alone(engine.steps, load) for load in loads)
    return asked.steps * step_time(engine.steps, batch, asked) / batch


@lru_cache(maxsize=4096)
def _gamma(shape: float) -> tuple[float, ...]:
    """Equally likely values of a gamma law of mean 1, each the mean of its part of it."""
    from scipy.special import gammainc, gammaincinv

    # The mean over a part of the law of shape k is the probability of the part under shape k + 1.
    cuts = gammaincinv(shape, np.arange(LEVELS + 1) / LEVELS)
    return tuple((LEVELS * np.diff(gammainc(shape + 1.0, cuts))).tolist())


@lru_cache(maxsize=256)
def _moments(steps: Steps, most: float) -> tuple[Tabulated, Tabulated]:
    return Tabulated(steps.attended, most), Tabulated(lambda context: steps.attended(context) ** 2, most)


@lru_cache(maxsize=256)
def _lone(steps: Steps, most: float) -> Tabulated:
    return Tabulated(lambda context: steps.decode(1, steps.attended(context)), most)
