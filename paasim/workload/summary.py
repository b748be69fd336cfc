"""What a trace is like: rate, burstiness, lengths, and how much of its prompts begins like earlier ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from paasim.workload.draw import Draw

PERCENTILES = (5, 25, 50, 75, 90, 95, 99)


@dataclass
class Sharing:
    """How prefix blocks repeat, with a cache that forgets nothing."""

    block_references: int = 0
    """Blocks of all prompts."""
    distinct_blocks: int = 0
    """Different ones."""
    hit_blocks: int = 0
    """Blocks at the head of prompts that were seen before: what an endless prefix cache would save."""
    seen: set[int] = field(default_factory=set, repr=False)

    def add(self, blocks: Iterable[int]) -> None:
        """Count one prompt."""
        at_head = True
        for block in blocks:
            self.block_references += 1
            if block in self.seen:
                self.hit_blocks += at_head
            else:
                at_head = False
                self.seen.add(block)
        self.distinct_blocks = len(self.seen)

    @property
    def repeated_share(self) -> float:
        """Share of block references that repeat an earlier one."""
        return 1 - self.distinct_blocks / self.block_references if self.block_references else 0.0

    @property
    def hit_share(self) -> float:
        """Share of block references that an endless prefix cache would hit."""
        return self.hit_blocks / self.block_references if self.block_references else 0.0


@dataclass(frozen=True)
class Summary:
    """Figures of a trace; times in seconds, lengths in tokens."""

    requests: int
    duration: float
    """From the first to the last arrival."""
    rate: float | None
    """Arrivals per second; None for fewer than two."""
    cv: float | None
    """Coefficient of variation of the gaps between arrivals: 1 for Poisson, more for bursts."""
    prompt: dict[str, float]
    """Mean, min, percentiles, max."""
    output: dict[str, float]
    rank_correlation: float | None
    """Spearman's, between prompt and output lengths."""
    sharing: dict[str, float] | None
    """None where the trace has no prefixes."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def summarise(draws: Iterable[Draw], block_tokens: int | None = None) -> Summary:
    """Read a trace once and sum it up; prefixes are counted where there are some."""
    times, prompts, outputs, sharing = [], [], [], Sharing()
    for arrival, prompt, output, blocks in draws:
        times.append(arrival)
        prompts.append(prompt)
        outputs.append(output)
        if blocks is not None:
            sharing.add(blocks)
    gaps = np.diff(times)
    mean_gap = float(gaps.mean()) if len(gaps) else 0.0
    prefixes = {
        "block_tokens": float(block_tokens or 0),
        "block_references": float(sharing.block_references),
        "distinct_blocks": float(sharing.distinct_blocks),
        "repeated_share": sharing.repeated_share,
        "hit_share": sharing.hit_share,
    }
    return Summary(
        requests=len(times),
        duration=times[-1] - times[0] if times else 0.0,
        rate=1 / mean_gap if mean_gap else None,
        cv=float(gaps.std() / mean_gap) if mean_gap else None,
        prompt=_lengths(prompts),
        output=_lengths(outputs),
        rank_correlation=rank_correlation(prompts, outputs),
        sharing=prefixes if sharing.block_references else None,
    )


def _lengths(tokens: list[int]) -> dict[str, float]:
    values = np.asarray(tokens, dtype=float)
    points = {f"p{q}": float(np.percentile(values, q)) for q in PERCENTILES}
    return {"mean": float(values.mean()), "min": float(values.min()), **points, "max": float(values.max())}


def rank_correlation(prompts: list[int], outputs: list[int]) -> float | None:
    """Spearman's rank correlation, None where one of the two never varies."""
    if len(set(prompts)) < 2 or len(set(outputs)) < 2:
        return None
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(prompts), rankdata(outputs))[0, 1])
