"""A plan for least cost in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paasim.report.look import NONE, make_table
from paasim.report.words import digits, listed, seconds, share, with_interval
from paasim.study.plan.min_cost.schema import Fate, Kept, Plan, Simulated

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 8
"""Rejected candidates that are listed; all are in the folder's table."""

FATES: dict[Fate, str] = {
    "overloaded": "beyond capacity by their bounds",
    "slow": "too slow for a lone prompt",
    "dominated": "with no more than one that missed",
    "missed": "that missed a limit in simulation",
    "unconfirmed": "not confirmed on fresh replications",
    "costlier": "that cost as much or more",
    "unfit": "that do not fit together",
}


def answer(plan: Plan) -> str:
    """The answer in two or three sentences."""
    if plan.chosen is not None:
        return f"{_chosen(plan, plan.chosen)} {_bottleneck(plan.chosen)}".strip()
    if plan.nearest is None:
        return f"None of {plan.candidates:,} candidates can be simulated: {_counts(plan)}."
    near = plan.nearest.candidate
    first = f"None of {plan.candidates:,} candidates keeps {_limits(plan)} at {_load(plan)}."
    missed = f"The nearest, {near.label} at {money(near.cost.per_hour)}, misses: {near.reason}."
    return " ".join([first, missed, *plan.nearest.remedy])


def work_done(plan: Plan) -> str:
    """What it took: candidates by what became of them, and replications."""
    full = plan.candidates * plan.replications_each
    text = f"{plan.candidates:,} candidates: {_counts(plan)}. {plan.replications:,} replications simulated"
    return f"{text}, where simulating every candidate takes {full:,}."


def tables(plan: Plan, *, whole_front: bool) -> Iterator[Table]:
    """The cost of the chosen candidate, what was rejected on the way, and the front."""
    if plan.chosen is not None:
        yield costs(plan.chosen)
    if any(each.fate != "chosen" for each in plan.simulated):
        yield rejected(plan)
    if plan.simulated and (whole_front or not plan.feasible):
        yield front(plan)


def costs(chosen: Simulated) -> Table:
    """What the chosen candidate costs, by resource."""
    table = make_table("Cost per hour", "for", "what", "$/h")
    for what, amounts in (
        ("instances or devices", chosen.cost.servers),
        ("bandwidth", chosen.cost.rent),
        ("KV caches sent", chosen.cost.egress),
    ):
        for name, amount in amounts.items():
            table.add_row(name, what, f"{amount:,.2f}")
    table.add_row("all", "", f"{chosen.cost.per_hour:,.2f}")
    return table


def rejected(plan: Plan) -> Table:
    """The simulated candidates that were not chosen, those nearest in cost to the chosen one, or that miss by least."""
    others = [each for each in plan.simulated if each.fate != "chosen"]
    if plan.chosen is not None:
        price = plan.chosen.cost.per_hour
        others = sorted(others, key=lambda each: abs(each.cost.per_hour - price))[:SHOWN]
    else:
        others = others[-SHOWN:]
    table = make_table("Simulated and not chosen", "$/h", *_axes(plan), "why")
    for each in sorted(others, key=lambda each: each.cost.per_hour):
        table.add_row(f"{each.cost.per_hour:,.2f}", *each.options.values(), each.reason)
    return table


def front(plan: Plan) -> Table:
    """The Pareto front of cost, p99 TTFT and goodput."""
    on = [each for each in plan.simulated if each.on_front]
    good = "goodput/s" if any(each.goodput_per_s is not None for each in on) else "requests/s"
    title = f"Pareto front of {len(plan.simulated)} simulated candidates"
    table = make_table(title, "$/h", *_axes(plan), "p99 TTFT", good, "limits")
    for each in on:
        rate = each.requests_per_s if each.goodput_per_s is None else each.goodput_per_s
        ttft = NONE if each.ttft_p99 is None else seconds(each.ttft_p99)
        kept = "kept" if all(one.met for one in each.objectives) else "missed"
        table.add_row(f"{each.cost.per_hour:,.2f}", *each.options.values(), ttft, digits(rate), kept)
    return table


def money(per_hour: float) -> str:
    """`81.40 $/h`."""
    return f"{per_hour:,.2f} $/h"


def _chosen(plan: Plan, chosen: Simulated) -> str:
    kept = listed([_kept(each) for each in chosen.objectives])
    how = f"over {chosen.replications} fresh replications" if chosen.replications > 1 else "in a fresh replication"
    first = f"{money(chosen.cost.per_hour)} is the least that keeps {_limits(plan)} at {_load(plan)}: {chosen.label}."
    return f"{first} There {kept}, {how}."


def _kept(each: Kept) -> str:
    name, _, _ = each.name.partition(" ≤ ")
    if each.objective.startswith("attainment"):
        return f"{share(each.value or 0.0)} of requests keep their limits"
    if each.value is None:
        return f"{name} is kept"
    if each.ci95 is None:
        return f"{name} is {seconds(each.value)}"
    value, ends = with_interval(each.value, each.ci95)
    return f"{name} is {value} (95 % interval {ends})"


def _bottleneck(chosen: Simulated) -> str:
    if chosen.bottleneck is None or chosen.bottleneck_load is None:
        return ""
    return f"The busiest resource is {chosen.bottleneck}, {share(chosen.bottleneck_load)} full."


def _limits(plan: Plan) -> str:
    some = plan.chosen or (plan.nearest.candidate if plan.nearest is not None else None)
    shown = some.objectives if some is not None else []
    return listed([each.name for each in shown]) or listed(plan.objectives)


def _load(plan: Plan) -> str:
    times = f"{plan.load:g} times the load" if plan.load != 1 else "the load"
    return times if plan.offered_per_s is None else f"{times} ({plan.offered_per_s:.3g} requests/s)"


def _counts(plan: Plan) -> str:
    known = [(plan.fates[fate], words) for fate, words in FATES.items() if plan.fates.get(fate)]
    chosen = ["1 chosen"] if plan.feasible else []
    return listed([*chosen, *(f"{count:,} {words}" for count, words in known)])


def _axes(plan: Plan) -> list[str]:
    return list(plan.simulated[0].options)
