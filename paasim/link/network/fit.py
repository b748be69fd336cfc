"""Fitting a capacity process to traces.

Distribution and outages are read off; the memory is solved for. For a lag k, the product moment of the process is a
power series in the correlation r(k) of its Gaussian part, by the Hermite coefficients of the quantile functions. The
r(k) that gives the measured autocorrelation is found by bisection, and a mixture of such memories, `level` among them,
is fitted to r(k) by non-negative least squares. Outages being drawn apart from the rates, their own memory is in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paasim.core.errors import InputError
from paasim.link.network.law import Floats, Law, Outages, Part
from paasim.link.network.statistics import autocorrelation, runs

GRID = (0.0, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, *(k / 20 for k in range(2, 19)), 0.925, 0.95)
GRID = (*GRID, 0.965, 0.98, 0.99, 0.995, 0.998, 1.0)
"""Probabilities at which quantiles are kept."""
CONSTANTS = (0.3, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 35.0, 60.0, 100.0, 200.0, 400.0, 1000.0)
"""Time constants that a mixture may have, seconds (for steps of one second; longer ones in proportion)."""
LONGEST = 60
"""Most steps of a lag that is fitted to."""
LEAST = 0.02
"""A smaller share of a mixture is left out."""
LENGTHS = 24
"""Equally probable lengths that are kept of outages and of the times between them."""
DEGREE = 60
"""Terms of a power series; what is beyond counts for the last."""
NODES = 180
"""Points of the Gauss-Hermite quadrature for its coefficients."""


def fit(rows: Sequence[Floats], step: float, threshold: float, level: bool = False) -> Law:
    """A process with the statistics of traces.

    Args:
        rows: rates of each trace in steps, bytes/s.
        step: length of a step, s; infinite for rates that do not change, of which a row is a sample.
        threshold: rates below it, in bytes/s, are outages.
        level: whether part of what rates differ in stays for ever for a link or device; traces are too short to tell
            that from what changes within a quarter of an hour, so it has to be known.

    Raises:
        InputError: if there is too little to fit to.
    """
    everything = np.concatenate(list(rows)) if rows else np.array([])
    if len(everything) < 30 or not everything.any():
        what = f"has {len(everything)} steps with a rate; a process needs 30 of them, not all zero"
        raise InputError.one("", what, "give longer traces, or a shorter --step")
    high, low = everything[everything >= threshold], everything[everything < threshold]
    if not len(high):
        raise InputError.one("", "all rates are below the threshold of outages", "give a lower --outage-below")
    rates = _quantiles(high)
    if not math.isfinite(step):
        return Law(step, GRID, _quantiles(everything), level=1.0)
    outages = _outages(rows, threshold) if len(low) else None
    law = Law(step, GRID, rates, outages=outages, low=_quantiles(low) if len(low) else ())
    most = min(LONGEST, max(len(row) for row in rows) // 3)
    wanted = np.array([correlation(law, lag, value) for lag, value in _measured(rows, most)])
    stays, parts = _mixture(wanted, step, level * max(map(len, rows)))
    return Law(step, GRID, rates, stays, parts, outages, law.low)


def _quantiles(values: Floats) -> tuple[float, ...]:
    """Quantiles at the grid, to five digits."""
    return tuple(float(f"{value:.5g}") for value in np.quantile(values, GRID))


def _outages(rows: Sequence[Floats], threshold: float) -> Outages:
    """The lengths of outages as they are; those between them in proportion, so that the share of outages is met.

    The ends of a trace cut times between outages short: their shape is kept, and their mean follows from the share.
    """
    split = [runs(row < threshold) for row in rows]
    between = np.concatenate([ups for ups, _ in split])
    down = _equally_probable(np.concatenate([downs for _, downs in split]))
    share = sum(float(np.sum(row < threshold)) for row in rows) / sum(map(len, rows))
    up = _equally_probable(between)
    factor = np.mean(down) * (1 - share) / share / np.mean(up)
    for _ in range(20):  # none may get shorter than a step
        up = np.maximum(up * factor, 1.0)
        factor = np.mean(down) * (1 - share) / share / np.mean(up)
    return Outages(tuple(float(f"{x:.4g}") for x in up), tuple(float(f"{x:.4g}") for x in down))


def _equally_probable(lengths: Floats) -> Floats:
    """Means of groups of equal size, of lengths in order: at most `LENGTHS` of them."""
    ordered = np.sort(np.asarray(lengths, dtype=float))
    count = min(LENGTHS, len(ordered))
    edges = np.linspace(0, len(ordered), count + 1)
    sums = np.interp(edges, np.arange(len(ordered) + 1), np.append(0.0, np.cumsum(ordered)))
    means: Floats = np.diff(sums) / np.diff(edges)
    return means


def _measured(rows: Sequence[Floats], most: int) -> list[tuple[int, float]]:
    lags = range(1, most + 1)
    return list(zip(lags, autocorrelation(rows, lags), strict=True))


# From the autocorrelation of rates to that of the Gaussian process, and back.


def correlation(law: Law, lag: int, wanted: float) -> float:
    """The correlation of z at a lag, from 0 to 1, that gives the rates an autocorrelation, or comes nearest to it."""
    low, high = 0.0, 1.0
    for _ in range(40):
        mid = (low + high) / 2
        if autocorrelation_at(law, lag, mid) < wanted:
            low = mid
        else:
            high = mid
    return high


def autocorrelation_at(law: Law, lag: int, r: float) -> float:
    """The autocorrelation of the rates at a lag, if that of z is r."""
    up, down = _coefficients(law)
    powers = np.power(r, np.arange(len(up)))
    if law.outages is None:
        products = np.square(up)
        mean = up[0]
        square = float(products.sum())
        moment = float(products @ powers)
    else:
        both_up, both_down, other = _joint(law.outages)[:, lag]
        share = law.outages.share
        mean = (1 - share) * up[0] + share * down[0]
        square = float((1 - share) * np.square(up).sum() + share * np.square(down).sum())
        moment = float((both_up * np.square(up) + both_down * np.square(down) + other * up * down) @ powers)
    return float((moment - mean * mean) / (square - mean * mean))


_known: dict[int, tuple[object, tuple[Floats, Floats]]] = {}


def _coefficients(law: Law) -> tuple[Floats, Floats]:
    """Hermite coefficients of the rate outside and in outages; their squares add up to the mean square."""
    if id(law) not in _known or _known[id(law)][0] is not law:
        _known.clear()
        low = _expanded(law, in_outage=True) if law.low else np.zeros(DEGREE + 1)
        _known[id(law)] = (law, (_expanded(law, in_outage=False), low))
    return _known[id(law)][1]


def _expanded(law: Law, in_outage: bool) -> Floats:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    values = law.value_in_outage(nodes) if in_outage else law.value(nodes)
    before, now = np.zeros_like(nodes), np.ones_like(nodes)
    found = []
    for n in range(DEGREE + 1):  # normalised polynomials: h_(n+1) = (z h_n - sqrt(n) h_(n-1)) / sqrt(n + 1)
        found.append(float(weights @ (values * now)))
        before, now = now, (nodes * now - math.sqrt(n) * before) / math.sqrt(n + 1)
    rest = float(weights @ np.square(values)) - float(np.square(found).sum())
    found[-1] = math.sqrt(max(found[-1] ** 2 + rest, 0.0))
    return np.array(found)


def _joint(outages: Outages) -> Floats:
    """Probabilities that two steps are both up, both down, or differ, by lag from 0 on: rows of `LONGEST` + 1."""
    key = -1
    if key in _known and _known[key][0] == outages:
        return _known[key][1][0]
    rng = np.random.Generator(np.random.PCG64(1))
    states = np.zeros(400_000, dtype=bool)
    at = 0
    for is_out, steps in outages.turns(rng):
        states[at : at + steps] = is_out
        at += steps
        if at >= len(states):
            break
    share = outages.share
    found = np.zeros((3, LONGEST + 1))
    centred = states - states.mean()
    for lag in range(LONGEST + 1):
        rho = float(centred[: len(states) - lag] @ centred[lag:]) / max(float(centred @ centred), 1e-300)
        covariance = share * (1 - share) * rho
        found[:, lag] = ((1 - share) ** 2 + covariance, share**2 + covariance, 2 * (share * (1 - share) - covariance))
    _known[key] = (outages, (found, found))
    return found


def _mixture(wanted: Floats, step: float, longest: int) -> tuple[float, tuple[Part, ...]]:
    """A mixture whose shares add up to one and whose correlation by lag comes near to what is wanted.

    Short lags count for more: the weight falls with the lag.

    Args:
        wanted: the correlation at lags of 1, 2, ... steps.
        step: their length.
        longest: steps of the longest trace, if part may stay for ever; what does not must then fade within a third.

    Returns:
        The share that stays for ever, and the parts that do not.
    """
    from scipy.optimize import nnls

    lags = np.arange(1.0, len(wanted) + 1)
    scale = max(step, 1.0)
    times = [scale * time for time in CONSTANTS if not longest or scale * time <= longest * step / 3]
    parts = [Part(time, 1.0, order) for order in (1, 2) for time in times]
    columns = [part.correlation(lags, step) for part in parts] + ([np.ones(len(lags))] if longest else [])
    matrix = np.vstack([np.array(columns).T / lags[:, None], np.full((1, len(columns)), 100.0)])
    chosen = list(range(len(columns)))
    while True:
        shares, _ = nnls(matrix[:, chosen], np.append(wanted / lags, 100.0))
        kept = [index for index, share in zip(chosen, shares, strict=True) if share >= LEAST]
        if len(kept) == len(chosen):
            break
        chosen = kept
    found = dict(zip(chosen, np.round(shares / shares.sum(), 4).tolist(), strict=True))
    level = found.pop(len(parts), 0.0)
    return level, tuple(parts[index]._replace(share=share) for index, share in found.items())
