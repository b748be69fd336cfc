"""Weights, priorities and express transfers of routes that meet on a link."""

from __future__ import annotations

from typing import Any

import pytest

from paasim.scenario import from_dict
from paasim.simulate import simulate_once

FORM = {"form": {"prefill": {"a": "1 us", "b": "0 us"}, "decode": {"a": "1 ms"}}}


def transfers(first: dict[str, Any], second: dict[str, Any]) -> list[float]:
    """Seconds of KV transfer of a long prompt and of one ten times shorter, sent at the same moment by two routes."""
    scene = {
        "name": "two routes meet",
        "model": "llama-3.1-8b",
        "workloads": {
            name: {
                "arrivals": {"kind": "constant", "rate": "0.1 /s"},
                "lengths": {"kind": "fixed", "prompt": prompt, "output": 2},
                "origin": "far",
            }
            for name, prompt in (("long", 8000), ("short", 800))
        },
        "sites": {
            "far": {"pools": {"prefill": {"role": "prefill", "instances": 2, "profile": FORM, "kv_memory": "80 GB"}}},
            "near": {"pools": {"decode": {"role": "decode", "profile": FORM, "kv_memory": "80 GB"}}},
        },
        "network": {"links": {"wan": {"between": ["far", "near"], "bandwidth": "10 Gbps", "rtt": "0 s"}}},
        "routes": {
            "a": {"prefill": "far.prefill", "decode": "near.decode", "kv": first},
            "b": {"prefill": "far.prefill", "decode": "near.decode", "kv": second},
        },
        "router": {"kind": "threshold", "prompt_tokens": 4000, "below": "b", "above": "a"},
        "run": {"requests": 2, "replications": 1, "warmup": "0 %"},
    }
    columns = simulate_once(from_dict(scene)).requests
    took = columns["transfer_end"] - columns["prefill_end"]
    return [float(took[columns["prompt_tokens"] == prompt][0]) for prompt in (8000, 800)]


LONG, SHORT = 8000 * 131072 / 1.25e9, 800 * 131072 / 1.25e9


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, (LONG + SHORT, 2 * SHORT)),
        ({}, {"weight": 3}, (LONG + SHORT, SHORT * 4 / 3)),
        ({}, {"priority": 1}, (LONG + SHORT, SHORT)),
        ({"priority": 1}, {}, (LONG, LONG + SHORT)),
        ({"express": "200 MB"}, {"express": "200 MB"}, (LONG + SHORT, SHORT)),
        ({"express": "200 MB", "priority": 1}, {"express": "200 MB"}, (LONG, LONG + SHORT)),
    ],
    ids=["fair", "weight", "priority", "the other way", "express", "priority before express"],
)
def test_who_goes_first(first: dict[str, Any], second: dict[str, Any], expected: tuple[float, float]) -> None:
    assert transfers(first, second) == pytest.approx(expected, abs=2e-5)
