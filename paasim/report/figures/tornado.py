"""The tornado: how far each input moves the metric, the largest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasim.report import style
from paasim.report.words import tick
from paasim.study.sensitivity.inputs import factor_words
from paasim.study.sensitivity.schema import InputRange, OneAtATime, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 12
"""Inputs that are drawn."""
LOW, HIGH = style.VARIANTS[0], style.VARIANTS[1]


def draw(study: Study) -> Figure | None:
    """The figure; None where inputs were not moved one at a time, or nothing was measured."""
    effects = [each for each in study.oat or [] if each.swing is not None][:MOST]
    if not effects or study.value is None:
        return None
    ranges = {each.name: each for each in study.inputs}
    with style.figure(8.0, 1.4 + 0.42 * len(effects)) as figure:
        axes = figure.subplots()
        for row, each in enumerate(reversed(effects)):
            _bars(axes, row, each, ranges[each.input], study.value)
        axes.axvline(study.value, color=style.INK, linewidth=1)
        axes.set_yticks(range(len(effects)), [each.input for each in reversed(effects)])
        axes.set_xlabel(study.title)
        if study.unit == "s":
            axes.xaxis.set_major_formatter(lambda value, _: tick(value))
        axes.grid(axis="x")
        axes.margins(x=0.16)
        axes.set_title("One input moved at a time: low end (blue), high end (orange)")
    return figure


def _bars(axes: Axes, row: int, each: OneAtATime, span: InputRange, base: float) -> None:
    reached = [base if moved.value is None else moved.value for moved in (each.low, each.high)]
    for value, colour in zip(reached, (LOW, HIGH), strict=True):
        axes.barh(row, value - base, left=base, height=0.62, color=colour)
    if each.swing:
        ends = sorted(zip(reached, (span.low, span.high), strict=True))
        for (value, end), side in zip(ends, (-1, 1), strict=True):
            place = min(value, base) if side < 0 else max(value, base)
            text = factor_words(end) if span.is_factor else f"{end:.4g} {span.unit}".rstrip()
            _label(axes, text, place, row, side)


def _label(axes: Axes, text: str, place: float, row: int, side: int) -> None:
    """A text to the left (-1) or right (1) of a place."""
    axes.annotate(
        text,
        (place, row),
        xytext=(4 * side, 0),
        textcoords="offset points",
        ha="right" if side < 0 else "left",
        va="center",
        fontsize=8,
    )
