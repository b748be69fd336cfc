"""A hardware profile: measured points, what is made of them, the form alone, and where the measured box ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from paasim.core.recorder import Floats
from paasim.profile.profile import Profile
from paasim.profile.steps import StepTime
from paasim.report import style, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

MOST_LINES = 6
"""Prefixes or batch sizes that are drawn; of more, some that are evenly spread."""
POINTS = 160
"""Points of a line."""
BEYOND = 3.0
"""How far lines go on beyond what was measured, as a factor."""
ALONE = 30.0
"""The same around a single measured x."""
LEAST = 2.0
"""Ratio of the ends of the axis of times, at least: less would make much of nothing."""
LEGEND_WIDTH, LEGEND_LINE = 0.3, 0.052
"""Room that the legend takes, as shares of the panel."""
CROWDED = 300.0
"""Ratio of the ends of an axis from which only powers of ten are labelled."""
NARROW = 10.0
"""The same below which there are labels between 1, 2 and 5 too."""
PROMPTS = (16.0, 131072.0)
CONTEXTS = (128.0, 131072.0)
BATCHES = (1, 8, 64)
"""What is drawn of a profile without a table."""


@dataclass
class Series:
    """One line of a panel: x against seconds."""

    label: str
    measured: tuple[Floats, Floats]
    """x and seconds of the measured points."""
    range: tuple[float, float]
    """From where to where the line goes."""
    time: Callable[[float], float]
    form: Callable[[float], float]
    outside: Callable[[float], bool]


@dataclass
class Panel:
    """One phase."""

    title: str
    xlabel: str
    legend: str
    series: list[Series] = field(default_factory=list)
    box: tuple[float, float] | None = None
    """Smallest and largest measured x."""


def draw(profile: Profile) -> Figure:
    """The figure: prefill time over tokens by prefix, and decode time over total context by batch size.

    Times are those of the table, without the profile's calibration.
    """
    plain = profile.spec.calibration.scale == 1 and not profile.spec.calibration.overhead
    steps = (
        profile.steps() if plain or profile.table is None else StepTime(profile.id, profile.spec.form, profile.table)
    )
    panels = [make(profile, steps) for make, can in ((_prefill, steps.can_prefill), (_decode, steps.can_decode)) if can]
    with style.figure(1.0 + 5.0 * len(panels), 4.6) as figure:
        all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, panel in zip(all_axes, panels, strict=True):
            _panel(axes, panel)
        all_axes[0].set_ylabel("time of a step")
        figure.suptitle(f"{profile.id}: {profile.spec.provenance}", x=0.01, ha="left", fontsize=12)
        _legend(figure, any(panel.box for panel in panels), 5 if len(panels) > 1 else 3)
    return figure


def _prefill(profile: Profile, steps: StepTime) -> Panel:
    """One prompt in a step: time over its new tokens, by the tokens that are cached before it."""
    panel = Panel("Prefill, one prompt", "new tokens N", "after cached tokens")
    form = profile.spec.form.prefill
    points = profile.table.points("prefill") if profile.table is not None else None
    if points is not None:
        points = points.take(points.batch == points.batch.min())
        panel.box = (float(points.tokens.min()), float(points.tokens.max()))
    prefixes = _some(points.context if points is not None else (0.0,))
    for prefix in prefixes:
        rows = points.take(points.context == prefix) if points is not None else None
        panel.series.append(
            Series(
                f"{prefix:,.0f}",
                (rows.tokens, rows.seconds) if rows is not None else (np.empty(0), np.empty(0)),
                _around(rows.tokens, len(prefixes)) if rows is not None else PROMPTS,
                lambda n, p=prefix: steps.prefill(round(n), round(n) * (p + round(n) / 2)),  # type: ignore[misc]
                lambda n, p=prefix: float(form.at(n, n * (p + n / 2))) if form is not None else 0.0,  # type: ignore[misc]
                lambda n, p=prefix: steps.prefill_outside(round(n), round(n) * (p + round(n) / 2)),  # type: ignore[misc]
            )
        )
    return panel


def _decode(profile: Profile, steps: StepTime) -> Panel:
    """Time over the total context of all sequences, by their number."""
    panel = Panel("Decode", "total context S (tokens of all sequences)", "sequences B")
    form = profile.spec.form.decode
    points = profile.table.points("decode") if profile.table is not None else None
    if points is not None:
        panel.box = (float(points.total.min()), float(points.total.max()))
    alone = BATCHES[:1] if profile.spec.limits.max_seqs == 1 else BATCHES
    batches = _some(points.batch if points is not None else alone)
    for value in batches:
        b = int(value)
        rows = points.take(points.batch == b) if points is not None else None
        panel.series.append(
            Series(
                f"{b:,}",
                (rows.total, rows.seconds) if rows is not None else (np.empty(0), np.empty(0)),
                _around(rows.total, len(batches)) if rows is not None else (b * CONTEXTS[0], b * CONTEXTS[1]),
                lambda s, b=b: steps.decode(b, s),  # type: ignore[misc]
                lambda s, b=b: float(form.at(b, s)) if form is not None else 0.0,  # type: ignore[misc]
                lambda s, b=b: steps.decode_outside(b, s),  # type: ignore[misc]
            )
        )
    return panel


def _around(xs: Floats, lines: int) -> tuple[float, float]:
    """From where to where a line through measured x goes, one of so many lines."""
    low, high = float(xs.min()), float(xs.max())
    by = BEYOND if high > low or lines > 1 else ALONE
    return max(1.0, low / by), by * max(1.0, high)


def _some(values: Iterable[float]) -> list[float]:
    """Different values, ascending; evenly spread where there are many."""
    found = sorted({float(value) for value in values})
    places = np.unique(np.linspace(0, len(found) - 1, min(MOST_LINES, len(found))).round().astype(int))
    return [found[i] for i in places]


def _panel(axes: Axes, panel: Panel) -> None:
    names = [series.label for series in panel.series]
    colours = style.colours(names)
    if panel.box is not None:
        # A single measured x is a thin stripe.
        low, high = panel.box
        axes.axvspan(low / 1.02, high * 1.02, color=style.GRID, alpha=0.45, linewidth=0)
    for series in panel.series:
        colour = colours[series.label]
        xs = np.geomspace(*series.range, POINTS)
        times = np.array([series.time(float(x)) for x in xs])
        beyond = np.array([series.outside(float(x)) for x in xs])
        inside = np.where(beyond, np.nan, times)
        axes.plot(xs, np.array([series.form(float(x)) for x in xs]), color=colour, linewidth=0.8, linestyle=":")
        axes.plot(xs, times, color=colour, linewidth=1.1, linestyle=(0, (4, 2)))
        axes.plot(xs, inside, color=colour, linewidth=1.8, label=series.label)
        axes.plot(*series.measured, "o", color=colour, markersize=4.0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(panel.xlabel)
    axes.set_title(panel.title)
    _make_room(axes, len(names) + 1)
    _ticks(axes.xaxis, axes.get_xlim(), words.count)
    _ticks(axes.yaxis, axes.get_ylim(), words.tick)
    axes.grid()
    axes.legend(title=panel.legend, fontsize=8, title_fontsize=8, loc="upper left", alignment="left")


def _make_room(axes: Axes, lines: int) -> None:
    """Raise the end of the axis of times until nothing drawn lies under the legend, at the upper left."""
    left, right = np.log(axes.get_xlim())
    bottom, top = np.log(axes.get_ylim())
    middle = (bottom + top) / 2
    half = max(top - bottom, np.log(LEAST)) / 2
    bottom, top = middle - half, middle + half
    edge = np.exp(left + LEGEND_WIDTH * (right - left))
    under = [y for line in axes.lines for x, y in zip(*_points(line), strict=True) if x < edge and np.isfinite(y)]
    free = 1 - LEGEND_LINE * (lines + 1)
    if under:
        top = max(top, bottom + (np.log(max(under)) - bottom) / free)
    axes.set_ylim(np.exp(bottom), np.exp(top))


def _points(line: Any) -> tuple[Floats, Floats]:
    return np.asarray(line.get_xdata(), dtype=np.float64), np.asarray(line.get_ydata(), dtype=np.float64)


def _ticks(axis: Axis, limits: tuple[float, float], text: Callable[[float], str]) -> None:
    """Labels at powers of ten, and between them where there are few of those."""
    from matplotlib.ticker import LogLocator, NullFormatter

    ratio = limits[1] / limits[0]
    subs = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0) if ratio < NARROW else (1.0, 2.0, 5.0) if ratio < CROWDED else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(lambda value, _: text(value))
    axis.set_minor_formatter(NullFormatter())


def _legend(figure: Figure, has_box: bool, columns: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ink = style.INK
    handles: list[Any] = [
        Line2D([], [], color=ink, marker="o", linestyle="", markersize=4, label="measured"),
        Line2D([], [], color=ink, linewidth=1.8, label="profile"),
        Line2D([], [], color=ink, linewidth=1.1, linestyle=(0, (4, 2)), label="outside its box"),
        Line2D([], [], color=ink, linewidth=0.8, linestyle=":", label="form alone"),
        Patch(color=style.GRID, alpha=0.45, label="measured range"),
    ]
    shown = handles if has_box else [handles[1], handles[3]]
    figure.legend(handles=shown, loc="outside lower center", ncols=columns, fontsize=9)
