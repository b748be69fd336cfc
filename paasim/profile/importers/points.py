"""Steps written out in a recipe: a handful of figures from a paper or a web page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paasim.core.errors import InputError, quoted
from paasim.core.units import TIME
from paasim.profile.spec import PHASES
from paasim.profile.table import Row, Table, implausible


def table_of(points: Sequence[Any], where: str) -> Table:
    """Rows from a list such as `- {phase: prefill, batch: 1, new: 1024, context: 0, time: 64 ms}`.

    Raises:
        InputError: for a point that is not of that form.
    """
    if not isinstance(points, list):
        raise InputError.one(where, "points is no list", "write e.g. [{phase: prefill, new: 1024, time: 64 ms}]")
    rows = []
    for i, point in enumerate(points):
        try:
            new, context = int(point.get("new", 1)), float(point.get("context", 0))
            row = Row(point["phase"], int(point.get("batch", 1)), new, context, TIME.parse(point["time"]))
            if row.phase not in PHASES:
                raise ValueError(f"phase {quoted(row.phase)} is none of {', '.join(PHASES)}")
            if why := implausible(row):
                raise ValueError(f"{why} is beyond any engine")
            rows.append(row)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            todo = "write e.g. {phase: prefill, new: 1024, time: 64 ms}"
            raise InputError.one(where, f"point {i + 1}: {error}", todo) from None
    return Table(rows)
