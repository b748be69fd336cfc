"""Tables of measured steps, and the CSV file that holds them.

Columns: `phase,batch,new_tokens,context_tokens,latency_ms,std_ms,n`. A row is one kind of step:
*prefill*: `batch` prompts of `new_tokens` new tokens each, after `context_tokens` cached ones;
*decode*: `batch` sequences of `context_tokens` each, `new_tokens` 1;
*mixed*: `new_tokens` prompt tokens beside `batch` sequences of `context_tokens` each; the prompt tokens are chunks
from anywhere in prompts of that length too, so that one of them attends half of it on average.
`std_ms` and `n` (repeats) may be empty, and the last two columns may be missing.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paasim.core.errors import InputError, Problem, quoted
from paasim.profile.spec import PHASES

Floats = npt.NDArray[np.float64]
HEADER = ("phase", "batch", "new_tokens", "context_tokens", "latency_ms", "std_ms", "n")
NEEDED = 5
"""Columns, from the left, that a file must have."""
MOST_PROBLEMS = 20
"""Problems of one file that are told at once."""


@dataclass(frozen=True)
class Row:
    """One measured step (see the module's text for what the fields mean in each phase)."""

    phase: str
    batch: int
    new_tokens: int
    context_tokens: float
    latency: float
    """Seconds."""
    std: float | None = None
    """Standard deviation over repeats, s."""
    n: int | None = None
    """Repeats."""


MOST_TOKENS, MOST_SEQUENCES = 1e9, 1e7
"""Of a step: far beyond any engine; more is a slip or damage."""
SHORTEST, LONGEST = 1e-8, 1e6
"""Times of a step, s: a kernel launch takes a thousand times the first, the second is eleven days."""


def implausible(row: Row) -> str:
    """Why no engine can have run such a step; empty if one can."""
    if not 1 <= row.batch <= MOST_SEQUENCES:
        return f"a step of {row.batch:.3g} sequences"
    # A mixed or decode row counts its sequences' context apart.
    for tokens in (row.batch * row.new_tokens, row.batch * row.context_tokens):
        if not 0 <= tokens <= MOST_TOKENS:
            return f"a step of {tokens:.3g} tokens"
    if row.new_tokens < 1 and row.phase != "decode":
        return f"a step of {row.new_tokens} new tokens"
    if not SHORTEST <= row.latency <= LONGEST:
        return f"a step of {row.latency:.3g} s"
    return f"a deviation of {row.std:.3g} s" if row.std is not None and not 0 <= row.std <= LONGEST else ""


@dataclass(frozen=True)
class Points:
    """The rows of one phase as arrays, shape (rows,); times in seconds."""

    batch: Floats
    new: Floats
    context: Floats
    seconds: Floats
    attended: Floats | None = None
    """Context that attention looks at, where sliding windows make it less than `context`."""

    def __len__(self) -> int:
        return len(self.seconds)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Points:
        """Rows as arrays."""
        columns = [(r.batch, r.new_tokens, r.context_tokens, r.latency) for r in rows]
        return cls(*np.array(columns, dtype=np.float64).reshape(-1, 4).T)

    def take(self, mask: npt.NDArray[np.bool_]) -> Points:
        """The rows where `mask` holds."""
        attended = None if self.attended is None else self.attended[mask]
        return Points(self.batch[mask], self.new[mask], self.context[mask], self.seconds[mask], attended)

    def seen_through(self, attended: Callable[[float], float] | None) -> Points:
        """The same rows for a model with sliding windows: `attended` maps a context to what is looked at."""
        if attended is None:
            return self
        return replace(self, attended=np.array([attended(float(context)) for context in self.context]))

    @property
    def tokens(self) -> Floats:
        """N of prefill rows."""
        return self.batch * self.new

    @property
    def pairs(self) -> Floats:
        """Q of prefill rows."""
        return self.tokens * (self.context + self.new / 2)

    @property
    def total(self) -> Floats:
        """S of decode and mixed rows."""
        return self.batch * self.seen

    @property
    def seen(self) -> Floats:
        """Attended context per sequence."""
        return self.context if self.attended is None else self.attended

    @property
    def mixed_pairs(self) -> Floats:
        """Q of mixed rows."""
        return self.new * self.context / 2


@dataclass
class Table:
    """All rows of a profile."""

    rows: list[Row] = field(default_factory=list)

    def points(self, phase: str) -> Points | None:
        """The rows of a phase, None if there is none."""
        rows = [row for row in self.rows if row.phase == phase]
        return Points.of(rows) if rows else None

    def sort(self) -> None:
        """Put rows into the order of phase, batch, context, new tokens."""
        self.rows.sort(key=lambda r: (PHASES.index(r.phase), r.batch, r.context_tokens, r.new_tokens))

    def write(self, path: Path) -> None:
        """Write the CSV file."""
        lines = [",".join(HEADER)]
        for r in self.rows:
            std = "" if r.std is None else f"{r.std * 1e3:.4g}"
            context = f"{r.context_tokens:.10g}"
            count = "" if r.n is None else r.n
            lines.append(f"{r.phase},{r.batch},{r.new_tokens},{context},{r.latency * 1e3:.7g},{std},{count}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: Path) -> Table:
    """Read a CSV file of measured steps.

    Raises:
        InputError: if it is not there or not such a file; with every unusable row as `file:line`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError.one(str(path), "no such file", "the table stands beside the profile's YAML") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.one(str(path), f"cannot be read as CSV: {error}", "give a text file in UTF-8") from None
    return parse(text, path)


def parse(text: str, path: Path) -> Table:
    """Read the text of a CSV file of measured steps; `path` is for messages.

    Raises:
        InputError: if it is not such a file; with every unusable row as `file:line`.
    """
    try:
        lines = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise InputError.one(str(path), f"cannot be read as CSV: {error}", "give a text file in UTF-8") from None
    columns = len(lines[0]) if lines else 0
    if columns < NEEDED or tuple(name.strip() for name in lines[0]) != HEADER[:columns]:
        todo = f"the first line must be {','.join(HEADER)}"
        raise InputError.one(f"{path}:1", "is not a table of measured steps", todo)
    problems: list[Problem] = []
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        try:
            rows.append(_row(line, columns))
        except ValueError as error:
            problems.append(Problem(f"{path}:{number}", str(error), "correct or remove the row"))
    if not rows and not problems:
        problems.append(Problem(f"{path}:1", "has no rows", "measure at least one step"))
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    return Table(rows)


def _row(cells: Sequence[str], columns: int) -> Row:
    if len(cells) != columns:
        raise ValueError(f"has {len(cells)} cells instead of {columns}")
    cells = [cell.strip() for cell in (*cells, "", "")]
    phase = cells[0]
    if phase not in PHASES:
        raise ValueError(f"phase {quoted(phase)} is none of {', '.join(PHASES)}")
    batch, new = _count("batch", cells[1], 1), _count("new_tokens", cells[2], 0 if phase == "decode" else 1)
    context = _number("context_tokens", cells[3])
    latency = _number("latency_ms", cells[4]) / 1e3
    if latency == 0:
        raise ValueError("latency_ms is 0: no step takes no time")
    std = _number("std_ms", cells[5]) / 1e3 if cells[5] else None
    row = Row(phase, batch, new, context, latency, std, _count("n", cells[6], 1) if cells[6] else None)
    if why := implausible(row):
        raise ValueError(f"{why} is beyond any engine")
    return row


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {quoted(text)} is not a number") from None
    if not math.isfinite(value) or not 0 <= value < 1e12:
        raise ValueError(f"{name} {quoted(text)} is not a finite number of zero or more")
    return value


def _count(name: str, text: str, least: int) -> int:
    value = _number(name, text)
    if value != int(value) or value < least:
        raise ValueError(f"{name} {quoted(text)} is not a whole number of at least {least}")
    return int(value)
