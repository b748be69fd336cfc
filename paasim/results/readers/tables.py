"""What readers of CSV tables share: a row with its place, and numbers of its cells."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from paasim.core.errors import InputError
from paasim.profile.importers.imported import text_of
from paasim.results.readers.reading import number

LONGEST = 2**30
"""Characters of a cell: one may list the gaps of a long answer."""


_ABSURD = re.compile(r"\d{320}")
"""Beyond any float, and in time beyond what Python reads as a whole number."""


class Row:
    """A row of a CSV table, with `file:line` for messages."""

    def __init__(self, cells: dict[str, str], where: str) -> None:
        self.cells = cells
        self.where = where

    def text(self, column: str) -> str:
        """A cell; empty if there is none."""
        return self.cells.get(column, "").strip()

    def number(self, column: str) -> float | None:
        """A number of zero or more; None if the cell is empty, NaN or infinite.

        Raises:
            InputError: if it is no such number.
        """
        text = self.text(column)
        return number(text, column, self.where) if text else None

    def whole(self, column: str) -> int | None:
        """A number, rounded."""
        value = self.number(column)
        return None if value is None else round(value)

    def size(self, column: str) -> int | None:
        """A width or a count of GPUs: None if it is empty or 0, which files write for not stated."""
        return self.whole(column) or None


def rows_of(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """The rows of a CSV file, cells of any length.

    Raises:
        InputError: if it lacks one of `columns`, or is no CSV.
    """
    before = csv.field_size_limit(LONGEST)
    try:
        text = text_of(path)
        reader = csv.DictReader(text.splitlines())
        names = reader.fieldnames or []
        for column in columns:
            if column not in names:
                raise InputError.one(f"{path}:1", f"has no column '{column}'", f"it has {', '.join(names[:12])}")
        if absurd := _ABSURD.search(text):
            where = f"{path}:{text.count(chr(10), 0, absurd.start()) + 1}"
            raise InputError.one(where, "holds a number of too many digits", "is the file damaged?")
        return [
            Row({key: value or "" for key, value in cells.items() if key}, f"{path}:{line}")
            for line, cells in enumerate(reader, start=2)
        ]
    except csv.Error as error:
        raise InputError.one(str(path), f"is no CSV: {error}", "is it damaged, or another format?") from None
    finally:
        csv.field_size_limit(before)
