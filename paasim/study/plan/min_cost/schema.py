"""The contract of `plan.json` of a plan for least cost, version 1: fields are added, never renamed or removed.

Times are seconds, rates per second, costs dollars per hour. What does not exist is null or absent, never NaN.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from paasim.core.spec import Spec, document_schema

SCHEMA_VERSION: Literal[1] = 1

Fate = Literal["chosen", "costlier", "missed", "unconfirmed", "dominated", "overloaded", "slow", "unfit"]
"""What became of a candidate: `costlier` than the chosen one, or as costly and later in order; it `missed` a limit in
simulation, or kept all in the search and is `unconfirmed` on fresh replications; it is `dominated` by one that missed
and has no less; by an estimate it would be `overloaded`, or too `slow` for a lone prompt; its options are `unfit` for
each other."""


class Cost(Spec):
    """Dollars per hour, before any run."""

    per_hour: float
    servers: dict[str, float]
    """By pool and fleet."""
    rent: dict[str, float]
    """Of bandwidth, by link."""
    egress: dict[str, float]
    """Of the KV caches that are sent, by link; expected."""


class Kept(Spec):
    """A limit and what came of it."""

    objective: str
    """As `--slo` takes it."""
    name: str
    """`p99 TTFT ≤ 4 s`."""
    limit: float
    value: float | None
    """Mean over replications of the completed requests; null if nothing was measured, or it is an odd percentile."""
    ci95: tuple[float, float] | None
    """Student's interval over replications; null for fewer than two, or where all came to the same."""
    met: bool
    """Of a percentile: judged by the share of requests that keep the limit, lost ones counted as late."""


class Simulated(Spec):
    """A candidate that was simulated."""

    label: str
    options: dict[str, str]
    """Axis, as short as can be, -> the option on it."""
    changes: dict[str, Any]
    """Path -> value of what it sets."""
    fate: Fate
    reason: str
    cost: Cost
    replications: int
    """That the figures below are over."""
    confirmed: bool
    """Whether these are fresh ones, which the search has not seen."""
    objectives: list[Kept]
    ttft_p99: float | None
    tpot_p99: float | None
    requests_per_s: float
    goodput_per_s: float | None
    """Null where the scenario sets no limits per request."""
    simulated_cost_per_hour: float | None
    """What runs came to, with the bytes that were sent and without rent; null without a price."""
    bottleneck: str | None
    """The resource with the highest load."""
    bottleneck_load: float | None
    steady_state: bool
    on_front: bool
    """Whether no other simulated candidate is cheaper, faster at p99 TTFT and serves more."""


class Nearest(Spec):
    """Of an infeasible plan: the candidate that misses by least, and what would help."""

    candidate: Simulated
    remedy: list[str]
    """Sentences."""
    needs: dict[str, str | int]
    """Path -> value beyond the space with which it would do; empty if no amount would."""
    needs_per_hour: float | None
    """What that costs."""


class Plan(Spec):
    """`plan.json`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    kind: Literal["min-cost"] = "min-cost"
    paasim_version: str
    name: str
    """Of the scenario."""
    seed: int
    load: float
    """Times the scenario's load."""
    offered_per_s: float | None
    """Requests per second; null in a closed loop."""
    objectives: list[str]
    price_source: str
    axes: dict[str, list[str]]
    """Axis -> its options."""
    candidates: int
    fates: dict[Fate, int]
    """How many candidates came to what."""
    replications: int
    """Simulated in all: search, confirmation and, of an infeasible plan, tries beyond the space."""
    replications_each: int
    """That a candidate takes at most in the search; a full enumeration takes so many for each."""
    feasible: bool
    chosen: Simulated | None
    """Null if infeasible."""
    nearest: Nearest | None
    """Null if feasible, or if no candidate could be simulated."""
    simulated: list[Simulated]
    """The cheapest first."""
    warnings: list[str] = Field(default_factory=list)


def plan_schema() -> dict[str, Any]:
    """The JSON schema of `plan.json`."""
    return document_schema(Plan, "paasim plan for least cost")
