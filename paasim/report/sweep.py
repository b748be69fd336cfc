"""A sweep for the terminal: the answer in a sentence or two, and its best and worst points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from paasim.report.look import NONE, make_table
from paasim.report.words import digits, listed, seconds, share, with_interval
from paasim.results.schema import Variant
from paasim.study.execute.evaluate import Failure
from paasim.study.point import Outcome
from paasim.study.sweep.design import paths, short, text
from paasim.study.sweep.result import Row, Sweep

if TYPE_CHECKING:
    from rich.table import Table

MOST_ROWS = 24
"""A longer table shows its best and its worst points only."""
EACH_END = 8
FIGURES = ("mean TTFT", "±95 %", "p99", "TPOT", "req/s", "SLO")
NAMED = 3
"""Failures that the answer names."""


def answer(sweep: Sweep) -> str:
    """How fast it gets, where, how slow elsewhere, and what failed."""
    known = _ranked(sweep)
    parts = [_span(known, len(sweep.rows))]
    met = [v.throughput.slo_attainment for _, _, v in known if v.throughput.slo_attainment is not None]
    wanted = sweep.scenario.slo.attainment
    if met:
        enough = sum(attained >= wanted for attained in met)
        parts.append(f"The limits are met by at least {share(wanted)} of requests at {enough} of {len(met)} points.")
    unsteady = sum(not variant.steady_state for _, _, variant in known)
    if unsteady:
        parts.append(f"{_points(unsteady)} {'has' if unsteady == 1 else 'have'} no steady state.")
    failed = sweep.failures
    if failed:
        names = listed([row.label for row in failed[:NAMED]])
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        parts.append(f"{_points(len(failed))} failed: {names}{more}.")
    return " ".join(part for part in parts if part)


def table(sweep: Sweep) -> Table:
    """The points, in order; of many, the best and the worst by mean TTFT."""
    varied = paths(sweep.study)
    names = short(varied)
    rows = list(enumerate(sweep.rows, 1))
    title = "Points"
    if len(rows) > MOST_ROWS:
        ranked = [(number, row) for number, row, _ in _ranked(sweep)]
        rest = [(number, row) for number, row in rows if isinstance(row.ended, Failure)]
        rows = [*ranked[:EACH_END], *ranked[max(EACH_END, len(ranked) - EACH_END) :], *rest[:EACH_END]]
        title = f"Points with the lowest and the highest mean TTFT, {len(rows)} of {len(sweep.rows)}"
    has_variants, has_unsteady = bool(sweep.study.variants), any(_is_unsteady(row) for _, row in rows)
    has_failed = any(isinstance(row.ended, Failure) for _, row in rows)
    last = "busiest, or what failed" if has_failed else "busiest"
    columns = ["#", *(names[path] for path in varied), *(["variant"] if has_variants else []), *FIGURES]
    columns += [*(["steady"] if has_unsteady else []), last]
    made = make_table(title, *columns, text=[last] if has_failed else [])
    for number, row in rows:
        values = [text(row.setting.values[path]) for path in varied]
        variant = [row.setting.variant] if has_variants else []
        steady = [("no" if _is_unsteady(row) else "yes") if isinstance(row.ended, Outcome) else NONE]
        made.add_row(str(number), *values, *variant, *_figures(row), *(steady if has_unsteady else []), _busiest(row))
    return made


def _is_unsteady(row: Row) -> bool:
    return isinstance(row.ended, Outcome) and not row.ended.variant.steady_state


def _busiest(row: Row) -> str:
    """What limits a point, or why it failed."""
    if isinstance(row.ended, Failure):
        return row.ended.reason if row.ended.kind == "failed" else f"{row.ended.kind}: {row.ended.reason}"
    return row.ended.variant.bottleneck or NONE


def _figures(row: Row) -> Iterator[str]:
    if isinstance(row.ended, Failure):
        yield from [NONE] * len(FIGURES)
        return
    variant = row.ended.variant
    ttft, tpot = variant.metrics.get("ttft"), variant.metrics.get("tpot")
    sure = ttft.ci95.mean if ttft is not None else None
    yield seconds(ttft.mean) if ttft is not None else NONE
    yield seconds((sure[1] - sure[0]) / 2) if sure is not None else NONE
    yield seconds(ttft.p99) if ttft is not None else NONE
    yield seconds(tpot.mean) if tpot is not None else NONE
    yield digits(variant.throughput.requests_per_s)
    met = variant.throughput.slo_attainment
    yield NONE if met is None else share(met)


def _ranked(sweep: Sweep) -> list[tuple[int, Row, Variant]]:
    """The points that have a TTFT, the lowest first."""
    known = [
        (number, row, row.ended.variant)
        for number, row in enumerate(sweep.rows, 1)
        if isinstance(row.ended, Outcome) and "ttft" in row.ended.variant.metrics
    ]
    return sorted(known, key=lambda each: each[2].metrics["ttft"].mean)


def _span(known: Sequence[tuple[int, Row, Variant]], total: int) -> str:
    """Lowest and highest TTFT, and where."""
    if not known:
        return "No point completed a request that counts."
    (_, best, low), (_, worst, high) = known[0], known[-1]
    mean, sure = seconds(low.metrics["ttft"].mean), low.metrics["ttft"].ci95.mean
    if sure is not None:
        mean, ends = with_interval(low.metrics["ttft"].mean, sure)
        mean = f"{mean} (95 % interval {ends})"
    lowest = f"mean TTFT is lowest, {mean}, at {best.label}"
    if len(known) == 1:
        return f"Over {_points(total)}, {lowest}."
    return f"Over {_points(total)}, {lowest}, and highest, {seconds(high.metrics['ttft'].mean)}, at {worst.label}."


def _points(number: int) -> str:
    return f"{number:,} point{'' if number == 1 else 's'}"
