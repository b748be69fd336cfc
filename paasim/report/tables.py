"""Tables for the terminal: metrics, parts, resources, outcomes, differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from paasim.report.words import PARTS, digits, interval, seconds, share, size, with_interval
from paasim.results.result import Result
from paasim.results.schema import Difference, Metric, Resource, Variant

if TYPE_CHECKING:
    from rich.table import Table

NONE = "–"
STATISTICS: Mapping[str, Callable[[Metric], float]] = {
    "mean": lambda metric: metric.mean,
    "p50": lambda metric: metric.p50,
    "p90": lambda metric: metric.p90,
    "p99": lambda metric: metric.p99,
    "max": lambda metric: metric.max,
}
ROUNDING = 1e-9
"""Parts up to this, s, come from the rounding of time stamps."""
RATIOS = ("slo_attainment",)
VERDICTS = {"better": "green", "worse": "red", "same": "dim", "cannot tell": "dim"}


def tables(result: Result) -> Iterator[Table]:
    """All tables of a result, in the order in which they are read."""
    if result.document.comparison is None:
        for variant in result.variants.values():
            yield metrics(variant)
    else:
        yield overview(result)
        yield differences(result)
    yield parts(result)
    yield resources(result)
    if any(each.cost and each.cost.per_hour is not None for each in result.variants.values()):
        yield costs(result)
    if any(_exceptions(variant) for variant in result.variants.values()):
        yield outcomes(result)


def metrics(variant: Variant) -> Table:
    """Latency statistics of one variant."""
    table = _table("Latency", "metric", *STATISTICS, "95 % interval of the mean")
    for name, metric in variant.metrics.items():
        sure = interval(*metric.ci95.mean) if metric.ci95.mean else NONE
        table.add_row(name.upper(), *(seconds(of(metric)) for of in STATISTICS.values()), sure)
    return table


def overview(result: Result) -> Table:
    """The main figures of several variants, one row each."""
    columns = ("variant", "routes", "TTFT mean", "p99", "TTST mean", "TPOT mean", "E2EL mean", "requests/s", "SLO")
    table = _table("Variants", *columns)
    best = min((v.metrics["ttft"].mean for v in result.variants.values() if "ttft" in v.metrics), default=None)
    for name, variant in result.variants.items():
        values = [_statistic(variant, "ttft", "mean"), _statistic(variant, "ttft", "p99")]
        values += [_statistic(variant, metric, "mean") for metric in ("ttst", "tpot", "e2el")]
        met = variant.throughput.slo_attainment
        is_best = "ttft" in variant.metrics and variant.metrics["ttft"].mean == best
        shown = name if variant.steady_state else f"{name} (no steady state)"
        rate = digits(variant.throughput.requests_per_s)
        table.add_row(
            shown,
            routes(variant),
            *values,
            rate,
            NONE if met is None else share(met),
            style="bold" if is_best else None,
        )
    return table


def routes(variant: Variant) -> str:
    """Which routes the requests took: `paas`, or `local 38%, paas 62%`."""
    total = sum(route.requests for route in variant.routes.values())
    if len(variant.routes) < 2:
        return next(iter(variant.routes), NONE)
    return ", ".join(f"{name} {route.requests / total:.0%}" for name, route in variant.routes.items())


def differences(result: Result) -> Table:
    """Each variant against the baseline, with intervals."""
    comparison = result.document.comparison
    assert comparison is not None
    table = _table(
        f"Against {comparison.baseline}, paired", "variant", "metric", "difference", "95 % interval", "verdict"
    )
    for name, each in comparison.differences.items():
        for metric in ("ttft", "p99_ttft", "ttst", "tpot", "e2el", "slo_attainment"):
            if metric in each:
                difference = each[metric]
                verdict = f"[{VERDICTS[difference.verdict]}]{difference.verdict}[/]"
                table.add_row(name, _title(metric), *_signed(metric, difference), verdict)
        table.add_section()
    return table


def parts(result: Result) -> Table:
    """Where TTFT goes, and where TTST goes, on average."""
    table = _table("Where the time goes (means)", "part", *result.variants)
    for title, of in (("TTFT", "ttft_parts"), ("TTST", "ttst_parts")):
        by_variant: list[Mapping[str, float]] = [getattr(variant, of) for variant in result.variants.values()]
        for part in by_variant[0]:
            values = [each.get(part, 0.0) for each in by_variant]
            if max(values) > ROUNDING:
                table.add_row(PARTS[part], *(seconds(value) if value > ROUNDING else NONE for value in values))
        known = [title.lower() in variant.metrics for variant in result.variants.values()]
        totals = [seconds(sum(each.values())) if has else NONE for each, has in zip(by_variant, known, strict=True)]
        table.add_row(title, *totals, style="bold", end_section=True)
    return table


def resources(result: Result) -> Table:
    """How busy pools, fleets and links were; those that were not used are left out."""
    columns = ("servers", "in use", "carries", "waiting", "in service", "KV", "sent")
    table = _table("Resources", "variant", "resource", *columns)
    for name, variant in result.variants.items():
        for resource, used in variant.resources.items():
            if not (used.utilisation or used.queue_mean or used.bytes):
                continue
            table.add_row(
                name,
                resource,
                str(used.servers),
                _in_use(used),
                _or_none(used.max_rate, lambda rate: f"{digits(rate)} /s"),
                _or_none(used.queue_mean, digits),
                _or_none(used.running_mean, digits),
                _or_none(used.kv_utilisation, share),
                _or_none(used.bytes, size),
                style="bold" if resource == variant.bottleneck else None,
            )
        table.add_section()
    return table


def costs(result: Result) -> Table:
    """What the resources that were used cost; not known where a price is missing."""
    table = _table("Cost", "variant", "$/h", "$ per million output tokens", "$ per million tokens")
    for name, variant in result.variants.items():
        fields = ("per_hour", "per_million_output_tokens", "per_million_total_tokens")
        table.add_row(name, *(_or_none(getattr(variant.cost, field, None), digits) for field in fields))
    return table


def outcomes(result: Result) -> Table:
    """How requests ended, where not all were completed."""
    table = _table("Requests", "variant", "arrived", "completed", "unfinished", "dropped")
    for name, variant in result.variants.items():
        counts = variant.requests
        dropped = ", ".join(f"{n} {reason}" for reason, n in counts.dropped.items()) or "0"
        table.add_row(name, *map(str, (counts.arrived, counts.completed, counts.unfinished)), dropped)
    return table


def _table(title: str, *columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    words = {"variant", "resource", "metric", "part", "verdict", "dropped", "routes"}
    for column in columns:
        table.add_column(column, justify="left" if column in words else "right", no_wrap=column in words - {"routes"})
    return table


def _statistic(variant: Variant, metric: str, statistic: str) -> str:
    return next((seconds(STATISTICS[statistic](m)) for name, m in variant.metrics.items() if name == metric), NONE)


def _signed(metric: str, difference: Difference) -> tuple[str, str]:
    """A difference and its interval with signs, in the metric's unit."""
    value, ends = difference.difference, difference.ci95
    if not value and (ends is None or not any(ends)):
        return "0", NONE
    if metric in RATIOS:
        low_high = ends and f"{ends[0] * 100:+.1f} to {ends[1] * 100:+.1f} points"
        return f"{value * 100:+.1f} points", low_high or NONE
    text, sure = with_interval(value, ends) if ends else (seconds(value), NONE)
    return f"{'+' if value > 0 else ''}{text}", sure


def _title(metric: str) -> str:
    if metric in RATIOS:
        return metric.replace("_", " ").replace("slo", "SLO")
    return f"{metric.removeprefix('p99_').upper()} p99" if metric.startswith("p99_") else metric.upper()


def _in_use(used: Resource) -> str:
    """Share of time at work (of a link: of its capacity); where that says little, how full it is."""
    return _or_none(used.utilisation, share) if used.fill != used.load else f"{share(used.load)} full"


def _or_none(value: float | None, words: Callable[[float], str]) -> str:
    return NONE if value is None else words(value)


def _exceptions(variant: Variant) -> bool:
    return variant.requests.completed < variant.requests.arrived
