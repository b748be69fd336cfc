"""How far simulated serving lies from measured serving."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from paasim.profile.calibrations import Misfit, Misfits
from paasim.study.calibration.calibrate import BUSY, Floats, Pair
from paasim.study.calibration.serving import MeasuredRun

Times = Mapping[int, Pair]
"""Number of a run -> its simulated TTFT and TPOT, s; runs that were not simulated are missing."""


def errors(
    runs: Sequence[MeasuredRun], times: Times, metric: str, wanted: Callable[[MeasuredRun], bool] | None = None
) -> Floats:
    """Signed relative errors, simulated over measured less one.

    Args:
        runs: what was measured.
        times: what was simulated.
        metric: `ttft` (of runs for which it can be compared) or `tpot`.
        wanted: only runs for which this holds.
    """
    place = ("ttft", "tpot").index(metric)
    chosen = [i for i in times if wanted is None or wanted(runs[i])]
    found = [times[i][place] / getattr(runs[i], metric) - 1.0 for i in chosen if place or not runs[i].held]
    return np.array(found, dtype=np.float64)


def misfits(runs: Sequence[MeasuredRun], times: Times, wanted: Callable[[MeasuredRun], bool] | None = None) -> Misfits:
    """Median and 90th percentile of the absolute errors, TTFT where at most `BUSY` users ask at a time."""

    def calm(run: MeasuredRun) -> bool:
        return run.concurrency <= BUSY and (wanted is None or wanted(run))

    return Misfits(tpot=_misfit(errors(runs, times, "tpot", wanted)), ttft=_misfit(errors(runs, times, "ttft", calm)))


def _misfit(signed: Floats) -> Misfit | None:
    if not len(signed):
        return None
    found = np.abs(signed)
    median, p90 = np.quantile(found, (0.5, 0.9)).round(3).tolist()
    return Misfit(rows=len(found), median=median, p90=p90)
