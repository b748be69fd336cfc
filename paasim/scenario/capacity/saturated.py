"""What an engine can carry that packs prompts into steps, or computes and decodes at once: by letting it work.

A backlog of the real lengths is worked off step by step (`backlog.py`), all rows of a trace that only computes prompts,
else enough requests, and the result is corrected by what those asked for beside what all ask for on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle

import numpy as np

from paasim.scenario.capacity.backlog import Backlog, Tally
from paasim.scenario.capacity.decoding import rhythm, step_time
from paasim.scenario.capacity.engine import Engine
from paasim.scenario.capacity.load import Load
from paasim.workload.population import GOLDEN, sequence

PROMPTS = 20_000
"""Requests that are looked at where only prompts are computed."""
TURNS = 2_048
"""The same where they decode as well, which takes more steps."""
FEW = 512
"""The same where all are alike."""
OVERLOAD = 1.3
"""How much faster than an engine works requests come, while it fills up."""


@dataclass(frozen=True)
class Packed:
    """What an engine makes of an endless backlog, per request that passes it."""

    seconds: float
    batch: float
    """Mean decoding sequences."""
    tokens: float
    """Mean prompt tokens of a step that has any."""
    block_seconds: float
    """Blocks times seconds that prompts take while they are computed."""


@lru_cache(maxsize=512)
def packed(engine: Engine, loads: tuple[Load, ...]) -> Packed:
    """Seconds of the engine per request that passes it, at full load.

    The mean over the requests looked at is corrected by what they ask for beside what all of them ask for on average
    (a ratio estimator), so that the result follows the whole law of lengths.
    """
    turns = _turns(engine, loads)
    if not any(load.computes for load in loads):  # what ends with its first token never comes here
        turns = [turn for turn in turns if turn[2] > (0 if loads[turn[0]].decode_first else 1)]
    if not turns:
        return Packed(0.0, 0.0, 0.0, 0.0)
    seen = _seen(engine, loads, turns, 0.0)
    if seen.time and len(turns) == FEW and seen.sequence_seconds:
        # Requests that are all alike stay together for ever once they have met, so that it matters how they began.
        seen = _seen(engine, loads, turns, OVERLOAD * seen.admitted / seen.time)
    if not seen.time:
        return Packed(0.0, 0.0, 0.0, 0.0)  # an engine that takes no time
    batch = seen.sequence_seconds / seen.time
    step = 0.0
    if batch > 0.0:
        step = step_time(engine.steps, max(round(batch), 1), rhythm(engine, loads)) / batch
    total = sum(load.weight for load in loads)
    asked = sum(load.weight / total * _asked(engine, load, step) for load in loads)
    admitted = (seen.prompt_seconds + step * seen.decode_steps) / seen.admitted
    return Packed(
        seen.time / seen.admitted * (asked / admitted if admitted else 1.0),
        batch,
        seen.prompt_tokens / seen.prompt_steps if seen.prompt_steps else 0.0,
        seen.block_seconds / seen.admitted,
    )


def _seen(engine: Engine, loads: Sequence[Load], turns: Sequence[tuple[int, int, int]], rate: float) -> Tally:
    """What an engine does whose queue is endless from the start, or fills at a rate at first."""
    backlog = Backlog(engine, loads, turns, rate)
    backlog.warm_up()
    return backlog.measure(len(turns))


def _asked(engine: Engine, load: Load, step: float) -> float:
    """Mean work of a request: its prompt alone, and its decode steps at so many seconds each."""
    fits = engine.fits(load)
    if not fits.any():
        return 0.0
    values = np.zeros_like(fits)
    if load.computes:
        values = values + engine.steps.alone(load.people.prompts, load.cached)
    if load.decodes:
        values = values + step * load.steps
    return load.people.mean(fits * values) / load.people.mean(fits)


def _turns(engine: Engine, loads: Sequence[Load]) -> list[tuple[int, int, int]]:
    """(load, prompt, output) of the requests in turn, each load as often as its weight says."""
    decodes, alike = any(load.decodes for load in loads), all(len(load.people.prompts) == 1 for load in loads)
    most = FEW if alike else TURNS if decodes else PROMPTS
    shares = np.cumsum([load.weight for load in loads])
    each = []
    for load in loads:
        part = max(round(most * load.weight / shares[-1]), 1)
        count = min(part, len(load.people.prompts)) if load.people.rows else min(part, TURNS)
        room = engine.blocks * engine.block
        each.append([row for row in sequence(load.people, count) if sum(row) <= room])
    if len(loads) == 1:
        return [(0, *row) for row in each[0]]
    lines = [cycle(rows) for rows in each]
    length = min(sum(map(len, each)) * 2, most)
    which = np.searchsorted(shares, np.arange(length) * GOLDEN % 1.0 * shares[-1], side="right").tolist()
    return [(one, *next(lines[one])) for one in which if each[one]]
