"""Reading trace files line by line, plain or gzip, with errors that name file and line.

Nothing is held but the line at hand. CSV fields are split at commas: none of the formats read here quotes a field.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from paasim.core.errors import InputError, did_you_mean

_GZIP = b"\x1f\x8b"
MOST_TOKENS = 1_000_000_000
"""A larger prompt or answer is taken for a slip."""


def wrong(path: Path, line: int, what: str, todo: str = "correct or remove the line") -> InputError:
    """The error for something wrong at a line of a file."""
    return InputError.one(f"{path}:{line}" if line else str(path), what, todo)


def lines(path: Path, home: str = "") -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not blank, with their numbers from 1; gzip is told by its first bytes.

    Args:
        path: the file.
        home: where the data can be had, for the message if the file is missing.

    Raises:
        InputError: if it is missing, cut short, damaged or not text.
    """
    if not path.is_file():
        todo = f"check the path; the data can be had from {home}" if home else "check the path"
        raise InputError.one("", f"trace file '{path}' does not exist", todo)
    number = 0
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                text = line.rstrip()
                if text:
                    yield number, text
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        what = f"the gzip file is cut short or damaged after line {number} ({error})"
        raise wrong(path, number + 1, what, "get the file again") from None
    except UnicodeDecodeError:
        raise wrong(path, number + 1, "is not text in UTF-8", "give a plain or gzip text file") from None


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    if zipped:
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")


class Row:
    """The fields of one line of a CSV file."""

    __slots__ = ("fields", "line", "path")

    def __init__(self, path: Path, line: int, fields: list[str]) -> None:
        self.path = path
        self.line = line
        self.fields = fields

    def text(self, column: int, name: str) -> str:
        """The field as it is written.

        Raises:
            InputError: if the line is too short or the field empty.
        """
        if column >= len(self.fields) or not self.fields[column].strip():
            raise wrong(self.path, self.line, f"'{name}' is missing")
        return self.fields[column].strip()

    def number(self, column: int, name: str) -> float:
        """The field as a finite number.

        Raises:
            InputError: if it is none.
        """
        text = self.text(column, name)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise wrong(self.path, self.line, f"'{name}' is '{text}', not a finite number")
        return value

    def tokens(self, column: int, name: str) -> int:
        """The field as a number of tokens, 1 or more.

        Raises:
            InputError: if it is none.
        """
        return checked_tokens(self.path, self.line, name, self.number(column, name))

    def in_order(self, last: float, now: float) -> None:
        """Refuse a time before that of the line above.

        Raises:
            InputError: if time goes backwards.
        """
        if now < last:
            raise wrong(self.path, self.line, "the time is before that of the line above", "sort the file by time")


def checked_tokens(path: Path, line: int, name: str, value: float) -> int:
    """A number of tokens, 1 or more.

    Raises:
        InputError: if it is none, or beyond all sense.
    """
    if not 1 <= value <= MOST_TOKENS or value != int(value):
        raise wrong(path, line, f"'{name}' is {value:g}; a request has a whole number of tokens, one or more")
    return int(value)


class Table:
    """A CSV file with a header line, read as a stream."""

    def __init__(self, path: Path, home: str = "") -> None:
        self.path = path
        self._lines = lines(path, home)
        _, header = next(self._lines, (0, ""))
        if not header:
            raise wrong(path, 0, "has no rows", "give a file with a header line and rows below it")
        self.columns = [name.strip() for name in header.lstrip("\ufeff").split(",")]

    def column(self, name: str) -> int:
        """Position of a column.

        Raises:
            InputError: if there is none of that name.
        """
        if name not in self.columns:
            raise wrong(self.path, 1, f"there is no column '{name}'", did_you_mean(name, self.columns))
        return self.columns.index(name)

    def __iter__(self) -> Iterator[Row]:
        """The rows below the header."""
        for number, text in self._lines:
            yield Row(self.path, number, text.split(","))

    def not_empty(self, has_rows: bool) -> None:
        """Refuse a file without rows.

        Raises:
            InputError: if there was none.
        """
        if not has_rows:
            raise wrong(self.path, 0, "has no requests", "give a file with at least one")
