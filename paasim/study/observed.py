"""What is compared of one replication: of one that was just simulated, or from the table of a finished run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Floats
from paasim.metrics.definitions import METRICS
from paasim.metrics.replication import Replication
from paasim.metrics.slo import Limits
from paasim.metrics.statistics import summarize

if TYPE_CHECKING:
    import pandas as pd

RATES: Mapping[str, Callable[[Replication], float | None]] = {
    "requests_per_s": lambda each: each.rates.requests,
    "goodput_per_s": lambda each: each.rates.good,
    "slo_attainment": lambda each: each.attainment,
}
"""Fields of `schema.Throughput` that are compared; more of them is better."""
DRAWN = ("arrival", "prompt_tokens", "output_tokens")
"""What makes a request the same in two runs."""
ROUNDING = 1e-9
"""Of sums."""


@dataclass(frozen=True)
class Observed:
    """One replication."""

    index: npt.NDArray[np.int64]
    """Of the requests that are measured, in order."""
    latencies: Mapping[str, Floats]
    """Metric -> its values over them, s; NaN where a request has none."""
    statistics: Mapping[str, float | None]
    """By the names of differences (`ttft`, `p99_ttft`, `slo_attainment`); absent where nothing says."""
    drawn: Mapping[str, Floats]
    """`DRAWN` of all requests, in order of index."""


def of_replication(each: Replication) -> Observed:
    """What a replication that was simulated here holds."""
    statistics = _statistics(each.values) | {name: statistic(each) for name, statistic in RATES.items()}
    gaps = each.gaps.summary()
    statistics |= {"itl": gaps.mean if gaps else None, "p99_itl": gaps.p99 if gaps else None}
    columns = each.records.requests
    return Observed(
        index=columns["index"][each.measured].astype(np.int64),
        latencies=each.values,
        statistics=statistics,
        drawn={name: columns[name] for name in DRAWN},
    )


def of_table(rows: pd.DataFrame, limits: Mapping[str, Limits] | None) -> Observed:
    """What the table of requests of one replication holds: no ITL, and no rates but the attainment.

    Args:
        rows: of one variant and replication.
        limits: latency limits by request class; None: they are not known. The attainment is left out where requests
            ended otherwise than completed, since the table does not say which of them count.
    """
    rows = rows.sort_values("index")
    measured = rows[rows["measured"].astype(bool)]
    values: dict[str, Floats] = {name: measured[name].to_numpy(dtype=float) for name in METRICS}
    statistics = _statistics(values)
    if limits and any(limits.values()) and len(measured) and (rows["outcome"] == "completed").all():
        statistics["slo_attainment"] = float(np.mean(_met(measured, limits)))
    return Observed(
        index=measured["index"].to_numpy(dtype=np.int64),
        latencies=values,
        statistics=statistics,
        drawn={name: rows[name].to_numpy(dtype=float) for name in DRAWN},
    )


def confirmed(observed: Sequence[Observed], name: str, told: float | None) -> list[Observed]:
    """Replications with a statistic worked out from the table left out where its mean is not what the result tells."""
    values = [each.statistics.get(name) for each in observed]
    known = [value for value in values if value is not None]
    if told is not None and len(known) == len(values) > 0 and abs(float(np.mean(known)) - told) <= ROUNDING:
        return list(observed)
    return [
        replace(each, statistics={key: value for key, value in each.statistics.items() if key != name})
        for each in observed
    ]


def matched(ours: Observed, base: Observed, metric: str) -> Floats:
    """Differences of the requests measured in both, matched by index, in order of index."""
    _, a, b = np.intersect1d(ours.index, base.index, assume_unique=True, return_indices=True)
    differences: Floats = ours.latencies[metric][a] - base.latencies[metric][b]
    return differences[~np.isnan(differences)]


def same(ours: Sequence[Observed], base: Sequence[Observed], columns: Sequence[str] = DRAWN) -> bool:
    """Whether both met the same requests, replication by replication."""
    return len(ours) == len(base) and all(
        len(a.drawn[name]) == len(b.drawn[name]) and np.allclose(a.drawn[name], b.drawn[name], rtol=1e-9, atol=1e-9)
        for a, b in zip(ours, base, strict=True)
        for name in columns
    )


def _statistics(values: Mapping[str, Floats]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, series in values.items():
        summary = summarize(series)
        found |= {name: summary.mean if summary else None, f"p99_{name}": summary.p99 if summary else None}
    return found


def _met(rows: pd.DataFrame, limits: Mapping[str, Limits]) -> npt.NDArray[np.bool_]:
    """As `paasim.metrics.slo.good`, for requests that were completed."""
    met = np.ones(len(rows), dtype=np.bool_)
    for name, each in limits.items():
        of_class = (rows["class"].astype(str) == name).to_numpy()
        for metric, most in each.items():
            met &= ~(of_class & (rows[metric].to_numpy(dtype=float) > most))
    return met
