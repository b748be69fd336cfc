"""How variants differ: the table of differences, the settings behind them, and the same as text for programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from paasim.report.look import NONE, make_table
from paasim.report.words import listed, seconds, with_interval
from paasim.results.result import Result
from paasim.results.schema import Comparison, Difference

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = ("ttft", "p99_ttft", "ttst", "tpot", "e2el", "slo_attainment")
"""Differences of the table; `result.json` has them all."""
RATIOS = ("slo_attainment",)
VERDICTS = {"better": "green", "worse": "red", "same": "dim", "cannot tell": "dim"}
MOST_SETTINGS = 30
"""Settings that are listed; `--json` has them all."""
NAMED = 3
"""Settings that the answer names."""
MANY = 10_000
"""More replications than a run may have."""


def differences(result: Result) -> Table:
    """Each variant against the baseline, with intervals."""
    comparison = result.document.comparison
    assert comparison is not None
    columns = ("variant", "metric", "difference", "95 % interval", "verdict", "replications needed")
    table = make_table(_heading(comparison), *columns)
    for name, each in comparison.differences.items():
        other = comparison.against.get(name)
        shown = name if other is None else f"{name} against {other}"
        for metric in SHOWN:
            if metric in each:
                found = each[metric]
                table.add_row(shown, title_of(metric), *_signed(metric, found), _verdict(found), _needed(found))
        table.add_section()
    return table


def settings(comparison: Comparison) -> Table | None:
    """What differs in the settings of finished runs; None where nothing does."""
    where: dict[tuple[str, str | None, str | None], list[str]] = {}
    for name, found in comparison.settings.items():
        for each in found:
            where.setdefault((each.path, each.baseline, each.value), []).append(name)
    if not where:
        return None
    names = list(comparison.settings)
    left = len(where) - MOST_SETTINGS
    title = "Settings that differ" + (f" ({left} more in --json)" if left > 0 else "")
    there = names[0] if len(names) == 1 else "there"
    here = "compared with" if comparison.against else comparison.baseline
    columns = ("setting", here, there, *(("in",) if len(names) > 1 else ()))
    table = make_table(title, *columns, text=columns)
    for (path, before, after), which in list(where.items())[:MOST_SETTINGS]:
        cells = (path, _or_none(before), _or_none(after))
        table.add_row(*cells, *((("all" if which == names else ", ".join(which)),) if len(names) > 1 else ()))
    return table


def settings_sentence(comparison: Comparison) -> str:
    """One sentence: what differs in the settings."""
    every = [each for found in comparison.settings.values() for each in found]
    found = list(dict.fromkeys((each.path, each.baseline, each.value) for each in every))
    if not found:
        return "No setting, profile or version differs."
    named = listed([f"{path} ({_or_none(before)} → {_or_none(after)})" for path, before, after in found[:NAMED]])
    if len(found) > NAMED:
        return f"{len(found)} settings differ, among them {named}."
    return f"What differs is {named}."


def differences_csv(result: Result) -> str:
    """All differences, one row each."""
    comparison = result.document.comparison
    assert comparison is not None
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    head = ("variant", "against", "metric", "difference", "ci95_low", "ci95_high", "ratio", "verdict", "jointly")
    writer.writerow((*head, "replications_needed", "is_paired"))
    for name, each in comparison.differences.items():
        against = comparison.against.get(name, comparison.baseline)
        for metric, found in each.items():
            ends = found.ci95 or (None, None)
            values = (found.difference, *ends, found.ratio, found.verdict, found.jointly, found.replications_needed)
            writer.writerow((name, against, metric, *values, found.is_paired))
    return buffer.getvalue()


def title_of(metric: str) -> str:
    """A metric as tables name it: `TTFT p99`."""
    if metric in RATIOS:
        return metric.replace("_", " ").replace("slo", "SLO")
    return f"{metric.removeprefix('p99_').upper()} p99" if metric.startswith("p99_") else metric.upper()


def _heading(comparison: Comparison) -> str:
    how = {"requests": "paired", "lengths": "paired by replication", "none": "not paired"}
    pairings = {how[each] for each in comparison.pairing.values()} or {"paired"}
    against = "Variant by variant" if comparison.against else f"Against {comparison.baseline}"
    return f"{against}, {' or '.join(sorted(pairings))}"


def _verdict(found: Difference) -> str:
    """With a word where it does not hold for all variants together."""
    alone = ", alone" if found.jointly is not None and found.jointly != found.verdict else ""
    return f"[{VERDICTS[found.verdict]}]{found.verdict}{alone}[/]"


def _needed(found: Difference) -> str:
    """How many replications would tell."""
    if found.verdict != "cannot tell":
        return ""
    n = found.replications_needed
    return NONE if n is None else f"> {MANY:,}" if n > MANY else f"about {n:,}"


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


def _or_none(value: str | None) -> str:
    return NONE if value is None else value
