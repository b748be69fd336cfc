"""The tidy table of a sweep: one row per point and variant, units in the names of the columns, times in ms.

    point, <path>, <path> [unit], ..., variant, status, reason, replications, arrived, ..., ttft_mean_ms, ...

A quantity stands twice: as it is written, and as a number in the unit in brackets. What does not exist is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_args

from paasim.metrics.parts import TTFT_PARTS
from paasim.results.schema import Metric, MetricName, Variant
from paasim.study.execute.evaluate import Failure
from paasim.study.sweep.design import in_si, text

if TYPE_CHECKING:
    from paasim.study.sweep.result import Row

Column = Callable[[Variant], Any]

STATISTICS: Mapping[str, Callable[[Metric], float | None]] = {
    "mean": lambda metric: metric.mean,
    "p50": lambda metric: metric.p50,
    "p90": lambda metric: metric.p90,
    "p95": lambda metric: metric.p95,
    "p99": lambda metric: metric.p99,
    "mean_ci95_low": lambda metric: metric.ci95.mean and metric.ci95.mean[0],
    "mean_ci95_high": lambda metric: metric.ci95.mean and metric.ci95.mean[1],
    "p99_ci95_low": lambda metric: metric.ci95.p99 and metric.ci95.p99[0],
    "p99_ci95_high": lambda metric: metric.ci95.p99 and metric.ci95.p99[1],
}
RATES = ("requests_per_s", "output_tokens_per_s", "total_tokens_per_s", "goodput_per_s", "slo_attainment")
COUNTS = ("arrived", "completed", "unfinished", "measured")


def columns(paths: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The table, column by column.

    Args:
        paths: what was varied.
        rows: the points.
    """
    table: dict[str, list[Any]] = {"point": list(range(1, len(rows) + 1))}
    for path in paths:
        values = [row.setting.values[path] for row in rows]
        is_plain = len({type(value) for value in values}) == 1 and not isinstance(values[0], (dict, list))
        table[path] = values if is_plain else [text(value) for value in values]
        found = [in_si(value) for value in values]
        units = {each[1] for each in found if each is not None}
        if None not in found and len(units) == 1:
            table[f"{path} [{units.pop()}]"] = [each[0] for each in found if each is not None]
    table["variant"] = [row.setting.variant for row in rows]
    table["status"] = [row.status for row in rows]
    table["reason"] = [row.ended.reason if isinstance(row.ended, Failure) else None for row in rows]
    table["replications"] = [row.replications for row in rows]
    for name, of in _columns():
        table[name] = [None if isinstance(row.ended, Failure) else of(row.ended.variant) for row in rows]
    table["key"] = [row.key for row in rows]
    return table


def csv_bytes(table: Mapping[str, Sequence[Any]]) -> bytes:
    """The table as CSV in UTF-8; numbers are written so that they are read back as they are."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def _columns() -> Iterator[tuple[str, Column]]:
    """What the table says of a result."""
    for name in COUNTS:
        yield name, attrgetter(f"requests.{name}")
    yield "dropped", lambda variant: sum(variant.requests.dropped.values())
    for metric in get_args(MetricName):
        for statistic in STATISTICS:
            yield f"{metric}_{statistic}_ms", _milliseconds(metric, statistic)
    for part in TTFT_PARTS:
        yield f"ttft_{part}_ms", _part(part)
    for name in RATES:
        yield name, attrgetter(f"throughput.{name}")
    yield "cost_per_hour", lambda variant: variant.cost and variant.cost.per_hour
    yield "cost_per_million_output_tokens", lambda variant: variant.cost and variant.cost.per_million_output_tokens
    yield "watts", lambda variant: variant.energy and variant.energy.watts
    yield "bottleneck", attrgetter("bottleneck")
    yield "bottleneck_load", lambda variant: variant.bottleneck and variant.resources[variant.bottleneck].load
    yield "steady_state", attrgetter("steady_state")
    yield "extrapolated_fraction", attrgetter("extrapolated_fraction")


def _part(name: str) -> Column:
    return lambda variant: _ms(variant.ttft_parts.get(name))


def _milliseconds(metric: MetricName, statistic: str) -> Column:
    def of(variant: Variant) -> float | None:
        found = variant.metrics.get(metric)
        return None if found is None else _ms(STATISTICS[statistic](found))

    return of


def _ms(seconds: float | None) -> float | None:
    """Milliseconds without the noise that the change of unit adds in the last digit."""
    return None if seconds is None else float(f"{seconds * 1e3:.12g}")
