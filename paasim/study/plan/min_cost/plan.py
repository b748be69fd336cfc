"""The cheapest set of pools, profiles, bandwidth and rules for a load and its limits: `paasim plan --min-cost`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paasim.core.errors import InputError
from paasim.results.manifest import version
from paasim.scenario import yaml
from paasim.scenario.plan import PlanSpec, expand_range
from paasim.scenario.planning import BLOCK, misplanned
from paasim.scenario.scenario import Scenario
from paasim.study.plan.load import at_load, offered_rate
from paasim.study.plan.min_cost import describe
from paasim.study.plan.min_cost.remedy import Remedy, remedy
from paasim.study.plan.min_cost.schema import Nearest, Plan
from paasim.study.plan.min_cost.search import Search, Settings, is_same_every_time
from paasim.study.plan.min_cost.space import Candidate, Space
from paasim.study.plan.objective import objectives
from paasim.study.point import Outcome, Point, evaluate
from paasim.study.store import Store

CLOSED_LOOP = "a load of a closed loop is in users: give a factor, --load 2"


@dataclass(frozen=True)
class Asked:
    """What the user asks for beyond the scenario's plan; it takes the place of what stands there."""

    over: Sequence[str] = ()
    """`PATH=values` texts: axes that are added, or that replace one of the same path; of an axis under `together`, the
    names of the options to keep."""
    load: float | None = None
    """Times the scenario's load."""
    slo: Sequence[str] = ()
    """Limits such as `ttft:p99=800ms`."""


@dataclass(frozen=True)
class Found:
    """The answer of a plan for least cost."""

    plan: Plan
    """Everything that `plan.json` holds."""
    scenario: Scenario | None
    """The chosen candidate, or the nearest of an infeasible plan, at its load and with its prices; it runs as it is."""
    search: Search = field(repr=False)
    """What became of every candidate."""


def min_cost(
    scenario: Scenario,
    asked: Asked | None = None,
    *,
    store: Store | None = None,
    settings: Settings | None = None,
) -> Found:
    """Find the cheapest candidate of a scenario's plan that keeps all limits.

    Args:
        scenario: with its block `plan`, if that is not all in `asked`.
        asked: what is asked for beyond it.
        store: where outcomes are kept, so that an interrupted plan is taken up again.
        settings: processes, and whether to simulate everything for the Pareto front.

    Raises:
        InputError: if there is nothing to choose, no limit to keep, no price, or something does not fit.
    """
    asked, settings = asked or Asked(), settings or Settings()
    plan = planned(scenario, asked)
    limits = objectives(scenario, asked.slo or plan.slo)
    factor = _factor(scenario, asked, plan)
    space = Space.of(at_load(scenario, factor), plan)

    def work(points: Sequence[Point]) -> list[Outcome]:
        return evaluate(points, settings.jobs, store=store)

    search = Search(space, limits, plan.prices, work, settings)
    best = search.run()
    helped = remedy(search) if best is None else None
    shown = search.trials[best] if best is not None else helped.nearest if helped is not None else None
    document = _document(scenario, plan, search, factor, best, helped)
    return Found(document, None if shown is None else shown.scenario, search)


def planned(scenario: Scenario, asked: Asked) -> PlanSpec:
    """The scenario's plan with what is asked for on top.

    Raises:
        InputError: for an axis that leads nowhere, or values that do not fit.
    """
    plan = scenario.plan or PlanSpec()
    over: dict[str, list[Any]] = dict(plan.over)
    together = dict(plan.together)
    for text in asked.over:
        path, values = _axis(text)
        if path in together:
            unknown = [str(value) for value in values if str(value) not in together[path]]
            if unknown:
                todo = f"its options are {', '.join(together[path])}"
                raise InputError.one(f"--over {text}", f"'{unknown[0]}' is not an option of {path}", todo)
            together[path] = {name: together[path][name] for name in map(str, values)}
        else:
            over[path] = values
    changed = PlanSpec.model_validate({**plan.model_dump(mode="json"), "over": over, "together": together})
    tree = scenario.tree
    block = yaml.parse(yaml.dump({BLOCK: changed.model_dump(mode="json", exclude_none=True)}), "--over", lines=False)
    problems = misplanned(yaml.Node({**tree.keys, **block.keys}, tree.where)) if asked.over or _overridden(tree) else []
    if problems:
        raise InputError(problems)
    return changed


def _axis(text: str) -> tuple[str, list[Any]]:
    """Read `PATH=1..8`, `PATH=1,2,4` or `PATH=[...]`."""
    where = f"--over {text}"
    path, equals, written = text.partition("=")
    if not equals or not path.strip() or not written.strip():
        raise InputError.one(
            where, "is not of the form PATH=values", "write e.g. --over sites.dc.pools.prefill.instances=1..8"
        )
    try:
        spread = expand_range(written)
    except ValueError as error:
        raise InputError.one(where, str(error)) from None
    if isinstance(spread, list):
        return path.strip(), spread
    inner = written.strip()
    values = yaml.parse(inner if inner.startswith("[") else f"[{inner}]", where, lines=False).plain()
    if not values:
        raise InputError.one(where, "has no values", "write e.g. 1..8 or 1,2,4")
    return path.strip(), values


def _overridden(tree: yaml.Node) -> bool:
    """Whether something was put on top of the scenario, whose plan then was not checked as it was loaded."""

    def any_(node: yaml.Node) -> bool:
        if node.where.startswith("--set"):
            return True
        inner = node.value if isinstance(node.value, list) else node.keys.values()
        return any(map(any_, inner))

    return any_(tree)


def _factor(scenario: Scenario, asked: Asked, plan: PlanSpec) -> float:
    """Times the scenario's load.

    Raises:
        InputError: for a rate in a closed loop.
    """
    if asked.load is not None:
        return asked.load
    if plan.rate is not None:
        offered = offered_rate(scenario)
        if not offered:
            raise InputError.one(scenario.where(BLOCK, "rate"), "a closed loop has no rate of its own", CLOSED_LOOP)
        return plan.rate / offered
    return plan.load or 1.0


def _document(
    scenario: Scenario,
    plan: PlanSpec,
    search: Search,
    factor: float,
    best: Candidate | None,
    helped: Remedy | None,
) -> Plan:
    ordered = [each for each in search.in_order_of_cost() if each in search.trials]
    simulated = describe.simulated(search, [search.trials[each] for each in ordered])
    nearest = None
    if helped is not None:
        candidate = describe.simulated(search, [helped.nearest])[0]
        nearest = Nearest(
            candidate=candidate, remedy=helped.says, needs=dict(helped.needs), needs_per_hour=helped.per_hour
        )
    return Plan(
        paasim_version=version(),
        name=scenario.name,
        seed=scenario.run.seed,
        load=factor,
        offered_per_s=offered_rate(search.space.base),
        objectives=[each.key for each in search.objectives],
        price_source=plan.prices.source,
        axes={axis.name: [option.label for option in axis.options] for axis in search.space.axes},
        candidates=len(search.space),
        fates=dict(Counter(search.reason(each)[0] for each in search.space.candidates())),
        replications=search.replications,
        replications_each=search.most,
        feasible=best is not None,
        chosen=simulated[ordered.index(best)] if best is not None else None,
        nearest=nearest,
        simulated=simulated,
        warnings=_warnings(search, best),
    )


def _warnings(search: Search, best: Candidate | None) -> list[str]:
    if best is None:
        return []
    found = list(search.trials[best].outcomes[0].variant.warnings)
    if is_same_every_time(search.trials[best]):
        found.append("all replications come to the same (a trace): there is nothing to confirm on, and no interval")
    return found
