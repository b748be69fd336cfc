"""Records made by hand, for tests that know the answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from paasim.core.recorder import COLUMNS, GAP_COLUMNS, Levels, Records
from paasim.core.request import COMPLETED

NONE = dict.fromkeys(("reason", "kv_level", "device", "prefill_instance", "decode_instance"), -1.0)
ZERO = dict.fromkeys(("class", "route", "cached_tokens", "kv_bytes", "preemptions", "extrapolated"), 0.0)


def make_records(
    rows: list[dict[str, float]] | None = None,
    gaps: list[tuple[float, ...]] = (),  # type: ignore[assignment]
    columns: dict[str, np.ndarray] | None = None,
    **settings: Any,
) -> Records:
    """Records of some rows (what is not given is NaN, -1 or zero), or of whole columns."""
    if columns is None:
        rows = rows or []
        full = [
            dict.fromkeys(COLUMNS, np.nan)
            | NONE
            | ZERO
            | {"index": i, "outcome": COMPLETED, "output_tokens": 1, "prompt_tokens": 1}
            | row
            for i, row in enumerate(rows)
        ]
        columns = {name: np.array([row[name] for row in full], dtype=float) for name in COLUMNS}
    table = np.array(gaps, dtype=float).reshape(-1, len(GAP_COLUMNS))
    arrival = columns["arrival"]
    defaults: dict[str, Any] = {
        "resources": [],
        "classes": ["chat"],
        "routes": ["paas"],
        "first_token": ["prefill"],
        "reasons": [],
        "instances": ["prefill-0", "decode-0"],
        "end": float(np.nanmax([*arrival, *columns["last_token"], 0.0])),
        "arrivals_end": float(arrival.max()) if len(arrival) else 0.0,
    }
    return Records(
        requests=columns,
        gaps={name: table[:, i] for i, name in enumerate(GAP_COLUMNS)},
        **(defaults | settings),
    )


def simulated(n: int, seed: int = 1, rate: float = 10.0, service: float = 0.05, **settings: Any) -> Records:
    """A single-server queue (Lindley) with plausible stamps: `n` Poisson arrivals, exponential prefill, then KV."""
    rng = np.random.default_rng(seed)
    arrival = np.cumsum(rng.exponential(1 / rate, n))
    prefill = rng.exponential(service, n)
    idle = np.cumsum(prefill) - prefill
    start = np.maximum.accumulate(arrival - idle) + idle
    output = rng.integers(1, 300, n).astype(float)
    columns = {name: np.full(n, np.nan) for name in COLUMNS}
    for name in NONE:
        columns[name] = np.full(n, -1.0)
    for name in ZERO:
        columns[name] = np.zeros(n)
    columns |= {
        "index": np.arange(n, dtype=float),
        "outcome": np.full(n, float(COMPLETED)),
        "prompt_tokens": rng.integers(100, 9000, n).astype(float),
        "output_tokens": output,
        "prefill_instance": np.zeros(n),
        "decode_instance": np.ones(n),
        "arrival": arrival,
        "uplink_end": arrival,
        "prefill_start": start,
        "prefill_end": start + prefill,
        "encode_end": start + prefill,
        "transfer_start": start + prefill,
        "transfer_end": start + prefill + rng.exponential(0.02, n),
    }
    columns["codec_end"] = columns["handover_end"] = columns["transfer_end"]
    columns["decode_start"] = columns["transfer_end"] + rng.uniform(0, 0.01, n)
    columns["first_token"] = columns["prefill_end"] + 0.01
    several = output > 1
    columns["first_step"] = np.where(several, columns["decode_start"] + 0.01, np.nan)
    columns["second_token"] = np.where(several, columns["first_step"] + 0.01, np.nan)
    last = np.where(several, columns["second_token"] + 0.01 * (output - 2), columns["first_token"])
    columns["last_token"] = columns["finish"] = last
    level = _pool_level(arrival, columns)
    return make_records(columns=columns, **({"resources": [level]} | settings))


def _pool_level(arrival: np.ndarray, columns: dict[str, np.ndarray]) -> Levels:
    times = np.linspace(0, float(columns["last_token"].max()), 101)

    def integral(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        return np.array([np.clip(np.minimum(end, t) - begin, 0, None).sum() for t in times])

    return Levels(
        name="cloud.prefill",
        kind="pool",
        servers=1,
        times=times,
        totals={
            "busy": integral(columns["prefill_start"], columns["prefill_end"]),
            "queue": integral(arrival, columns["prefill_start"]),
        },
        capacity={"price_per_hour": 3.6, "power": 700.0},
    )


def make_result(
    variants: dict[str, float] | None = None,
    replications: int = 3,
    n: int = 1500,
    limits: dict[str, float] | None = None,
    **settings: Any,
) -> Any:
    """A result of simulated replications; each variant has a mean prefill time, s."""
    from paasim.metrics.replication import measure
    from paasim.metrics.warmup import Warmup
    from paasim.results.pooling import pool
    from paasim.results.result import Result
    from paasim.results.schema import Document

    measured = {
        name: [
            measure(
                simulated(n, seed, service=service, **settings) if n else make_records([]),
                Warmup(share=0.1),
                [limits or {}],
            )
            for seed in range(replications)
        ]
        for name, service in (variants or {"base": 0.05}).items()
    }
    scenario = {"name": "Hand made", "question": "Does it add up?", "run": {"seed": 1}, "slo": limits or {}}
    document = Document(
        paasim_version="0",
        scenario=scenario,
        seed=1,
        replications=replications,
        variants={name: pool(each) for name, each in measured.items()},
    )
    return Result(document, measured)
