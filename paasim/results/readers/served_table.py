"""paasim's own table of measured serving: a CSV that holds all that was read, whatever file it came from.

Column `kind`: a row is a `run` (its set-up, the file's own figures, its warnings) or a `request` of the run named in
`run`. Times are in s, gaps of a request stand in one cell with spaces between. Columns that nothing fills are left out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from math import inf
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError, quoted
from paasim.profile.importers.imported import has_columns
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import number
from paasim.results.readers.tables import Row, rows_of
from paasim.results.served import STATED, Answer, Layout, Served, Setup

COLUMNS = ("kind", "run", "unusable")
RATES = ("requests_per_s", "output_tokens_per_s", "total_tokens_per_s")
LAYOUTS = {"layout": "", "prefill": "prefill_", "decode": "decode_"}
"""Field of `Setup` -> prefix of its columns."""
WHOLE = ("gpus", "concurrency")
REAL = ("isl", "osl", "shortest", "longest", "request_rate")


def facts(setup: Setup) -> dict[str, Any]:
    """The set-up, flat: one column each; empty or None where it is not stated."""
    found: dict[str, Any] = {}
    for each in fields(Setup):
        value = getattr(setup, each.name)
        if isinstance(value, Layout):
            found |= {f"{LAYOUTS[each.name]}{part.name}": getattr(value, part.name) for part in fields(Layout)}
        else:
            found[each.name] = value
    return found


def setup_of(row: Row) -> Setup:
    """A set-up from its columns.

    Raises:
        InputError: if a cell that should be a number is none.
    """
    values: dict[str, Any] = {
        name: Layout(**{part.name: row.whole(f"{prefix}{part.name}") for part in fields(Layout)})
        for name, prefix in LAYOUTS.items()
    }
    for each in fields(Setup):
        if each.name in WHOLE:
            values[each.name] = row.whole(each.name)
        elif each.name in REAL:
            values[each.name] = inf if row.text(each.name) == "inf" else row.number(each.name)
        elif each.name not in LAYOUTS:
            values[each.name] = row.text(each.name)
    return Setup(**values)


def write(runs: Sequence[Served], path: Path) -> None:
    """Write the table.

    Raises:
        InputError: if it cannot be written there.
    """
    rows = [row for i, run in enumerate(runs, start=1) for row in _rows(run, i)]
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if _needed(name, rows)]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise InputError.one(str(path), f"cannot be written: {error.strerror}", "name another file (-o)") from None


def _needed(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    return name in COLUMNS or any(row.get(name) not in (None, "") for row in rows)


def _rows(run: Served, number: int) -> Iterator[dict[str, Any]]:
    """The run, then its requests; the number keeps runs of one name apart."""
    yield {
        "kind": "run",
        "run": number,
        "name": run.name,
        **facts(run.setup),
        "completed": run.completed,
        "failed": run.failed,
        "duration_s": run.duration,
        **{name: run.rates.get(name) for name in RATES},
        **{f"{m}_{s}_s": value for m, each in run.stated.items() for s, value in each.items()},
        "unusable": run.unusable,
        "held": run.held,
        "warnings": json.dumps(run.warnings, ensure_ascii=False) if run.warnings else "",
    }
    for each in run.requests:
        yield {
            "kind": "request",
            "run": number,
            "request_id": each.request_id,
            "start_s": each.start,
            "prompt_tokens": each.prompt_tokens,
            "output_tokens": each.output_tokens,
            "ttft_s": each.ttft,
            "e2el_s": each.e2el,
            "itl_s": " ".join(map(repr, each.itl)),
            "ok": int(each.ok),
            "error": each.error,
            "waited_s": each.waited,
        }


def read(path: Path) -> list[Served]:
    """Read the table again.

    Raises:
        InputError: if a row is of no run, or a cell is no number.
    """
    runs: dict[str, Served] = {}
    requests: dict[str, list[Answer]] = {}
    for row in rows_of(path, COLUMNS):
        name, kind = row.text("run"), row.text("kind")
        if kind == "run":
            runs[name] = _run(row)
        elif kind == "request" and name in runs:
            requests.setdefault(name, []).append(_request(row))
        else:
            what = f"kind {quoted(kind)} of run {quoted(name)} is neither a run nor a request of a run above"
            raise InputError.one(row.where, what, "correct the file")
    for name, answers in requests.items():
        runs[name].requests = tuple(answers)
    return list(runs.values())


def _run(row: Row) -> Served:
    stated: dict[str, dict[str, float]] = {}
    for column in row.cells:
        metric, _, rest = column.partition("_")
        if metric in STATED and rest.endswith("_s") and (value := row.number(column)) is not None:
            stated.setdefault(metric, {})[rest.removesuffix("_s")] = value
    rates = {name: row.number(name) for name in RATES}
    return Served(
        name=row.text("name"),
        setup=setup_of(row),
        stated=stated,
        rates={name: value for name, value in rates.items() if value is not None},
        completed=row.whole("completed"),
        failed=row.whole("failed"),
        duration=row.number("duration_s"),
        warnings=_warnings(row),
        unusable=row.text("unusable"),
        held=row.text("held"),
    )


def _warnings(row: Row) -> list[str]:
    try:
        found = json.loads(row.text("warnings") or "[]")
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, list):
        raise InputError.one(row.where, "warnings is no JSON list of texts", "correct the file")
    return [str(each) for each in found]


def _request(row: Row) -> Answer:
    gaps = (number(text, "itl_s", row.where) for text in row.text("itl_s").split())
    return Answer(
        request_id=row.text("request_id"),
        start=row.number("start_s") or 0.0,
        prompt_tokens=row.whole("prompt_tokens"),
        output_tokens=row.whole("output_tokens"),
        ttft=row.number("ttft_s"),
        e2el=row.number("e2el_s"),
        itl=tuple(gap for gap in gaps if gap is not None),
        ok=row.text("ok") == "1",
        error=row.text("error"),
        waited=row.number("waited_s"),
    )


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *COLUMNS)


FORMAT = Format("served", "paasim's own table of measured serving", _recognises, read)
