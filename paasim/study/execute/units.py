"""A unit of work: one replication of one variant. It depends on nothing but itself, whoever does it and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paasim.metrics.replication import Replication, measure
from paasim.metrics.slo import Limits
from paasim.metrics.warmup import Warmup
from paasim.scenario.run import Share
from paasim.scenario.scenario import Scenario


@dataclass(frozen=True)
class Unit:
    """One replication of one variant."""

    variant: str
    scenario: Scenario
    replication: int

    @property
    def label(self) -> str:
        """For people, counted from 1."""
        return f"{self.variant} #{self.replication + 1}"


def work(unit: Unit) -> Replication:
    """Simulate and measure one unit."""
    from paasim.simulate import simulate_once

    records = simulate_once(unit.scenario, unit.replication)
    return measure(records, warmup_of(unit.scenario), limits_of(unit.scenario, records.classes))


def warmup_of(scenario: Scenario) -> Warmup:
    """The scenario's warm-up as the metrics understand it."""
    asked = scenario.run.warmup
    if asked == "auto":
        return Warmup(auto=True)
    return Warmup(share=float(asked)) if isinstance(asked, Share) else Warmup(duration=float(asked))


def limits_of(scenario: Scenario, classes: Sequence[str]) -> list[Limits]:
    """Latency limits by request class: a class's own, else the scenario's."""

    def limits(name: str) -> Limits:
        own = scenario.classes[name].slo if name in scenario.classes else None
        slo = own or scenario.slo
        return {key: most for key in ("ttft", "tpot", "e2el") if (most := getattr(slo, key)) is not None}

    return [limits(name) for name in classes]
