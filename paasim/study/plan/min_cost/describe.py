"""Candidates as `plan.json` and `candidates.csv` hold them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from math import inf
from statistics import fmean

from paasim.study.plan.min_cost.pareto import Figures, front
from paasim.study.plan.min_cost.schema import Cost, Kept, Simulated
from paasim.study.plan.min_cost.search import Search
from paasim.study.plan.min_cost.trial import Trial, each_fact, mean_margin
from paasim.study.plan.objective import Objective


def simulated(search: Search, trials: Sequence[Trial]) -> list[Simulated]:
    """Trials as the document has them, those on the Pareto front of all of them marked."""
    every = [_simulated(search, trial) for trial in trials]
    figures = [
        Figures(
            each.cost.per_hour,
            each.ttft_p99 or inf,
            each.requests_per_s if each.goodput_per_s is None else each.goodput_per_s,
        )
        for each in every
    ]
    able = [number for number, each in enumerate(every) if each.steady_state and each.ttft_p99 is not None]
    on = {number for number, stands in zip(able, front([figures[number] for number in able]), strict=True) if stands}
    return [each.model_copy(update={"on_front": number in on}) for number, each in enumerate(every)]


def cost(search: Search, trial: Trial) -> Cost:
    """What a candidate costs."""
    found = search.quote(trial.candidate)
    return Cost(per_hour=found.total, servers=dict(found.servers), rent=dict(found.rent), egress=dict(found.egress))


def _simulated(search: Search, trial: Trial) -> Simulated:
    facts = each_fact(trial.outcomes)
    first = trial.outcomes[0].variant
    options = search.space.chosen(trial.candidate)
    fate, reason = search.reason(trial.candidate)
    billed = [each.variant.cost.per_hour for each in trial.outcomes if each.variant.cost is not None]
    return Simulated(
        label=search.space.label(trial.candidate),
        options=dict(zip(search.space.names, (each.label for each in options), strict=True)),
        changes=search.space.changes(trial.candidate),
        fate=fate,
        reason=reason,
        cost=cost(search, trial),
        replications=len(facts),
        confirmed=bool(trial.fresh),
        objectives=[_kept(trial, objective) for objective in trial.objectives],
        ttft_p99=_mean(each.metrics["ttft"].p99 for each in facts if "ttft" in each.metrics),
        tpot_p99=_mean(each.metrics["tpot"].p99 for each in facts if "tpot" in each.metrics),
        requests_per_s=fmean(each.requests_per_s for each in facts),
        goodput_per_s=_mean(each.goodput_per_s for each in facts if each.goodput_per_s is not None),
        simulated_cost_per_hour=_mean(each for each in billed if each is not None),
        bottleneck=first.bottleneck,
        bottleneck_load=first.resources[first.bottleneck].load if first.bottleneck is not None else None,
        steady_state=trial.is_stable,
        on_front=False,
    )


def _kept(trial: Trial, objective: Objective) -> Kept:
    value, ci95 = trial.value(objective), trial.interval(objective)
    return Kept(
        objective=objective.key,
        name=str(objective),
        limit=objective.limit,
        value=value,
        ci95=ci95 if ci95 is not None and ci95[1] > ci95[0] else None,
        met=mean_margin([objective], trial.outcomes) >= 0,
    )


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def table(search: Search) -> str:
    """Every candidate, the cheapest first, with what became of it and why, as CSV."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        ["cost_per_hour", *search.space.names, "fate", "reason", "replications", "ttft_p99", "requests_per_s"]
    )
    for candidate in search.in_order_of_cost():
        trial = search.trials.get(candidate)
        facts = each_fact(trial.outcomes) if trial is not None else []
        ttft = [each.metrics["ttft"].p99 for each in facts if "ttft" in each.metrics]
        cost = search.costs[candidate]
        rows.writerow(
            [
                f"{cost:.6g}" if cost < float("inf") else "",
                *(option.label for option in search.space.chosen(candidate)),
                *search.reason(candidate),
                len(facts),
                f"{sum(ttft) / len(ttft):.6g}" if ttft else "",
                f"{sum(each.requests_per_s for each in facts) / len(facts):.6g}" if facts else "",
            ]
        )
    return text.getvalue()
