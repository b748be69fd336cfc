"""Rates copied from the pages of engines and vendors, one line per device, model and setting, with a note each.

Columns `device, chip, processor, model, quantisation, engine, prompt_tokens, generated_tokens, prefill_tokens_per_s,
decode_tokens_per_s, source, note`. Where the note says `batch N`, the prompt tokens and both rates are of the whole
batch. Where it says a power (`power 15.0 W`), that is the machine's. A decode rate stands at the mean context: prompt
plus half of what was generated, where that is given; without a prompt length, at a context of one token. Rates of a
server under load (`max concurrency`), which are neither, are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import Imported, Record, Select, chosen, count, has_columns, number, records_of
from paasim.profile.table import Row, Table

PREFILL, DECODE = "prefill_tokens_per_s", "decode_tokens_per_s"
COLUMNS = (
    "device",
    "processor",
    "model",
    "quantisation",
    "engine",
    "prompt_tokens",
    "generated_tokens",
    PREFILL,
    DECODE,
)
SETUP = ("device", "processor", "model", "quantisation", "engine")
"""Columns that must agree in all rows of a profile."""
_BATCH = re.compile(r"\bbatch (\d+)\b")
_POWER = re.compile(r"\bpower ([\d.]+) W\b")


def read(path: Path, select: Select) -> Imported:
    """Read the lines of one device, model and setting.

    Args:
        path: the CSV file.
        select: column -> text that it must hold.

    Raises:
        InputError: if the lines are of several settings, or of a server under load.
    """
    left = chosen(records_of(path, COLUMNS), select, path)
    for column in SETUP:
        if len(values := {record[column] for record in left}) > 1:
            some = ", ".join(sorted(values)[:6])
            raise InputError.one(
                str(path), f"the lines are of {len(values)} kinds of {column}", f"select one of {some}"
            )
    if any("max concurrency" in record.get("note", "") for record in left):
        what = "is the throughput of a server under load, not the time of a step"
        raise InputError.one(str(path), what, "use it to calibrate or compare, not to make a profile")
    rows = [row for record in left for row in _rows(record, path)]
    if not rows:
        raise InputError.one(str(path), "the selected lines hold no rate", "widen the selection")
    return Imported(Table(rows), _header(left[0]))


def _rows(record: Record, path: Path) -> list[Row]:
    found = _BATCH.search(record.get("note", ""))
    batch = count({"batch": found[1]}, "batch", path) if found else 1
    prompt, made = number(record, "prompt_tokens", path) or 0, number(record, "generated_tokens", path) or 0
    prefill, decode = number(record, PREFILL, path), number(record, DECODE, path)
    each = round(prompt / batch)
    rows = []
    if prefill and each:
        rows.append(Row("prefill", batch, each, 0.0, prompt / prefill))
    if decode:
        rows.append(Row("decode", batch, 1, max(1.0, each + made / 2), batch / decode))
    return rows


def _header(record: Record) -> dict[str, Any]:
    header: dict[str, Any] = {
        "engine": re.sub(r"[\s,(].*", "", record["engine"]).lower(),
        "place": "device",
        "provenance": "measured",
        "source": record.get("source", ""),
    }
    if version := re.search(r"\d+\.\d+\.\d+", record["engine"]):
        header["version"] = version[0]
    if watts := _POWER.search(record.get("note", "")):
        header |= {"power": f"{watts[1]} W", "power_source": record.get("source", "")}
    return header


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *COLUMNS)


FORMAT = Format("published-points", "rates copied from published pages", _recognises, read)
