"""Scenarios with known answers."""

from __future__ import annotations

from typing import Any

from paasim.scenario.loader import from_dict
from paasim.scenario.scenario import Scenario
from tests.small import scene


def queue(**run: Any) -> Scenario:
    """M/M/1: five requests a second, 0.1 s of prefill each, load 0.5, one token of answer."""
    workload = {
        "arrivals": {"kind": "poisson", "rate": "5 /s"},
        "lengths": {"kind": "exponential", "prompt": {"mean": 1000}, "output": {"fixed": 1}},
    }
    profile = {"form": {"prefill": {"b": "100 us"}, "decode": {"a": "1 us"}}, "provenance": "measured"}
    pool = {"role": "mixed", "profile": profile, "batching": {"kind": "one-at-a-time"}, "price": "1 $/h"}
    data = scene(workload, {"p": pool}, {"only": {"prefill": "here.p", "decode": "here.p"}})
    return from_dict({**data, "run": {"warmup": "0 %", "requests": 2500, "replications": 5, "seed": 3, **run}})


def rivals() -> Scenario:
    """Two pools without any queue: prompts take 1 s at `a`, 1.2 s at `b`; both profiles are estimates."""
    workload = {
        "arrivals": {"kind": "constant", "rate": "0.1 /s"},
        "lengths": {"kind": "fixed", "prompt": 1000, "output": 1},
    }
    pools = {
        name: {
            "role": "mixed",
            "profile": {"form": {"prefill": {"b": time}, "decode": {"a": "1 us"}}},
            "batching": {"kind": "one-at-a-time"},
        }
        for name, time in (("a", "1 ms"), ("b", "1.2 ms"))
    }
    routes = {name: {"prefill": f"here.{name}", "decode": f"here.{name}"} for name in pools}
    data = scene(workload, pools, routes, router={"kind": "fixed", "route": "a"})
    run = {"warmup": "0 %", "requests": 5, "replications": 1}
    return from_dict({**data, "run": run, "variants": {"other": {"router.route": "b"}}})
