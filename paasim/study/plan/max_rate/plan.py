"""`paasim plan --max-rate`: the most load within objectives, what limits it, and what would relieve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

from paasim.results.manifest import version
from paasim.scenario.scenario import Scenario
from paasim.study.plan.load import at_load, of_length, offered_rate, users
from paasim.study.plan.max_rate import schema as document
from paasim.study.plan.max_rate.bench import Trial
from paasim.study.plan.max_rate.bottleneck import bottleneck
from paasim.study.plan.max_rate.bounds import bounds
from paasim.study.plan.max_rate.find import Found, Settings, find
from paasim.study.plan.max_rate.infeasible import infeasible
from paasim.study.plan.max_rate.relief import Relief, reliefs
from paasim.study.plan.max_rate.schema import PlanDocument, Unit
from paasim.study.plan.objective import Objective, objectives

SURE = 1.02
"""Times its bound that a place may seem to carry before that is doubted: bounds hold within 2 %."""


@dataclass(frozen=True)
class Plan:
    """A plan: the document, and the scenario at the load that it promises.

    Attributes:
        document: all that was found.
        scenario: at the lower end of the interval, with runs as long as those that confirmed it; None if infeasible.
    """

    document: PlanDocument
    scenario: Scenario | None

    def to_json(self) -> str:
        """The document as text: same plan, same bytes."""
        return self.document.model_dump_json(indent=2) + "\n"


def plan(
    scenario: Scenario,
    slo: Sequence[str] = (),
    *,
    settings: Settings | None = None,
    with_reliefs: bool = True,
) -> Plan:
    """Find the most load that a scenario carries within objectives.

    Args:
        scenario: what to plan for; its own load is where relative loads count from.
        slo: objectives such as `ttft:p99=800ms`; else the limits and the attainment of its slo block.
        settings: tolerance, replications, processes.
        with_reliefs: whether to try what would relieve it.

    Raises:
        InputError: if an objective is wrong or there is none, or the scenario names something that is not there.
    """
    goals, chosen = objectives(scenario, slo), settings or Settings()
    found = find(scenario, goals, chosen)
    scale = _Scale.of(scenario)
    carried, at = found.bracket.low is not None, found.at
    full = bounds(scenario)
    rows = [_relief(each) for each in reliefs(found, chosen)] if carried and with_reliefs else []
    why = _infeasible(found, goals, scale) if not carried else None
    made = PlanDocument(
        paasim_version=version(),
        scenario=scenario.expanded(),
        seed=scenario.run.seed,
        objectives=[_goal(each) for each in goals],
        unit=scale.unit,
        offered=scale.own,
        status="infeasible" if not carried else "open-ended" if found.bracket.high is None else "feasible",
        maximum=_maximum(found, goals, scale),
        bottleneck=None if at is None else _bottleneck(at, full, scale),
        reliefs=rows,
        infeasible=why,
        loads=[_load(each, goals, scale) for each in sorted(found.bench.tried, key=lambda each: each.factor)],
        simulations=found.bench.done,
        simulated_requests=found.bench.simulated,
        warnings=[*_warnings(found, chosen), *beyond(at, full)],
    )
    return Plan(made, _promised(found))


@dataclass(frozen=True)
class _Scale:
    """How loads are told."""

    unit: Unit
    own: float

    @classmethod
    def of(cls, scenario: Scenario) -> _Scale:
        rate, people = offered_rate(scenario), users(scenario)
        if rate is not None:
            return cls("requests/s", rate)
        return cls("users", float(people)) if people is not None else cls("times the load", 1.0)

    def load(self, factor: float) -> float:
        return factor * self.own


def _promised(found: Found) -> Scenario | None:
    """The scenario at a load that keeps the objectives, as surely as the plan knows one."""
    if found.bracket.low is None:
        return None
    sure = found.confirmed
    factor = found.bracket.low.factor if sure is None else sure.low
    if found.bench.whole is not None:
        factor = max(1, floor(factor * found.bench.whole + 1e-9)) / found.bench.whole
    scenario = at_load(found.bench.scenario, factor)
    if found.length.is_fixed:
        return scenario
    requests = found.bracket.low.requests if sure is None else sure.at.requests
    return of_length(scenario, requests, found.bench.warmup)


def _maximum(found: Found, goals: Sequence[Objective], scale: _Scale) -> document.Maximum | None:
    low, high, sure, at = found.bracket.low, found.bracket.high, found.confirmed, found.at
    if low is None or at is None:
        return None
    worst = at if sure is not None else high or at
    load = scale.load(found.factor)
    return document.Maximum(
        load=floor(load + 1e-9) if scale.unit == "users" else load,
        factor=found.factor,
        interval=None if sure is None else (scale.load(sure.low), scale.load(sure.high)),
        between=None if high is None else (scale.load(low.factor), scale.load(high.factor)),
        precision=None if sure is None else sure.precision,
        requests_per_s=sum(each.requests_per_s for each in at.facts) / len(at.facts),
        limited_by="steady state" if found.bracket.is_unsteady else goals[worst.worst].key,
        drift=found.drift,
    )


def _bottleneck(at: Trial, full: dict[str, float], scale: _Scale) -> document.BottleneckRow | None:
    found = bottleneck(at, full)
    if found is None:
        return None
    first = found.bound_first
    return document.BottleneckRow(
        name=found.name,
        load=found.load,
        bound=found.bound,
        bound_first=first,
        capacity=scale.load(1 / full[first]) if first is not None else None,
    )


def _relief(each: Relief) -> document.ReliefRow:
    per_dollar = each.per_dollar
    return document.ReliefRow(
        label=each.label,
        changes=list(each.changes),
        gain=each.gain or 0.0,
        price_per_hour=each.price,
        gain_per_dollar=None if not each.price else per_dollar,
    )


def _infeasible(found: Found, goals: Sequence[Objective], scale: _Scale) -> document.InfeasibleRow:
    why = infeasible(found)
    return document.InfeasibleRow(
        load=scale.load(why.trial.factor),
        measures=_measures(why.trial, goals),
        ttft_parts=why.parts,
        dropped=why.dropped,
        remedies=[
            document.RemedyRow(label=each.label, changes=list(each.changes), feasible=each.feasible)
            for each in why.remedies
        ],
    )


def _goal(each: Objective) -> document.Goal:
    return document.Goal(
        key=each.key, text=str(each), metric=each.metric or "attainment", statistic=each.statistic, limit=each.limit
    )


def _load(trial: Trial, goals: Sequence[Objective], scale: _Scale) -> document.LoadRow:
    found = bottleneck(trial, {})
    return document.LoadRow(
        factor=trial.factor,
        load=scale.load(trial.factor),
        replications=len(trial.outcomes),
        requests=trial.requests,
        fresh=trial.is_fresh,
        measures=_measures(trial, goals),
        steady=trial.steady,
        met=trial.met,
        bottleneck=found.name if found else None,
    )


def _measures(trial: Trial, goals: Sequence[Objective]) -> list[document.Measure]:
    return [
        document.Measure(
            value=_mean([goal.value(each) for each in trial.facts]),
            kept=_mean([goal.kept(each) for each in trial.facts]),
            margin=_mean([goal.margin(each) for each in trial.facts]) or 0.0,
        )
        for goal in goals
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _warnings(found: Found, settings: Settings) -> list[str]:
    """What a reader must know before trusting the plan."""
    said: list[str] = []
    sure = found.confirmed
    if found.length.is_recorded:
        said.append("one recording: every replication meets the same requests, so there is no interval")
    if found.bracket.is_unsteady:
        said.append(
            "queues grow without bound before an objective is missed: the maximum is where a steady state ends; how "
            "late requests get beyond it depends on the length of the run"
        )
    if sure is not None and found.drift > settings.tolerance:
        said.append(
            f"the maximum depends on the length of the run: of runs half as long it would be {found.drift:.1%} higher"
        )
    if sure is not None and sure.precision > 1.5 * settings.tolerance:
        said.append(
            f"the interval is wider than asked for, ±{sure.precision:.1%} in place of ±{settings.tolerance:.1%}: "
            f"more fresh replications narrow it (--confirm {2 * settings.confirm})"
        )
    if sure is not None and not sure.is_whole:
        said.append("an end of the interval lies beyond the loads that were measured")
    lost = _lost(sure.at if sure is not None else found.bracket.low)
    return [*said, *lost]


def beyond(at: Trial | None, bounds: Mapping[str, float]) -> list[str]:
    """A warning where the load is more than the bounds say that any long run can carry.

    Args:
        at: the load in question.
        bounds: how full every place is by its bound at the scenario's own load.
    """
    name = max(bounds, key=lambda each: bounds[each], default=None)
    if at is None or name is None or bounds[name] * at.factor <= SURE:
        return []
    return [
        f"by its bound {name} would be {bounds[name] * at.factor:.1%} full: unless a prefix cache spares it work, "
        "longer runs would show that queues grow; a smaller --tolerance makes them longer"
    ]


def _lost(at: Trial | None) -> list[str]:
    lost = sum(each.lost for each in at.facts) if at else 0
    total = sum(each.lost + each.measured for each in at.facts) if at else 0
    return [f"{lost} of {total} requests at the maximum were never completed; they count as missed"] if lost else []
