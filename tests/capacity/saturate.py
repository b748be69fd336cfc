"""Driving one station of a scenario to saturation, and counting what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

from paasim.metrics.levels import amount
from paasim.scenario import from_dict
from paasim.scenario.capacity import Station, analyze
from paasim.simulate import simulate_once

MODEL = "llama-3.1-8b"
OVERLOAD = 1.3
"""Offered rate over the bound."""


def scene(lengths: dict[str, Any] | str, pools: dict[str, Any], routes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A scenario with a site `dc` and users at `homes`, one route taken by all."""
    sites = {"dc": {"pools": pools}, "homes": more.pop("homes", {})}
    workload = {"arrivals": {"kind": "poisson", "rate": "1 /s"}, "lengths": lengths} | more.pop("workload", {})
    run = {"requests": 100, "replications": 1, "warmup": "0 %"}
    data = {"name": "saturated", "model": MODEL, "workload": workload, "sites": sites, "routes": routes, "run": run}
    return data | {"router": {"kind": "fixed", "route": next(iter(routes))}} | more


def pool(role: str, form: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A pool of one instance with linear step times."""
    return {"role": role, "profile": {"form": form}} | more


def bound(data: dict[str, Any], name: str) -> Station:
    """The station of this name."""
    return analyze(from_dict(data)).station(name)


def measured(data: dict[str, Any], station: Station, requests: int) -> float:
    """Requests/s that a station does at 1.3 times its bound, its start left out."""
    rate = OVERLOAD * station.max_rate
    arrivals = {"kind": "poisson", "rate": f"{rate:.12g} /s"}
    run = {"requests": requests, "replications": 1, "warmup": "0 %"}
    records = simulate_once(from_dict(data | {"workload": data["workload"] | {"arrivals": arrivals}, "run": run}))
    start, end = 0.35 * records.arrivals_end, records.arrivals_end
    if station.is_link:
        level = next(level for level in records.resources if level.kind == "link")
        total = "bytes_backward" if station.name.endswith(("backward", " up")) else "bytes"
        sent = amount(level, total, start, end)
        assert sent is not None
        return sent / (end - start) / station.kv_bytes
    times = records.requests["prefill_end" if station.kind == "prefill" else "finish"]
    return float(np.sum((times > start) & (times <= end))) / (end - start)
