"""Capacity bounds in words and tables: the answer of `paasim analyze`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from paasim.report.look import NONE, add_heading, make_table
from paasim.report.network import bits
from paasim.report.words import digits, listed, seconds, share, size
from paasim.results.capacity import Bounds, Candidate, CapacityDocument, KvNeed, Search

if TYPE_CHECKING:
    from rich.table import Table

TEXT = 0.01
"""Share of a link up to which it is left out of the tables where it carries text alone."""
BEST = 10
"""Combinations of a search that are shown."""


def answer(told: CapacityDocument) -> str:
    """What the first variant can carry and what is full first; where there are more, which carries most."""
    name, first = next(iter(told.variants.items()))
    if first.bottleneck is None or first.max_rate is None:
        return "No request passes anything that limits it."
    by_means = digits(first.max_rate_by_means) if first.max_rate_by_means else NONE
    who = name if len(told.variants) > 1 else "It"
    text = f"{who} carries at most {digits(first.max_rate)} requests/s ({by_means} by mean lengths): "
    text += f"then {first.bottleneck} is full."
    if first.offered is not None:
        used = first.offered / first.max_rate
        text += f" The {first.offered:.3g} requests/s of the scenario are {share(used)} of that"
        text += ", so that queues grow without bound." if used > 1 else "."
    if len(told.variants) > 1:
        best = max(told.variants, key=lambda each: told.variants[each].max_rate or 0.0)
        most = told.variants[best].max_rate or 0.0
        if best != name:
            text += f" {best} carries most: {digits(most)} requests/s, {digits(most / first.max_rate)} times as many."
    return text


def tables(told: CapacityDocument) -> Iterator[Table]:
    """All tables, in the order in which they are read."""
    if told.search is not None:
        yield _search(told.search)
    if len(told.variants) > 1:
        yield _variants(told)
    yield _stations(told)
    yield _reasons(told)
    if any(bounds.kv for bounds in told.variants.values()):
        yield _bandwidth(told)
    if any(bounds.kv_throughput for bounds in told.variants.values()):
        yield _throughput(told)
    if any(bounds.simulated for bounds in told.variants.values()):
        yield _beside(told)


def search_answer(found: Search) -> str:
    """The best combination in one sentence."""
    best = found.best
    names = _shortened(list(best.settings))
    chosen = listed([f"{name} {_value(value)}" for name, value in zip(names, best.settings.values(), strict=True)])
    how = "by mean lengths" if found.by == "mean" else "over the law of lengths"
    return (
        f"Of {len(found.candidates):,} combinations, {chosen} carries most {how}: "
        f"{_rate(_ranked(best, found))} requests/s."
    )


def _variants(told: CapacityDocument) -> Table:
    priced = any(bounds.price_per_hour is not None for bounds in told.variants.values())
    columns = ["variant", "carries", "by means", "ratio", "by means", "at the load", "full first"]
    table = make_table("What each variant can carry, requests/s", *columns, *(["$/h", "requests/$"] if priced else []))
    first = next(iter(told.variants.values()))
    for name, each in told.variants.items():
        row = [name, _rate(each.max_rate), _rate(each.max_rate_by_means)]
        row.append(_ratio(each.max_rate, first.max_rate))
        row.append(_ratio(each.max_rate_by_means, first.max_rate_by_means))
        row += [_load(each), each.bottleneck or NONE]
        if priced:
            row += [_or_none(each.price_per_hour), _or_none(each.requests_per_dollar)]
        table.add_row(*row)
    return table


def _stations(told: CapacityDocument) -> Table:
    columns = ("station", "servers", "share", "carries", "by means", "passing", "by means", "at the load")
    title = "Stations: requests/s of the whole scenario that each carries, and how many of them pass it"
    table = make_table(title, *columns)
    for name, bounds in told.variants.items():
        if len(told.variants) > 1:
            add_heading(table, name)
        for station, each in _telling(bounds):
            table.add_row(
                station,
                f"{each.servers:,}",
                share(each.share),
                _rate(each.carries.scenario),
                _rate(each.carries_by_means.scenario),
                _rate(each.carries.passing),
                _rate(each.carries_by_means.passing),
                NONE if each.utilisation is None or each.carries.scenario is None else share(each.utilisation),
                style="bold" if station == bounds.bottleneck else None,
            )
    return table


def _reasons(told: CapacityDocument) -> Table:
    """What a request takes of each station; of further variants, only what is another."""
    table = make_table("Why: what a request takes of the stations that it passes", "station", "why")
    seen: set[tuple[str, str]] = set()
    for name, bounds in told.variants.items():
        new = {station: each.why for station, each in _telling(bounds) if (station, each.why) not in seen}
        seen |= set(new.items())
        if new and len(told.variants) > 1:
            add_heading(table, name)
        for station, why in new.items():
            table.add_row(station, why)
    return table


def _bandwidth(told: CapacityDocument) -> Table:
    needs = [need for bounds in told.variants.values() for need in bounds.kv.values()]
    factor, unit = _unit(max((rate for need in needs for rate in _rates(need) if rate is not None), default=0.0))
    columns = ("from, or over", "per request", "one instance", "when full", "at the load", "at most", "by means", "has")
    table = make_table(f"Bandwidth that KV caches need, {unit}", *columns)
    for name, bounds in told.variants.items():
        if bounds.kv and len(told.variants) > 1:
            add_heading(table, name)
        for station, need in bounds.kv.items():
            rates = (NONE if rate is None else digits(rate / factor) for rate in _rates(need))
            table.add_row(station, size(need.bytes_per_request), *rates)
    return table


def _rates(need: KvNeed) -> tuple[float | None, ...]:
    """Bits/s: of one full instance, of all, at the load, at the most that is carried, by mean lengths; of the link."""
    return (need.instance, need.full, need.at_load, need.at_most, need.at_most_by_means, need.bandwidth)


def _unit(largest: float) -> tuple[float, str]:
    """The unit in which a column of rates reads best: its bits/s, and its name."""
    return (1e9, "Gbps") if largest >= 1e9 else (1e6, "Mbps")


def _throughput(told: CapacityDocument) -> Table:
    columns = ("route", "prompt", "KV cache", "prefill", "KV throughput")
    table = make_table("KV throughput of one prefill instance, by prompt length", *columns)
    rows = [
        (each.route, f"{each.prompt_tokens:,}", size(each.kv_bytes), seconds(each.prefill), bits(each.bits_per_s))
        for bounds in told.variants.values()
        for each in bounds.kv_throughput
    ]
    for row in dict.fromkeys(rows):  # most variants have the same
        table.add_row(*row)
    return table


def _beside(told: CapacityDocument) -> Table:
    columns = ("station", "simulated rate", "of the bound", "full by the bound", "simulated: full", "at work")
    table = make_table("Beside a simulation, requests/s", *columns)
    for name, bounds in told.variants.items():
        beside = bounds.simulated
        if beside is None:
            continue
        if len(told.variants) > 1:
            add_heading(table, name)
        for i, (station, seen) in enumerate(beside.stations.items()):
            steady = "" if beside.steady_state else " (no steady state)"
            rate = [_rate(beside.requests_per_s) + steady, "" if beside.of_bound is None else share(beside.of_bound)]
            figures = (seen.by_bound, seen.fill, seen.utilisation)
            shares = (NONE if figure is None else share(figure) for figure in figures)
            table.add_row(station, *(rate if i == 0 else ["", ""]), *shares)
    return table


def _search(found: Search) -> Table:
    columns = (*_shortened(list(found.best.settings)), "carries", "by means", "full first")
    table = make_table(f"The best of {len(found.candidates):,} combinations, requests/s", *columns)
    best = sorted(found.candidates, key=lambda each: -(_ranked(each, found) or 0.0))[:BEST]
    for each in best:
        figures = (_rate(each.max_rate), _rate(each.max_rate_by_means), each.bottleneck or NONE)
        table.add_row(*map(_value, each.settings.values()), *figures)
    return table


def _shortened(paths: list[str]) -> list[str]:
    """The last two steps of each path, where they tell them apart."""
    short = [".".join(path.split(".")[-2:]) for path in paths]
    return short if len(set(short)) == len(short) else paths


def _ranked(each: Candidate, found: Search) -> float | None:
    return each.max_rate_by_means if found.by == "mean" else each.max_rate


def _telling(bounds: Bounds) -> list[tuple[str, Any]]:
    """Stations without links that text alone passes, where it is next to nothing."""
    most = bounds.max_rate or 0.0
    return [
        (name, each)
        for name, each in bounds.stations.items()
        if each.kind not in ("link", "access") or name in bounds.kv or most > TEXT * (each.carries.scenario or 0.0)
    ]


def _load(bounds: Bounds) -> str:
    if bounds.offered is None or bounds.max_rate is None:
        return NONE
    return share(bounds.offered / bounds.max_rate)


def _ratio(rate: float | None, first: float | None) -> str:
    return f"{rate / first:.2f}" if rate is not None and first else NONE


def _rate(value: float | None) -> str:
    return "no limit" if value is None else digits(value)


def _or_none(value: float | None) -> str:
    return NONE if value is None else digits(value)


def _value(value: object) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
