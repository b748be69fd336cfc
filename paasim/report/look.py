"""The look of all tables on the terminal."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

NONE = "–"
"""Stands where there is nothing."""
WORDS = {"variant", "resource", "metric", "part", "verdict", "dropped", "routes", "input", "setting", ""}
"""Columns of words."""
WRAPPED = {"routes", "setting"}
"""Those of them that may take several lines."""
WHOLE = {"95 % interval"}
"""Columns of numbers that must not."""


def make_table(title: str, *columns: str, text: Collection[str] = ()) -> Table:
    """An empty table; columns of words are to the left, of numbers to the right.

    Args:
        title: above it.
        columns: their headings.
        text: those which hold text besides the usual ones; they may take several lines.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        is_words, wraps = column in WORDS or column in text, column in WRAPPED or column in text
        table.add_column(
            column, justify="left" if is_words else "right", no_wrap=column in WHOLE or (is_words and not wraps)
        )
    return table
