"""Reading traces of requests row by row, with errors that name file and line.

Nothing is held but the row at hand. CSV fields are split at commas: none of the formats read here quotes a field.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from paasim.core.errors import did_you_mean
from paasim.core.textfile import lines, wrong

__all__ = ["MOST_TOKENS", "Row", "Table", "checked_tokens", "lines", "wrong"]

MOST_TOKENS = 1_000_000_000
"""A larger prompt or answer is taken for a slip."""


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
