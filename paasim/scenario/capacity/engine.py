"""An engine as the bounds see it: its steps, its limits and its policy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf

import numpy as np
import numpy.typing as npt

from paasim.engine.batching.one_at_a_time import OneAtATimeSpec
from paasim.engine.batching.policy import BatchingSpec
from paasim.profile.steps import StepTime
from paasim.scenario.capacity.load import Load
from paasim.scenario.capacity.tabulated import Tabulated, span
from paasim.scenario.ends import End
from paasim.scenario.engines import thermal_of
from paasim.scenario.parts import Parts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steps:
    """Step times of one engine at work without a rest: as hot as it gets. One object per profile, to key results by."""

    plain: StepTime
    windows: tuple[tuple[int, float], ...]
    prompt_factor: float
    decode_factor: float

    def prefill(self, new: float, q: float) -> float:
        """Seconds of a step of prompt tokens."""
        return self.prompt_factor * self.plain.prefill(new, q)  # type: ignore[arg-type]

    def alone(self, prompts: Floats, cached: Floats) -> Floats:
        """Seconds of prompts that each have a step of their own, their cached tokens left out."""
        if not cached.any():
            return _alone(self, span(float(prompts.max()))).at(prompts)
        pairs, where = np.unique(np.stack([prompts, cached]), axis=1, return_inverse=True)
        new = pairs[0] - pairs[1]
        times = [self.prefill(n, n * (c + n / 2)) for n, c in zip(new.tolist(), pairs[1].tolist(), strict=True)]
        return np.array(times)[where.reshape(-1)]

    def attended(self, context: float) -> float:
        """What a sequence of this context adds to S."""
        if not self.windows:
            return context
        return sum(share * (min(context, window) if window else context) for window, share in self.windows)

    def decode(self, batch: int, total: float) -> float:
        """Seconds of a decode step."""
        return self.decode_factor * self.plain.decode(batch, total)


@lru_cache(maxsize=1024)
def computed_alone(steps: Steps, load: Load) -> float:
    """Mean seconds of a prompt that has a step of its own."""
    return load.people.mean(steps.alone(load.people.prompts, load.cached))


@lru_cache(maxsize=256)
def _alone(steps: Steps, most: float) -> Tabulated:
    return Tabulated(lambda n: steps.prefill(n, n * n / 2), most)


@dataclass(frozen=True)
class Engine:
    """One server of a pool or fleet."""

    steps: Steps
    batching: BatchingSpec
    max_seqs: int
    blocks: float
    """KV memory in blocks; infinite where nothing limits it."""
    block: int
    """Tokens per block."""

    @property
    def takes_one(self) -> bool:
        """Whether prompts are computed one at a time."""
        return isinstance(self.batching, OneAtATimeSpec) or self.max_seqs == 1

    def blocks_of(self, tokens: Floats) -> Floats:
        """Blocks that sequences take, as if every token count up to a block were equally likely beyond whole ones."""
        return (tokens + (self.block - 1) / 2) / self.block

    def fits(self, load: Load) -> Floats:
        """1 for requests that its memory could hold at all, 0 for those that are dropped."""
        room = self.blocks * self.block
        return (load.people.prompts + load.people.outputs <= room).astype(float)


def engine_of(parts: Parts, end: End) -> Engine:
    """The engine at an end.

    Raises:
        InputError: if its profile does not say how it slows down as it gets warm, and should.
    """
    tokens = parts.memory_tokens(end)
    block = end.spec.block_tokens
    profile, model = parts.profiles[end.name], parts.models[end.name]
    thermal = thermal_of(end.spec, profile)
    hot = (1.0, 1.0) if thermal is None else (thermal.prefill[1], thermal.decode[1])
    plain = all(window == 0 for window, _ in model.windows)  # as the engine takes it
    return Engine(
        _steps(parts.steps(end.name), () if plain else tuple(model.windows), *hot),
        end.spec.batching_or_default(),
        parts.most_slots(end),
        inf if tokens == inf else tokens // block,
        block,
    )


@lru_cache(maxsize=256)
def _steps(plain: StepTime, windows: tuple[tuple[int, float], ...], prompt: float, decode: float) -> Steps:
    return Steps(plain, windows, prompt, decode)
