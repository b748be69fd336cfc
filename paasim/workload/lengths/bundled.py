"""Lengths fitted to public traces, so that a scenario runs with nothing but the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import field_validator

from paasim.core.errors import did_you_mean
from paasim.core.paths import bundled
from paasim.workload.lengths.lengths import LengthsSpec
from paasim.workload.lengths.table import Floats, QuantileTable, read_table


def names() -> list[str]:
    """Names of the bundled fits, sorted."""
    return sorted(path.stem for path in bundled("profiles").joinpath("workloads").glob("*.csv"))


class BundledLengths(LengthsSpec):
    """Lengths fitted to a public trace (quantiles, with outputs given prompts), by name.

    Fitted, not the trace itself: arrivals and prefix sharing come from elsewhere in the scenario. The YAML beside
    each table names source and licence, and the rate, burstiness and prefix sharing of the trace.
    """

    kind: Literal["bundled"] = "bundled"
    name: str
    """Which fit, such as `mooncake-conversation`."""

    @field_validator("name")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if value not in names():
            raise ValueError(f"there is no bundled workload '{value}': {did_you_mean(value, names())}")
        return value

    def table(self) -> QuantileTable:
        """The quantiles."""
        return read_table(bundled("profiles") / "workloads" / f"{self.name}.csv")

    def columns(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[tuple[list[int], list[int]]]:
        """Chunks of lengths, without end."""
        return self.table().columns(rng)

    def at(self, ranks: Floats, levels: Floats, base: Path | None = None) -> tuple[Floats, Floats]:
        """Lengths at these ranks and levels of the table, tokens."""
        return self.table().at(ranks, levels)

    def rank(self, prompt: float, base: Path | None = None) -> float:
        """P(prompt length <= `prompt`)."""
        return self.table().rank(prompt)

    def means(self, base: Path | None = None) -> tuple[float, float]:
        """Mean lengths of the fit."""
        return self.table().means()

    def longest(self, base: Path | None = None) -> int | None:
        """The longest prompt of the trace."""
        return int(self.table().prompt[-1])

    def about(self) -> str:
        """A few words for `paasim scenario explain`."""
        return f"{super().about()} (fitted to {self.name})"
