"""KV throughput of prefill: the bandwidth that one engine fills while it computes prompts of one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from paasim.scenario.capacity.engine import engine_of
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario


@dataclass(frozen=True)
class KvThroughput:
    """One prompt length on one route: Φ_kv(l) = S_kv(l) / T_prefill(l) (arXiv 2604.15039, equation 1)."""

    route: str
    prompt: int
    size: float
    """Bytes on the wire."""
    seconds: float
    """Prefill of a prompt that has a step of its own."""

    @property
    def bits(self) -> float:
        """Bits/s that one instance, computing one such prompt after the other, has to send."""
        return 8 * self.size / self.seconds if self.seconds else 0.0


def throughputs(scenario: Scenario, parts: Parts, prompts: Sequence[int]) -> Iterator[KvThroughput]:
    """KV throughput of every route that sends caches, at every prompt length."""
    for name, route in scenario.routes.items():
        if not route.ships_kv:
            continue
        end, model = parts.ends[route.prefill], parts.models[route.prefill]
        lengths = np.array(prompts, float)
        times = engine_of(parts, end).steps.alone(lengths, 0 * lengths) if len(lengths) else lengths
        for prompt, seconds in zip(prompts, times.tolist(), strict=True):
            yield KvThroughput(name, prompt, route.kv.wire_bytes(model.sent_bytes(prompt), model.kv_dtype), seconds)
