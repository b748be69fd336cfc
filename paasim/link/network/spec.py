"""A network as it is stored: fitted capacity processes, where they come from, and how near they come.

Rates are in Mbit/s and times in seconds; lengths of outages are counted in steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from paasim.core.spec import Spec
from paasim.core.units import TIME, Duration, PositiveDuration
from paasim.link.network.law import Law, Outages, Part
from paasim.link.network.statistics import Statistics

MBPS = 1e6 / 8
"""Bytes per second."""


class PartSpec(Spec):
    """A part of the Gaussian process behind the rate."""

    time: PositiveDuration
    """Time constant."""
    share: float = Field(gt=0, le=1)
    """Share of the variance."""
    order: Literal[1, 2] = 1
    """1: autoregressive of order one; 2: two of them one behind the other, which is smoother."""


class OutagesSpec(Spec):
    """Outages, in turn with times between them; equally probable lengths, in steps."""

    up: list[float] = Field(min_length=1)
    """Lengths of the times between outages."""
    down: list[float] = Field(min_length=1)
    """Lengths of outages."""
    mbps: list[float] = Field(min_length=1)
    """Quantiles of the rate in outages, at `probabilities`, or the one rate that it always is."""

    @model_validator(mode="after")
    def _whole_steps(self) -> OutagesSpec:
        if min(*self.up, *self.down) < 1:
            raise ValueError("'up' and 'down' are lengths of one step or more")
        return self


class Fit(Spec):
    """How near the process comes to what it was fitted to."""

    traces: Statistics
    """Statistics of the traces."""
    process: Statistics
    """Statistics of the process, simulated."""


class ProcessSpec(Spec):
    """One direction: the law of its rate over time (`paasim.link.network.law`)."""

    step: PositiveDuration | None = None
    """Time for which a rate holds; none: for ever."""
    probabilities: list[float] = Field(min_length=2)
    """From 0 to 1, rising."""
    mbps: list[float]
    """Quantiles of the rate at `probabilities`, outside outages."""
    level: float = Field(default=0.0, ge=0, le=1)
    """Share of the variance of the Gaussian process that is drawn once per link or device and stays."""
    parts: list[PartSpec] = Field(default_factory=list)
    """What changes; the shares and `level` add up to one."""
    outage_below: float = Field(default=0.1, ge=0)
    """Rates below it, in Mbit/s, counted as outages."""
    outages: OutagesSpec | None = None
    """Outages; none: there are none."""
    fit: Fit | None = None
    """Statistics of the traces and of the process, side by side."""

    @model_validator(mode="after")
    def _is_a_law(self) -> ProcessSpec:
        grid = self.probabilities
        if grid[0] != 0 or grid[-1] != 1 or any(b <= a for a, b in pairwise(grid)):
            raise ValueError("'probabilities' must rise from 0 to 1")
        for name, values in (("mbps", self.mbps), ("outages.mbps", self._outage_mbps())):
            if len(values) != len(grid) or values[0] < 0 or any(b < a for a, b in pairwise(values)):
                raise ValueError(f"'{name}' needs a rate of zero or more for each of 'probabilities', not falling")
        if not self.mbps[-1]:
            raise ValueError("'mbps' is zero throughout: nothing would ever pass")
        if abs(self.level + sum(part.share for part in self.parts) - 1) > 1e-3:
            raise ValueError("'level' and the shares of 'parts' must add up to 1")
        if self.step is None and (self.parts or self.outages):
            raise ValueError("a rate that changes needs 'step'")
        return self

    def _outage_mbps(self) -> list[float]:
        given = [0.0] if self.outages is None else self.outages.mbps
        return given * len(self.probabilities) if len(given) == 1 else given

    def law(self) -> Law:
        """The law, in bytes and seconds."""
        return self._law

    @cached_property
    def _law(self) -> Law:
        """One for all links and devices that follow the process."""
        outages = self.outages
        return Law(
            step=math.inf if self.step is None else self.step,
            grid=tuple(self.probabilities),
            rates=tuple(rate * MBPS for rate in self.mbps),
            level=self.level,
            parts=tuple(Part(part.time, part.share, part.order) for part in self.parts),
            outages=None if outages is None else Outages(tuple(outages.up), tuple(outages.down)),
            low=() if outages is None else tuple(rate * MBPS for rate in self._outage_mbps()),
        )

    @property
    def mean(self) -> float:
        """Mean rate, bytes/s."""
        return self.law().mean


def stored(law: Law, threshold: float, fit: Fit | None) -> ProcessSpec:
    """A law as it is stored.

    Args:
        law: the law.
        threshold: bytes/s below which rates counted as outages.
        fit: the statistics that go with it.
    """
    steady = not math.isfinite(law.step)
    given: dict[str, object] = {} if steady else {"step": TIME.format(law.step)}
    given |= {"probabilities": list(law.grid), "mbps": _mbps(law.rates), "level": law.level, "fit": fit}
    given["parts"] = [{"time": TIME.format(part.time), "share": part.share, "order": part.order} for part in law.parts]
    given["outage_below"] = float(f"{threshold / MBPS:.6g}")
    if law.outages is not None:
        low = _mbps(law.low)
        given["outages"] = {
            "up": law.outages.up,
            "down": law.outages.down,
            "mbps": low if low[-1] > low[0] else low[:1],
        }
    return ProcessSpec.model_validate(given)


def _mbps(rates: Sequence[float]) -> list[float]:
    return [float(f"{rate / MBPS:.4g}") for rate in rates]


class RoundTrips(Spec):
    """Measured round trips of the same source."""

    p10: Duration
    p50: Duration
    p90: Duration
    p99: Duration
    number: int = Field(ge=1)
    """How many were measured."""


class NetworkSpec(Spec):
    """A kind of network."""

    id: str
    """Its name."""
    title: str = ""
    """What it is, in a few words."""
    provenance: Literal["fitted", "estimated"] = "estimated"
    """`fitted` to measured traces; `estimated` where the source is not known."""
    source: str = ""
    """Who measured it, and where that can be had."""
    licence: str = ""
    """Licence of the traces; they are not part of this file, only what was fitted to them."""
    date: str = ""
    """When it was measured."""
    method: str = ""
    """How it was fitted."""
    note: str = ""
    """What to know about it."""
    files: list[str] = Field(default_factory=list)
    """The files that it was fitted to."""
    down: ProcessSpec
    """Towards the device; on a link, forward."""
    up: ProcessSpec | None = None
    """From the device; on a link, backward. None where it was not measured."""
    round_trips: RoundTrips | None = None
    """Round trips, where the source has them."""

    @model_validator(mode="after")
    def _sourced(self) -> NetworkSpec:
        if self.provenance == "fitted" and not self.source:
            raise ValueError("'fitted' needs a 'source'; without one it is 'estimated'")
        return self

    def process(self, direction: str) -> ProcessSpec:
        """The process of one direction, `down` or `up`.

        Raises:
            ValueError: if it was not measured.
        """
        found = self.down if direction == "down" else self.up
        if found is None:
            raise ValueError(f"network '{self.id}' has no process of the uplink; use its 'down', or a bandwidth")
        return found
