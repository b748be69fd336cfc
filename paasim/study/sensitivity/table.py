"""A study as tables for other programs: one row per effect, one row per point."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from paasim.study.sensitivity.schema import OneAtATime, Study

if TYPE_CHECKING:
    from paasim.study.sensitivity.study import Sensitivity


def effects_csv(study: Study) -> str:
    """The effects in the order of the document; intervals and ends as columns of their own."""
    effects: Sequence[Any] = study.oat or study.morris or study.sobol or []
    rows = [_oat_row(each) if isinstance(each, OneAtATime) else each.model_dump() for each in effects]
    return _text(list(rows[0]) if rows else ["input"], [list(row.values()) for row in rows])


def samples_csv(found: Sensitivity) -> str:
    """Every point: the inputs (empty: as the scenario has it), the metric, whether there is a steady state."""
    names = [each.name for each in found.document.inputs]
    rows = [[each.label, *each.values, each.value, each.steady_state] for each in found.samples]
    return _text(["point", *names, found.document.metric, "steady_state"], rows)


def _oat_row(each: OneAtATime) -> dict[str, object]:
    row: dict[str, object] = {"input": each.input}
    for name, moved in (("low", each.low), ("high", each.high)):
        ends = moved.ci95 or (None, None)
        row |= {f"{name}_value": moved.value, f"{name}_difference": moved.difference}
        row |= {f"{name}_ci95_low": ends[0], f"{name}_ci95_high": ends[1]}
    ends = each.swing_ci95 or (None, None)
    row |= {"swing": each.swing, "swing_ci95_low": ends[0], "swing_ci95_high": ends[1]}
    return row | {"elasticity": each.elasticity, "shape": each.shape}


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
