"""A plan in words and tables: the answer in two sentences, the loads that were tried, what would relieve it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from paasim.report.answer import objective
from paasim.report.look import NONE, make_table
from paasim.report.words import PARTS, digits, listed, seconds, share
from paasim.study.plan.max_rate.schema import Goal, LoadRow, Maximum, Measure, PlanDocument, ReliefRow

if TYPE_CHECKING:
    from rich.table import Table

NOTABLE = 0.005
"""Gain from which a relief is one."""
WORTH_NAMING = 0.1
"""Share of TTFT from which a part is named."""


def answer(plan: PlanDocument) -> str:
    """Two sentences: how much it carries, what is busiest there, and what would relieve it."""
    if plan.infeasible is not None:
        return f"{_no_load(plan)} {_remedies(plan)}".strip()
    if plan.maximum is None:
        return "Nothing was measured."
    return f"{_carries(plan, plan.maximum)} {_limit(plan, plan.maximum)}".strip()


def load(plan: PlanDocument, value: float) -> str:
    """A load with its unit: `12.3 requests/s`."""
    number = f"{value:,.0f}" if plan.unit == "users" else digits(value)
    return f"{number} {plan.unit}"


def objectives(plan: PlanDocument) -> str:
    """`within p99 TTFT ≤ 800 ms`, or `with 95 % of requests within TTFT ≤ 2 s`."""
    limits = [goal.text for goal in plan.objectives if goal.metric != "attainment"]
    text = f"within {listed(limits)}" if limits else ""
    for goal in plan.objectives:
        if goal.metric == "attainment":
            each = objective(plan.scenario.get("slo", {})) or "their limits"
            text += f"{' and ' if text else ''}with {100 * goal.limit:g} % of requests within {each}"
    return text


def _carries(plan: PlanDocument, most: Maximum) -> str:
    text = f"It carries {load(plan, most.load)}"
    if plan.status == "open-ended":
        text = f"It carries at least {load(plan, most.load)}, the most that was tried,"
    elif most.interval is not None:
        low, high = (digits(end) if plan.unit != "users" else f"{end:,.0f}" for end in most.interval)
        text += f" (95 % interval {low} to {high})"
    elif most.between is not None and plan.unit != "users":
        text += f" (between {' and '.join(digits(end) for end in most.between)})"
    times = "" if plan.unit == "times the load" else f", {digits(most.factor)} times the load of the scenario"
    text += f" {objectives(plan)}{times}"
    if most.limited_by == "steady state":
        text += "; beyond it queues grow without bound before an objective is missed"
    elif plan.status == "feasible" and len(plan.objectives) > 1:
        first = next(goal.text for goal in plan.objectives if goal.key == most.limited_by)
        text += f"; {first} is missed first"
    return f"{text}."


def _limit(plan: PlanDocument, most: Maximum) -> str:
    if plan.bottleneck is None:
        return ""
    found = plan.bottleneck
    text = f"The busiest resource is {found.name}, {share(found.load)} full"
    if found.bound is not None:
        text += f" ({share(found.bound)} by its bound)"
    helps = [each for each in plan.reliefs if each.gain >= NOTABLE]
    if helps:
        text += f"; the best relief is {helps[0].label}: {gain(helps[0])} load"
        if len(helps) > 1:
            text += f", then {helps[1].label}: {gain(helps[1])}"
    elif plan.reliefs:
        text += "; none of the reliefs that were tried helps by itself"
    return f"{text}."


def gain(relief: ReliefRow) -> str:
    """`+31 %`; `none` where it is less than what can be told from nothing."""
    return "none" if abs(relief.gain) < NOTABLE else f"{100 * relief.gain:+.0f} %"


def _no_load(plan: PlanDocument) -> str:
    why = plan.infeasible
    assert why is not None
    missed = [_missed(goal, each) for goal, each in zip(plan.objectives, why.measures, strict=True) if each.margin < 0]
    text = f"No load is low enough: at {load(plan, why.load)}, where requests hardly meet, {listed(missed)}"
    total = sum(why.ttft_parts.values())
    named = [
        f"{PARTS[part]} ({seconds(value)})" for part, value in why.ttft_parts.items() if value >= WORTH_NAMING * total
    ]
    if named:
        text += f"; mean TTFT goes to {listed(named[:3])}"
    if why.dropped:
        text += f"; {listed([f'{count} requests are dropped ({reason})' for reason, count in why.dropped.items()])}"
    return f"{text}."


def _remedies(plan: PlanDocument) -> str:
    assert plan.infeasible is not None
    enough = [each.label for each in plan.infeasible.remedies if each.feasible]
    if enough:
        return f"Any one of these would make it feasible at that load: {'; '.join(enough)}."
    tried = [each.label for each in plan.infeasible.remedies]
    return f"None of these alone would make it feasible: {'; '.join(tried)}." if tried else ""


def _value(goal: Goal, measure: Measure) -> str:
    """What a verdict goes by: the share of requests within the limit, or the mean."""
    if measure.kept is not None:
        return share(measure.kept)
    return NONE if measure.value is None else seconds(measure.value)


def _missed(goal: Goal, measure: Measure) -> str:
    """`TTFT ≤ 3 s for 40.0 % of requests, wanted 90 %`."""
    if goal.metric == "attainment":
        return f"{_value(goal, measure)} of requests are within their limits, wanted {share(goal.limit)}"
    if goal.statistic == "mean":
        return f"mean {goal.metric.upper()} is {_value(goal, measure)}, wanted {goal.text.split(' ≤ ')[1]}"
    typical = "" if measure.value is None else f"{goal.statistic} {goal.metric.upper()} is {seconds(measure.value)}, "
    return f"{typical}{_value(goal, measure)} of requests keep {goal.text.split(' ', 1)[1]}"


def tables(plan: PlanDocument) -> Iterator[Table]:
    """The loads that were tried, then the reliefs or remedies."""
    yield loads(plan)
    if plan.reliefs:
        yield reliefs(plan)
    if plan.infeasible is not None and plan.infeasible.remedies:
        yield remedies(plan)


def loads(plan: PlanDocument) -> Table:
    """Every load that was tried, in ascending order."""
    goals = [_title(goal) for goal in plan.objectives]
    fresh = " (fresh: what the answer rests on)" if any(row.fresh for row in plan.loads) else ""
    table = make_table(f"Loads that were tried{fresh}", plan.unit, "runs", *goals, "limit used", "busiest", "verdict")
    for row in plan.loads:
        values = [_value(goal, each) for goal, each in zip(plan.objectives, row.measures, strict=True)]
        runs = f"{row.replications} x {row.requests:,}{' fresh' if row.fresh else ''}"
        least = min(each.margin for each in row.measures)
        table.add_row(
            digits(row.load) if plan.unit != "users" else f"{row.load:,.0f}",
            runs,
            *values,
            f"{100 * (1 - least):.0f} %",
            row.bottleneck or NONE,
            _verdict(row),
        )
    return table


def _title(goal: Goal) -> str:
    """What a column of `_value` holds: `TTFT ≤ 800 ms (99 %)`, `mean TTFT (≤ 2 s)`."""
    if goal.metric == "attainment":
        return f"within limits ({share(goal.limit)})"
    text = goal.text.split(" ", 1)[1]
    if goal.statistic == "mean":
        return f"mean {text.replace('≤', '(≤')})"
    return f"{text} ({goal.statistic[1:]} %)"


def _verdict(row: LoadRow) -> str:
    return "met" if row.met else "missed" if row.steady else "no steady state"


def reliefs(plan: PlanDocument) -> Table:
    """What more of one thing would buy."""
    priced = any(each.price_per_hour for each in plan.reliefs)
    columns = ("load", "$/h", "load per $/h") if priced else ("load",)
    table = make_table("One thing more", "relief", *columns, "--set")
    for each in plan.reliefs:
        cells = [gain(each)]
        if priced:
            cells.append(NONE if each.price_per_hour is None else digits(each.price_per_hour))
            per = each.gain_per_dollar
            cells.append(NONE if per is None or abs(each.gain) < NOTABLE else f"{100 * per:+.1f} %")
        table.add_row(each.label, *cells, " ".join(each.changes))
    return table


def remedies(plan: PlanDocument) -> Table:
    """What would make it feasible."""
    table = make_table("What would make it feasible", "remedy", "verdict", "--set")
    assert plan.infeasible is not None
    for each in plan.infeasible.remedies:
        table.add_row(each.label, "enough" if each.feasible else "not enough", " ".join(each.changes) or NONE)
    return table


def compared(plans: Mapping[str, PlanDocument]) -> tuple[str, Table]:
    """Several variants: which carries most, in a sentence, and a table."""
    carried = {name: each.maximum.load for name, each in plans.items() if each.maximum is not None}
    first = next(iter(plans.values()))
    text = f"No variant carries any load {objectives(first)}."
    if carried:
        best = max(carried, key=lambda name: carried[name])
        text = f"{best}: {answer(plans[best])}"
    table = make_table("Variants", "variant", first.unit, "95 % interval", "busiest", "full", "best relief", "load")
    for name, each in plans.items():
        table.add_row(name, *_row(each))
    return text, table


def _row(plan: PlanDocument) -> tuple[str, ...]:
    most, found = plan.maximum, plan.bottleneck
    if most is None:
        return ("no load", NONE, NONE, NONE, NONE, NONE)
    ends = NONE if most.interval is None else " to ".join(digits(end) for end in most.interval)
    helps = [each for each in plan.reliefs if each.gain >= NOTABLE]
    return (
        digits(most.load),
        ends,
        found.name if found else NONE,
        share(found.load) if found else NONE,
        helps[0].label if helps else NONE,
        gain(helps[0]) if helps else NONE,
    )


def csv(plan: PlanDocument) -> str:
    """The loads that were tried as CSV: a row per load; times in seconds."""
    import csv as writer
    import io

    keys = [goal.key for goal in plan.objectives]
    fields = ("value", "kept", "margin")
    rows = ("load", "factor", "replications", "requests", "fresh", "steady", "met", "bottleneck")
    buffer = io.StringIO()
    out = writer.writer(buffer, lineterminator="\n")
    out.writerow([*rows, *(f"{field} of {key}" for key in keys for field in fields)])
    for row in plan.loads:
        measures = [getattr(each, field) for each in row.measures for field in fields]
        out.writerow([*(getattr(row, name) for name in rows), *measures])
    return buffer.getvalue()
