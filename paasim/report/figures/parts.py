"""Where TTFT goes: mean exposed parts, stacked, one bar per variant; TTST beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from paasim.report import style
from paasim.report.words import PARTS, seconds
from paasim.results.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR, MARGIN = 0.45, 1.9
"""Height of a bar, and of all else, inches."""
ROOM_FOR_TOTAL = 1.22
ROUNDING = 1e-9
"""Parts up to this, s, come from the rounding of time stamps."""
OUTLIER = 5.0
"""A bar this many times longer than the next is cut off, so that the others can be read; its total stays."""


def draw(result: Result) -> Figure | None:
    """The figure; None if no variant has a TTFT."""
    names = [name for name, variant in result.variants.items() if "ttft" in variant.metrics]
    if not names:
        return None
    ttft = [result.variants[name].ttft_parts for name in names]
    ttst = [result.variants[name].ttst_parts for name in names]
    with style.figure(9.5, MARGIN + BAR * len(names)) as figure:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        seen = {**_stack(right, ttst), **_stack(left, ttft)}
        left.set_title("Time to first token")
        right.set_title("From first to second token")
        for axes in (left, right):
            axes.grid(axis="x")
            axes.tick_params(axis="y", length=0)
        left.set_ylim(len(names) - 0.4, -0.6)
        left.set_yticks(range(len(names)), names)
        order = [part for part in PARTS if part in seen]
        handles = [seen[part] for part in order]
        labels = [PARTS[part] for part in order]
        figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return figure


def _stack(axes: Axes, rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Stacked bars with their totals; gives for each part that is there something for the legend to show."""
    seen: dict[str, Any] = {}
    end_of_axis = _reach([sum(each.values()) for each in rows])
    scale, unit = (1.0, "s") if end_of_axis >= 1 else (1e3, "ms")
    for row, each in enumerate(rows):
        end = 0.0
        for part, value in each.items():
            shown = min(value, end_of_axis - end)
            if shown > ROUNDING:
                bar = axes.barh(row, shown * scale, left=end * scale, height=0.62, color=style.PARTS[part], linewidth=0)
                seen.setdefault(part, bar)
                end += shown
        total = sum(each.values())
        said = f"// {seconds(total)}" if total > end_of_axis else seconds(total)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        at = (end * scale, row)
        axes.annotate(said, at, (4, 0), textcoords="offset points", va="center", fontsize=9, bbox=box)
    axes.set_xlim(0, (end_of_axis or 1.0) * scale * ROOM_FOR_TOTAL)
    is_cut = any(sum(each.values()) > end_of_axis for each in rows)
    axes.set_xlabel(f"mean, {unit}{'  (// bar cut off)' if is_cut else ''}")
    return seen


def _reach(totals: Sequence[float]) -> float:
    """How far the bars are drawn, s: to the longest, unless it would dwarf all others."""
    longest, *others = sorted(totals, reverse=True)
    return 2 * others[0] if others and longest > OUTLIER * others[0] > 0 else longest
