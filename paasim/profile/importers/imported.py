"""What an importer gives back, and what importers share."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import statistics
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError, quoted
from paasim.profile.table import Row, Table

Select = Mapping[str, str]
"""Column -> what it must say: which rows of a file are wanted."""
Record = dict[str, str]
"""One row of a file, as text."""


@dataclass(frozen=True)
class Summary:
    """A small table of figures that are worth reading but make no profile."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    reason: str
    """Why no step times can be made of them."""


@dataclass
class Imported:
    """Measured steps, and as much of the header as the file tells."""

    table: Table
    header: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What was left out and why, and what was assumed, one sentence each."""
    summary: Summary | None = None
    """What the file tells besides step times, for a reader."""


def text_of(path: Path) -> str:
    """The text of a file, unzipped if its name ends in `.gz`.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputError.one(str(path), "is text in UTF-16", "save it as UTF-8")
        text = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError.one(str(path), "no such file", "check the path") from None
    except IsADirectoryError:
        raise InputError.one(str(path), "is a folder", "give a file in it") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", "is it damaged, or another format?") from None
    if (at := text.find("\0")) >= 0:
        where = f"{path}:{text.count(chr(10), 0, at) + 1}"
        raise InputError.one(where, "holds a NUL byte, which no text does", "is it damaged, or another format?")
    return text


def json_of(text: str, path: Path, line: int = 1) -> Any:
    """A JSON document that begins in this line of a file.

    Raises:
        InputError: if it is none, with the line.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where, what = f"{path}:{line + error.lineno - 1}", error.msg
    except RecursionError:
        where, what = f"{path}:{line}", "nested too deeply"
    except ValueError:
        where, what = f"{path}:{line}", "a number of too many digits"
    raise InputError.one(where, f"is not JSON: {what}", "is it cut?")


HEAD = 65_536
"""Characters of a file that are looked at to recognise it."""


def head_of(path: Path) -> str:
    """The beginning of a file's text; of a folder, the names in it, one a line.

    Raises:
        InputError: if it cannot be read.
    """
    return "\n".join(sorted(each.name for each in path.iterdir())) if path.is_dir() else text_of(path)[:HEAD]


def has_columns(head: str, *columns: str) -> bool:
    """Whether the first line is that of a CSV file with these columns."""
    first = next(csv.reader(head.splitlines()[:1]), [])
    return set(columns) <= {name.strip() for name in first}


def records_of(path: Path, columns: tuple[str, ...]) -> list[Record]:
    """The rows of a CSV file.

    Raises:
        InputError: if it lacks one of `columns`.
    """
    lines = text_of(path).splitlines()
    reader = csv.DictReader(lines)
    try:
        names = reader.fieldnames or []
        for column in columns:
            if column not in names:
                has = ", ".join(quoted(name) for name in names[:12]) or "no columns"
                raise InputError.one(f"{path}:1", f"has no column '{column}'", f"it has {has}")
        return [{key: value or "" for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise InputError.one(f"{path}:{reader.line_num}", f"is not CSV: {error}", "correct the file") from None


LINE = "line"
"""Where `lined_records_of` keeps `file:line` of a row, for messages."""


def lined_records_of(path: Path, columns: tuple[str, ...]) -> list[Record]:
    """The rows of a CSV file, each with its place under `LINE`.

    Raises:
        InputError: if it lacks one of `columns`.
    """
    return [record | {LINE: f"{path}:{line}"} for line, record in enumerate(records_of(path, columns), start=2)]


def matches(record: Record, select: Select) -> bool:
    """Whether each wanted column says, or has in its text, what is wanted (`=text`: says exactly)."""
    for column, wanted in select.items():
        value = record.get(column, "")
        if value != wanted[1:] if wanted.startswith("=") else wanted.lower() not in value.lower():
            return False
    return True


def chosen(records: list[Record], select: Select, path: Path) -> list[Record]:
    """The wanted rows.

    Raises:
        InputError: if a column is unknown or nothing is left.
    """
    known = {column for record in records for column in record} - {LINE}
    for column in select:
        if column not in known:
            todo = f"it has {', '.join(sorted(known))}"
            raise InputError.one(str(path), f"has no column '{column}' to select by", todo)
    left = [record for record in records if matches(record, select)]
    if not left:
        asked = ", ".join(f"{key}={value}" for key, value in select.items())
        raise InputError.one(str(path), f"has no rows with {asked}", "widen the selection (--select)")
    return left


def require_one(records: list[Record], columns: tuple[str, ...], path: Path) -> None:
    """Refuse rows of several set-ups, which would make one profile of different things.

    Raises:
        InputError: for the first of `columns` in which rows differ, empty cells apart.
    """
    for column in columns:
        values = {record[column] for record in records if record.get(column)}
        if len(values) > 1:
            some = ", ".join(sorted(values)[:6])
            todo = f"select one of {some} (--select {column}=...)"
            raise InputError.one(str(path), f"the rows are of {len(values)} kinds of {column}", todo)


def distinct(records: list[Record], columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The combinations of values in `columns`, in order of appearance, as exact selections."""
    found = dict.fromkeys(tuple(record.get(column, "") for column in columns) for record in records)
    return [{column: f"={value}" for column, value in zip(columns, key, strict=True)} for key in found]


SMALLEST, LARGEST = 1e-12, 1e15
"""A number of a row that is not zero lies between these, or the file is damaged."""


def number(record: Record, column: str, path: Path | str) -> float | None:
    """A number of a row; None if the cell is empty. `path` is for the message, and may be `file:line`.

    Raises:
        InputError: if it is not a finite number above zero.
    """
    text = record.get(column, "").strip()
    if not text or text.lower() == "nan":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (value == 0 or SMALLEST <= value < LARGEST):
        what = "is beyond any that is measured" if value > 0 else "is not a number of zero or more"
        raise InputError.one(str(path), f"{column} {quoted(text)} {what}", "correct the file")
    return value


def count(record: Record, column: str, where: Path | str, least: int = 1) -> int:
    """A whole number of a row.

    Raises:
        InputError: if it is none, or below `least`.
    """
    value = number(record, column, where)
    if value is None or value != int(value) or value < least:
        what = f"{column} {quoted(record.get(column, ''))} is not a whole number of at least {least}"
        raise InputError.one(str(where), what, "is the file cut?")
    return int(value)


def repeated(phase: str, batch: int, new: int, context: float, seconds: list[float]) -> Row:
    """One row of repeats of the same step: their mean, sample standard deviation and number."""
    std = statistics.stdev(seconds) if len(seconds) > 1 else None
    return Row(phase, batch, new, context, statistics.fmean(seconds), std, len(seconds))


def merged(rows: Iterable[Row]) -> list[Row]:
    """Rows of the same step as one row of their mean."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.phase, row.batch, row.new_tokens, row.context_tokens), []).append(row)
    return [each[0] if len(each) == 1 else _mean(each) for each in groups.values()]


def _mean(rows: list[Row]) -> Row:
    return replace(rows[0], latency=sum(row.latency for row in rows) / len(rows), std=None, n=len(rows))


def prefill_row(tokens: float, depth: float, rate: float, rate_std: float | None = None) -> Row:
    """A prompt of `tokens` tokens after `depth` cached ones, processed at `rate` tokens/s."""
    std = None if rate_std is None else tokens / rate * rate_std / rate
    # A number of too many digits is infinite here; `Format.read` refuses what it becomes.
    return Row("prefill", 1, int(min(tokens, LARGEST)), depth, tokens / rate, std)


def decode_row(tokens: float, depth: float, rate: float, rate_std: float | None = None) -> Row:
    """`tokens` tokens generated one by one after `depth` cached ones, at `rate` tokens/s.

    The rate is an average over growing contexts; with a step time that is affine in context, its inverse is the time of
    the step at the mean context.
    """
    std = None if rate_std is None else rate_std / rate**2
    return Row("decode", 1, 1, depth + tokens / 2, 1 / rate, std)
