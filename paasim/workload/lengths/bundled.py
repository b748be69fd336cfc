"""Lengths fitted to public traces, so that a scenario runs with nothing but the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import field_validator

from paasim.core.errors import did_you_mean
from paasim.core.paths import bundled
from paasim.workload.lengths.quantiles import QuantileLengths
from paasim.workload.lengths.table import QuantileTable, read_table


def names() -> list[str]:
    """Names of the bundled fits, sorted."""
    return sorted(path.stem for path in bundled("profiles").joinpath("workloads").glob("*.csv"))


class BundledLengths(QuantileLengths):
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

    def quantiles(self, base: Path | None = None) -> QuantileTable:
        """The quantiles of the fit."""
        return read_table(bundled("profiles") / "workloads" / f"{self.name}.csv")

    def about(self) -> str:
        """A few words for `paasim scenario explain`."""
        return f"{super().about()} (fitted to {self.name})"
