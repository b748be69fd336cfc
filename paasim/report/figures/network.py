"""A network whose rate changes: some of its runs, how its rates are spread, and how long they stay alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paasim.link.network import statistics
from paasim.link.network.spec import NetworkSpec, ProcessSpec
from paasim.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RUNS, SHOWN = 3, 180.0
"""Runs of the process that are drawn, and their length, s."""
DRAWS, SECONDS = 400, 240.0
"""Runs that the autocorrelation is taken of, and their length, s."""
LAGS = 60
MBPS = 8e-6
"""Mbit/s in a byte per second."""


def draw(network: NetworkSpec) -> Figure:
    """The figure, a row for each direction: rates over time, their distribution, and their autocorrelation.

    Lines are of the process, rings of the traces that it was fitted to.
    """
    ways = [(name, way) for name, way in (("downlink", network.down), ("uplink", network.up)) if way is not None]
    with style.figure(12.0, 0.7 + 3.2 * len(ways)) as figure:
        for (name, process), (runs, law, memory) in zip(
            ways, figure.subplots(len(ways), 3, squeeze=False), strict=True
        ):
            _runs(runs, process)
            runs.set_title(f"{name}: {RUNS} runs of the process")
            _law(law, process)
            _memory(memory, process)
        figure.suptitle(f"{network.id}: {network.title}", x=0.01, ha="left", fontsize=12)
    return figure


def _runs(axes: Axes, process: ProcessSpec) -> None:
    law = process.law()
    for colour, rates in zip(style.VARIANTS, statistics.simulated(law, RUNS, SHOWN, seed=2), strict=False):
        for rate in rates[:RUNS] if process.step is None else [rates]:
            axes.step(np.arange(SHOWN), np.resize(rate, int(SHOWN)) * MBPS, where="post", color=colour, linewidth=1.0)
    axes.set(xlabel="time, s", ylabel="rate, Mbit/s", xlim=(0, SHOWN))
    axes.set_ylim(bottom=0)
    axes.grid(True)


def _law(axes: Axes, process: ProcessSpec) -> None:
    law = process.law()
    shares, rates = np.array(law.grid), np.array(law.rates) * MBPS
    if law.outages is not None:
        out = law.outages.share
        rates = np.append(np.array(law.low) * MBPS, rates)
        shares = np.append(shares * out, out + shares * (1 - out))
    axes.plot(rates, shares, color=style.VARIANTS[0], label="process")
    if process.fit is not None:
        traces = process.fit.traces
        axes.plot(
            [traces.p10, traces.p50, traces.p90], [0.1, 0.5, 0.9], "o", mfc="none", color=style.INK, label="traces"
        )
    axes.set(xlabel="rate, Mbit/s", ylabel="share of time at or below", ylim=(0, 1))
    axes.set_xlim(left=0)
    axes.set_title("distribution")
    axes.legend(loc="lower right")
    axes.grid(True)


def _memory(axes: Axes, process: ProcessSpec) -> None:
    axes.set_title("autocorrelation")
    axes.set(xlabel="lag, s", ylim=(0, 1), xlim=(0, LAGS))
    axes.grid(True)
    if process.step is None:
        axes.axhline(1.0, color=style.VARIANTS[0])
        axes.text(LAGS / 2, 0.5, "the rate is drawn once and stays", ha="center")
        return
    lags = range(1, LAGS + 1)
    rows = statistics.simulated(process.law(), DRAWS, SECONDS, seed=3)
    axes.plot([0, *lags], [1.0, *statistics.autocorrelation(rows, lags)], color=style.VARIANTS[0])
    if process.fit is not None:
        traces = process.fit.traces
        found = [(lag, getattr(traces, f"acf{lag}")) for lag in statistics.LAGS]
        axes.plot(*zip(*found, strict=True), "o", mfc="none", color=style.INK)
