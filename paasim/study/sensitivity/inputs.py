"""An input: something in a scenario that may be otherwise, how far, and how that is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal

WIDE = 10.0
"""Ratio of the ends of a range from which it is walked by factors (on a logarithmic scale), not by steps."""

Write = Callable[[float], str]
"""From a value of the input to a `path=value` text, as `--set` takes it."""


@dataclass(frozen=True)
class Setting:
    """One place of the scenario that an input changes."""

    path: str
    """As `--set` takes it."""
    write: Write
    """The text of a value, without the path."""

    def change(self, value: float) -> str:
        """The `path=value` text."""
        return f"{self.path}={self.write(value)}"


@dataclass(frozen=True)
class Input:
    """Something that may be otherwise than the scenario says.

    Its values are factors on what the scenario says, or, where a user gave the ends, values as written there.
    """

    name: str
    low: float
    high: float
    settings: Sequence[Setting]
    why: str
    """Where the range comes from."""
    kind: Literal["input", "profile error"] = "input"
    is_factor: bool = True
    unit: str = ""
    """Of values that are no factors, as the user wrote it."""

    @property
    def is_logarithmic(self) -> bool:
        """Whether equal steps are equal factors."""
        return self.low > 0 and self.high / self.low >= WIDE

    def at(self, share: float) -> float:
        """The value at a share of the way from `low` to `high`."""
        if self.is_logarithmic:
            return exp(log(self.low) + share * (log(self.high) - log(self.low)))
        return self.low + share * (self.high - self.low)

    def changes(self, value: float) -> list[str]:
        """What makes a scenario have that value, as `--set` texts."""
        return [setting.change(value) for setting in self.settings]

    def words(self, value: float) -> str:
        """A value as people read it: `−20 %`, `25 Gbps`."""
        return factor_words(value) if self.is_factor else f"{value:.4g} {self.unit}".rstrip()


def factor_words(value: float) -> str:
    """A factor as people read it: `−20 %`, or `×0.5` where that is large."""
    if not 0.55 < value < 1.8:
        return f"×{value:.3g}"
    return f"{'+' if value >= 1 else '−'}{abs(value - 1) * 100:.3g} %"
