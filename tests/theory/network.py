"""Links and paths of queueing theory, written in the public YAML: prefill and decode take next to no time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Records
from paasim.scenario import from_dict
from paasim.simulate import simulate_once
from tests.theory.stations import check

TOKEN = 2 * 32 * 32 * 128 * 2
"""KV bytes per token of Llama 2 7B: 32 layers, 32 heads of 128, keys and values of 2 bytes."""
SERVICE = 0.1
"""Seconds that 10,000 tokens take alone on a link of `RATE`."""
RATE = TOKEN * 10_000 / SERVICE
"""Bytes per second."""
EXPONENTIAL = {"kind": "exponential", "prompt": {"mean": 10_000}, "output": 1}
ENDS = 20
"""One request in so many is left out at the beginning, and as many at the end, which nobody follows."""

Mask = npt.NDArray[np.bool_]


def poisson(load: float, lengths: Mapping[str, Any], mean: float = 10_000) -> dict[str, Any]:
    """A class of requests that loads a link of `RATE` so much with prompts of `mean` tokens."""
    return {"arrivals": {"kind": "poisson", "rate": f"{load / SERVICE * 10_000 / mean} /s"}, "lengths": dict(lengths)}


def link(between: tuple[str, str] = ("a", "b"), rate: float = RATE, **more: Any) -> dict[str, Any]:
    return {"between": list(between), "bandwidth": f"{rate} B/s", "rtt": "0 s", **more}


def route(prefill: str = "a.prefill", decode: str = "b.decode", **kv: Any) -> dict[str, Any]:
    return {"prefill": prefill, "decode": decode, "first_token": "decode", "kv": kv}


def simulate(
    workloads: Mapping[str, Any],
    links: Mapping[str, Any],
    routes: Mapping[str, Any],
    *,
    requests: int,
    replications: int = 20,
    router: Mapping[str, Any] | None = None,
    sites: Mapping[str, Any] | None = None,
) -> list[Records]:
    """All replications; sites `a` and `c` prefill, `b` decodes."""
    prefill = {"role": "prefill", "instances": 4, "profile": {"form": {"prefill": {"b": "0.001 ns"}}}}
    decode = {"role": "decode", "max_seqs": 100_000, "profile": {"form": {"decode": {"a": "1 ns"}}}}
    pools = {"a": {"pools": {"prefill": prefill}}, "b": {"pools": {"decode": decode}}}
    scenario = from_dict(
        {
            "name": "network",
            "model": "llama-2-7b",
            "workloads": dict(workloads),
            "sites": pools
            | ({"c": pools["a"]} if any(r["prefill"][0] == "c" for r in routes.values()) else {})
            | dict(sites or {}),
            "network": {"links": dict(links)},
            "routes": dict(routes),
            "router": dict(router or {"kind": "fixed", "route": next(iter(routes))}),
            "run": {"requests": requests, "replications": replications, "seed": 21, "warmup": "5 %"},
        }
    )
    return [simulate_once(scenario, i) for i in range(replications)]


def everyone(records: Records) -> Mask:
    return np.ones(len(records.requests["route"]), bool)


def by(column: str, value: int) -> Any:
    """Picks the requests of a class, or of a route."""

    def pick(records: Records) -> Mask:
        chosen: Mask = records.requests[column] == value
        return chosen

    return pick


def slowdown(records: Records, pick: Any = everyone, rate: float = RATE) -> float:
    """Mean time of a transfer over the mean time that it would take alone at `rate`.

    The ratio of two means of the same requests: it has the same limit as the mean time over E[S], and varies less.
    """
    rows = records.requests
    chosen = pick(records)
    left_out = len(chosen) // ENDS
    chosen[:left_out] = chosen[-left_out:] = False
    times = (rows["transfer_end"] - rows["prefill_end"])[chosen]
    return float(np.mean(times) / np.mean(rows["kv_bytes"][chosen] / rate))


def holds(found: list[Records], theory: float, pick: Any = everyone, rate: float = RATE) -> None:
    """The 99 % interval of the slowdown holds the theory, with a half-width of 2 % at most."""
    check([slowdown(records, pick, rate) for records in found], theory)
