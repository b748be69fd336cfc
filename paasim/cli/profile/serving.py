"""`paasim profile import` of results of serving: what a benchmark of a real engine found, in paasim's own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paasim.cli import console
from paasim.cli.profile import options

if TYPE_CHECKING:
    from paasim.results.readers.formats import Format
    from paasim.results.served import Served

SHOWN = 24
"""Runs that are listed one by one; more are put together by engine, hardware, model and mode."""
METRICS = ("ttft", "tpot", "itl", "e2el")
REASONS = 12
"""Warnings that are listed at most."""
PURPOSE = (
    "these are results of serving, for paasim profile calibrate; they hold no step times, so no profile is made of them"
)


def told(
    file: Path,
    format: str,
    select: Mapping[str, str],
    header: Mapping[str, str],
    output: Path | None,
    as_json: bool,
    all_: bool = False,
) -> bool:
    """Tell what a file of serving results holds, and write it as a table.

    Args:
        file: a file or folder of any format.
        format: its name, or empty.
        select: only the runs whose facts hold these texts.
        header: facts that the file does not tell, such as the hardware.
        output: a CSV file to write the common table to.
        as_json: print one JSON document.
        all_: whether a profile of each configuration is asked for, which such results do not give.

    Returns:
        Whether it was one; if not, nothing was done.

    Raises:
        InputError: if it is one and damaged, or if it is none and what was asked for fits only such results.
    """
    from paasim.core.errors import InputError
    from paasim.results.readers import formats

    known = formats.formats().get(format) if format else formats.recognise(file)
    if known is None:
        _require_known(file, format)
        if as_json:
            raise InputError.one("--json", "is only for results of serving, which this file is not", "leave it out")
        return False
    if all_:
        raise InputError.one("--all", PURPOSE, "leave it out: all runs are told")
    runs = [_named(run, header) for run in formats.read(file, known.name)]
    runs = _selected(runs, select, file)
    if output is not None:
        if output.resolve() == file.resolve():
            raise InputError.one("-o", f"'{output}' is the file that is read", "give another name")
        _write(runs, output)
    if as_json:
        console.say_json({"file": str(file), "format": known.name, **_totals(runs), "runs": [_facts(r) for r in runs]})
        return True
    _show(file, known, runs)
    console.note(PURPOSE if output is None else f"written to {output}; {PURPOSE}")
    return True


def _require_known(file: Path, format: str) -> None:
    """A file that nothing here can read: say all that could be."""
    from paasim.core.errors import InputError
    from paasim.profile.importers import formats as steps
    from paasim.profile.importers.imported import head_of
    from paasim.results.readers import formats

    if format:
        return
    head = head_of(file)
    if any(each.recognises(file, head) for each in steps.formats().values()):
        return
    known = [each.title for each in steps.formats().values()] + [each.title for each in formats.formats().values()]
    titles = ", ".join(known)
    raise InputError.one(str(file), "is of no format that is known here", f"known are: {titles}")


def _named(run: Served, header: Mapping[str, str]) -> Served:
    """The run with facts that the user knows and the file does not tell."""
    from paasim.core.errors import InputError, did_you_mean
    from paasim.results.readers.served_table import facts, setup_of
    from paasim.results.readers.tables import Row

    known = facts(run.setup)
    for name in header:
        if name not in known:
            raise InputError.one("--set", f"'{name}' is no fact of a run", did_you_mean(name, known))
    if not header:
        return run
    cells = {name: "" if value is None else str(value) for name, value in known.items()} | dict(header)
    return replace(run, setup=setup_of(Row(cells, "--set")))


def _selected(runs: list[Served], select: Mapping[str, str], file: Path) -> list[Served]:
    from paasim.profile.importers.imported import chosen, matches
    from paasim.results.readers.served_table import facts

    texts = [
        {name: "" if value is None else str(value) for name, value in ({"name": run.name} | facts(run.setup)).items()}
        for run in runs
    ]
    chosen(texts, select, file)  # refuses unknown names, and a selection that leaves nothing
    return [run for run, text in zip(runs, texts, strict=True) if matches(text, select)]


def _write(runs: Sequence[Served], output: Path) -> None:
    from paasim.core.errors import InputError
    from paasim.results.readers.served_table import write

    if output.suffix != ".csv":
        raise InputError.one("-o", f"{output}: {PURPOSE}", "the common table of them is a CSV: -o served.csv")
    write(runs, output)


def _totals(runs: Sequence[Served]) -> dict[str, Any]:
    """Counts over all runs; `requests` are those that are there one by one."""
    return {
        "requests": sum(len(run.requests) for run in runs),
        "answered": sum(run.completed or 0 for run in runs),
        "failed": sum(run.failed or 0 for run in runs),
        "usable": sum(not run.unusable for run in runs),
        "unusable": dict(Counter(run.unusable for run in runs if run.unusable).most_common()),
        "warnings": dict(Counter(text for run in runs for text in run.warnings).most_common()),
    }


def _facts(run: Served) -> dict[str, Any]:
    """A run as JSON: no NaN, no infinity, nothing that is not stated."""
    from dataclasses import asdict

    from paasim.results.readers.served_table import facts

    setup = {name: value for name, value in facts(run.setup).items() if value not in (None, "")}
    if not isfinite(setup.get("request_rate", 0.0)):
        setup["request_rate"] = "inf"
    return {
        "name": run.name,
        "setup": setup,
        "load": run.setup.load,
        "requests": len(run.requests),
        "answered": run.completed,
        "failed": run.failed,
        "metrics": {name: asdict(summary) for name, summary in run.recomputed().items()},
        "stated": {name: dict(each) for name, each in run.stated.items()},
        "throughput": run.throughput(),
        "unusable": run.unusable,
        "held": run.held,
        "warnings": run.warnings,
    }


def _show(file: Path, known: Format, runs: Sequence[Served]) -> None:
    totals = _totals(runs)
    console.note(f"{file}: {known.title} ({known.name})")
    counts = f"{totals['answered']} requests answered, {totals['failed']} failed" if totals["answered"] else ""
    rows = f"{totals['requests']} of them one by one" if totals["requests"] else "figures only"
    console.note(f"  {len(runs)} runs, {totals['usable']} usable" + (f"; {counts}, {rows}" if counts else f"; {rows}"))
    if len(runs) <= SHOWN:
        _list(runs)
    else:
        _group(runs)
    for what in ("unusable", "warnings"):
        for text, number in _alike(totals[what])[:REASONS]:
            console.note(f"  {what.removesuffix('s')}, {number} of {len(runs)} runs: {text}")


def _alike(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Sentences that differ only in their numbers as one, the first of them."""
    found: dict[str, tuple[str, int]] = {}
    for text, number in counts.items():
        key = re.sub(r"\d[\d.e-]*", "#", text)
        first, before = found.get(key, (text, 0))
        found[key] = first if before else text, before + number
    return sorted(found.values(), key=lambda each: -each[1])


def _list(runs: Sequence[Served]) -> None:
    """One line a run. A figure that is no recomputed median says which statistic it is."""
    table = options.table("run", "load", "isl", "osl", "ok", "failed", *(f"{m} ms" for m in METRICS), "out tok/s")
    for run in runs:
        out = run.throughput().get("output_tokens_per_s")
        table.add_row(
            run.name,
            run.setup.load,
            *(_count(each) for each in (run.setup.isl, run.setup.osl, run.completed, run.failed)),
            *(_figure(run, metric) for metric in METRICS),
            "" if out is None else f"{out:.0f}",
        )
    console.out().print(table)


def _figure(run: Served, metric: str) -> str:
    found = run.typical(metric)
    if found is None:
        return ""
    return f"{found.value * 1e3:.4g}" + ("" if found.statistic == "p50" else f" {found.statistic}")


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _group(runs: Sequence[Served]) -> None:
    """One line for all runs of an engine, hardware, model and mode: the range of what they found."""
    groups: dict[tuple[str, ...], list[Served]] = {}
    for run in runs:
        setup = run.setup
        groups.setdefault((setup.engine, setup.hardware, setup.model, setup.mode), []).append(run)
    table = options.table("engine", "hardware", "model", "mode", "runs", "usable", "ttft ms", "tpot ms")
    for key, several in sorted(groups.items()):
        usable = sum(not run.unusable for run in several)
        table.add_row(*key, str(len(several)), str(usable), *(_range(several, metric) for metric in ("ttft", "tpot")))
    console.out().print(table)


def _range(runs: Sequence[Served], metric: str) -> str:
    values = [found.value * 1e3 for run in runs if (found := run.typical(metric)) is not None]
    return f"{min(values):.4g} - {max(values):.4g}" if values else ""
