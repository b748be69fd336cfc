"""The look of all tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

NONE = "–"
"""Stands where there is nothing."""
WORDS = {"variant", "resource", "metric", "part", "verdict", "dropped", "routes", "input", "setting", "there", ""}
"""Columns of words."""
WRAPPED = {"routes", "setting", "there"}
"""Those of them that may take several lines."""


def make_table(title: str, *columns: str) -> Table:
    """An empty table; columns of words are to the left, of numbers to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        is_words = column in WORDS
        table.add_column(column, justify="left" if is_words else "right", no_wrap=is_words and column not in WRAPPED)
    return table
