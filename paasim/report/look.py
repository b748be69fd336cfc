"""The look of all tables on the terminal."""

from __future__ import annotations

from collections.abc import Collection
from textwrap import wrap

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

NONE = "–"
"""Stands where there is nothing."""
WORDS = {
    *("variant", "resource", "metric", "part", "verdict", "dropped", "routes", "input", "setting", ""),
    *("station", "why", "full first", "busiest", "limited by", "route", "from, or over", "steady"),
    *("for", "what", "limits", "relief", "best relief", "remedy", "--set"),
}
"""Columns of words."""
WRAPPED = {"routes", "setting", "why", "relief", "best relief", "remedy", "--set"}
"""Those of them that may take several lines."""
TEXT = 30
"""Characters that a column of text has at least, if it has as many."""
FAST = "\u00a0"
"""A space at which no line ends."""
WIDE = 10_000
"""Characters: wider than any table."""


def make_table(title: str, *columns: str, text: Collection[str] = ()) -> Fitting:
    """An empty table; columns of words are to the left, of figures to the right.

    Args:
        title: above it.
        columns: their headings.
        text: those which hold text besides the usual ones; they may take several lines.
    """
    table = Fitting(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        is_words, wraps = column in WORDS or column in text, column in WRAPPED or column in text
        table.add_column(column, justify="left" if is_words else "right", no_wrap=not wraps, overflow="fold")
    return table


def add_heading(table: Table, text: str) -> None:
    """A row that says what the rows below it are of, after a gap."""
    if table.row_count:
        table.add_section()
    table.add_row(text, style="italic")


class Fitting(Table):
    """A table that takes less room where the terminal is narrow, so that figures are not cut.

    One after the other, as far as needed: headings over several lines, narrower gaps, names over several lines. Text is
    wrapped first, as long as it keeps some room.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it, in the room that there is."""
        for save in (self._break_headings, lambda: self._close_gaps(2), lambda: self._close_gaps(1), self._break_names):
            if self._least(console, options) <= options.max_width:
                break
            save()
        yield from super().__rich_console__(console, options)

    def _least(self, console: Console, options: ConsoleOptions) -> int:
        """The width at which nothing but text is broken, and that not into too many lines."""
        free = options.update_width(WIDE)
        texts = [max(len(str(cell)) for cell in column.cells) for column in self.columns if not column.no_wrap]
        return self.__rich_measure__(console, free).maximum - sum(max(0, width - TEXT) for width in texts)

    def _break_headings(self) -> None:
        for column in self.columns:
            words = str(column.header).replace(" %", f"{FAST}%")
            widest = max([*(len(str(cell)) for cell in column.cells), *map(len, words.split(" "))], default=1)
            column.header = "\n".join(wrap(words, widest)).replace(FAST, " ")

    def _close_gaps(self, gap: int) -> None:
        self.padding = (0, gap - 1, 0, 0)

    def _break_names(self) -> None:
        for column in self.columns:
            if column.justify == "left" and column.no_wrap:
                column.no_wrap = False
                column._cells = [cell.replace(".", ".\n") if isinstance(cell, str) else cell for cell in column.cells]
