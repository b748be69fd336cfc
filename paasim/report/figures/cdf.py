"""How latencies are distributed: the share of requests that are at least as fast, per variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from paasim.core.recorder import Floats
from paasim.core.units import TIME
from paasim.report import style
from paasim.report.words import tick
from paasim.results.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"ttft": "Time to first token", "tpot": "Time per output token", "e2el": "End-to-end latency"}
POINTS = 500
"""Points of a curve; percentiles are exact at these."""
WIDE = 20.0
"""Ratio of the largest p99 to the smallest p1 from which the axis is logarithmic."""


def draw(result: Result) -> Figure | None:
    """The figure; None if nothing was measured."""
    table = result.requests
    table = table.loc[table["measured"], ["variant", *PANELS]]
    panels: dict[str, dict[str, Floats]] = {}
    for metric in PANELS:
        by_variant = {name: table.loc[table["variant"] == name, metric].dropna() for name in result.variants}
        series = {name: values.to_numpy(dtype=float) for name, values in by_variant.items() if len(values)}
        if series:
            panels[metric] = series
    if not panels:
        return None
    slo = result.document.scenario.get("slo") or {}
    with style.figure(1.0 + 3.4 * len(panels), 4.0) as figure:
        all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (metric, series) in zip(all_axes, panels.items(), strict=True):
            _panel(axes, series, list(result.variants), _limit(slo, metric))
            axes.set_title(PANELS[metric])
        all_axes[0].set_ylabel("share of requests")
        _legend(figure, all_axes[0], list(result.variants))
    return figure


def _panel(axes: Axes, series: Mapping[str, Floats], names: list[str], limit: float | None) -> None:
    colours, lines = style.colours(names), style.lines(names)
    smallest = min(float(np.percentile(values, 1)) for values in series.values())
    largest = max(float(np.percentile(values, 99)) for values in series.values())
    shares = np.linspace(0, 1, POINTS)
    for name, values in series.items():
        curve = np.quantile(values, shares)
        axes.plot(curve, shares, color=colours[name], linestyle=lines[name], linewidth=1.8)
        marks = np.quantile(values, (0.5, 0.99))
        axes.plot(marks, (0.5, 0.99), "o", color=colours[name], markersize=4.5)
    if limit is not None:
        axes.axvline(limit, color=style.INK, linewidth=1, linestyle=":")
    if smallest > 0 and largest > WIDE * smallest:
        axes.set_xscale("log")
        axes.set_xlim(smallest / 1.5, largest * 1.5)
    else:
        axes.set_xlim(0, max(largest, limit if limit is not None and limit < 3 * largest else 0) * 1.15)
    axes.xaxis.set_major_formatter(lambda value, _: tick(value))
    axes.set_ylim(0, 1.02)
    axes.set_yticks((0, 0.25, 0.5, 0.75, 0.99), ("0", "25 %", "50 %", "75 %", "99 %"))
    axes.grid()


def _legend(figure: Figure, axes: Axes, names: list[str]) -> None:
    from matplotlib.lines import Line2D

    colours, lines = style.colours(names), style.lines(names)
    handles: list[Any] = [Line2D([], [], color=colours[n], linestyle=lines[n], linewidth=1.8, label=n) for n in names]
    handles.append(Line2D([], [], color=style.INK, marker="o", linestyle="", markersize=4.5, label="p50 and p99"))
    handles.append(Line2D([], [], color=style.INK, linewidth=1, linestyle=":", label="limit (SLO)"))
    has_limit = any(line.get_linestyle() == ":" for panel in figure.axes for line in panel.get_lines())
    shown = handles if has_limit else handles[:-1]
    figure.legend(handles=shown, loc="outside lower center", ncols=min(len(shown), 5), fontsize=9)


def _limit(slo: Mapping[str, Any], metric: str) -> float | None:
    """The limit on a metric in an expanded scenario, s."""
    value = slo.get(metric)
    return None if value is None else TIME.parse(value) if isinstance(value, str) else float(value)
