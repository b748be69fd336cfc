"""The contract of `plan.json` and of `paasim plan --json`, version 1. Fields are added, never renamed or removed.

Times are seconds, rates per second. What does not exist is null or absent, never NaN.
"""

from __future__ import annotations

from typing import Any, Literal

from paasim.core.spec import Spec, document_schema
from paasim.results.schema import Interval

Unit = Literal["requests/s", "users", "times the load"]
"""Of loads: users in closed loops; multiples of the scenario's own load where it has both users and open arrivals."""


class Goal(Spec):
    """An objective."""

    key: str
    """As `--slo` takes it."""
    text: str
    """For people."""
    metric: str
    """`ttft`, ..., or `attainment`."""
    statistic: str
    """`mean`, `p99`, ..., or `attainment`."""
    limit: float
    """s; of attainment, the least share."""


class Measure(Spec):
    """An objective at one load, over the replications there."""

    value: float | None
    """The statistic, mean over replications, s (of attainment, the share); null where it is not kept, as of a p97."""
    kept: float | None
    """Share of the requests within the limit; null for a mean."""
    margin: float
    """How far inside, relative: 0.2 is 20 % below the limit, or 20 % fewer misses than are allowed."""


class LoadRow(Spec):
    """A load that was measured."""

    factor: float
    """Times the scenario's own load."""
    load: float
    """In the unit of the plan."""
    replications: int
    requests: int
    """In each replication."""
    fresh: bool
    """Whether these replications took no part in finding the load: those that confirm it."""
    measures: list[Measure]
    """One per objective."""
    steady: bool
    met: bool
    bottleneck: str | None


class Maximum(Spec):
    """The most load within the objectives."""

    load: float
    """In the unit of the plan; of users, the most whole ones that keep the objectives."""
    factor: float
    """Times the scenario's own load."""
    interval: Interval | None
    """95 % interval of the load; null where every replication meets the same recorded requests, and where queues
    grow before an objective is missed."""
    between: Interval | None
    """The loads, with and without success, between which the search ended."""
    precision: float | None
    """Half the width of the interval over the load."""
    requests_per_s: float
    """What was carried there, by simulation."""
    limited_by: str
    """The objective that ends it, as `--slo` takes it, or `steady state`."""
    drift: float
    """By how much it would look higher in runs of half the length, relative; 0 where it would not."""


class BottleneckRow(Spec):
    """What is full first at the maximum."""

    name: str
    load: float
    """How near to its limit in the simulation, 0 to 1."""
    bound: float | None
    """Utilisation by the capacity bounds at the same load."""
    bound_first: str | None
    """What the bounds expect to be full first."""
    capacity: float | None
    """The load, in the unit of the plan, at which that is full by the bounds."""


class ReliefRow(Spec):
    """What more of one thing would buy."""

    label: str
    changes: list[str]
    """As `--set` takes them."""
    gain: float
    """By how much the maximum load rises, relative."""
    price_per_hour: float | None
    """$; null where it is not known."""
    gain_per_dollar: float | None
    """Gain per $/h; null where the price is not known, or zero."""


class RemedyRow(Spec):
    """What would make an infeasible plan feasible, or is not enough."""

    label: str
    changes: list[str]
    feasible: bool


class InfeasibleRow(Spec):
    """Why no load is low enough."""

    load: float
    """Next to no load, in the unit of the plan; what is said here holds there."""
    measures: list[Measure]
    ttft_parts: dict[str, float]
    """Mean parts of TTFT, s, the largest first."""
    dropped: dict[str, int]
    """Requests that are dropped, by reason."""
    remedies: list[RemedyRow]


class PlanDocument(Spec):
    """`plan.json` of `paasim plan --max-rate`."""

    schema_version: Literal[1] = 1
    paasim_version: str
    goal: Literal["max-rate"] = "max-rate"
    scenario: dict[str, Any]
    """With every default filled in, at its own load."""
    seed: int
    objectives: list[Goal]
    unit: Unit
    offered: float
    """The scenario's own load, in the unit of the plan."""
    status: Literal["feasible", "infeasible", "open-ended"]
    """`open-ended`: no load that was tried is too much."""
    maximum: Maximum | None
    bottleneck: BottleneckRow | None
    reliefs: list[ReliefRow]
    """The best first: by gain per $ where all prices are known, else by gain."""
    infeasible: InfeasibleRow | None
    loads: list[LoadRow]
    """Every load that was measured, ascending."""
    simulations: int
    """Replications, all in all."""
    simulated_requests: int
    warnings: list[str]


def plan_schema() -> dict[str, Any]:
    """The JSON schema of `plan.json`."""
    return document_schema(PlanDocument, "paasim plan")
