"""Scenarios of one request over some network, and what their simulation and their closed form say of its transfer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paasim.scenario.loader import from_dict
from paasim.scenario.outlook.outlook import Outlook, outlooks
from paasim.scenario.outlook.transfers import Transfer
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from paasim.simulate import simulate_once

PREFILL = {"form": {"prefill": {"a": "3 ms", "b": "40 us", "c": "2 ns"}}}
DECODE = {"form": {"prefill": {"b": "2 ms"}, "decode": {"a": "10 ms"}}}
WAN = {"between": ["cloud", "homes"], "bandwidth": "10 Gbps", "rtt": "25 ms"}
PROMPT = 6000


def scene(
    folder: Path,
    link: dict[str, Any] | None = None,
    *,
    kv: dict[str, Any] | None = None,
    prompt: int = PROMPT,
    times: tuple[float, ...] = (0.0,),
    batching: dict[str, Any] | None = None,
    links: dict[str, Any] | None = None,
    **route: Any,
) -> Scenario:
    """Requests of one length at some times: computed in the cloud, decoded on a device; extra sites for more links."""
    rows: list[dict[str, Any]] = []
    for i, time in enumerate(times):
        blocks = [i * 1000 + j for j in range(-(-prompt // 512))]
        rows.append({"timestamp": 1000 * time, "input_length": prompt, "output_length": 2, "hash_ids": blocks})
    (folder / "trace.jsonl").write_text("\n".join(map(json.dumps, rows)))
    all_links = links if links is not None else {"wan": {**WAN, **(link or {})}}
    sites: dict[str, Any] = {site: {} for each in all_links.values() for site in each["between"]}
    pool = {"role": "prefill", "profile": PREFILL} | ({"batching": batching} if batching else {})
    sites |= {"cloud": {"pools": {"prefill": pool}}, "homes": {"fleet": {"devices": 1, "profile": DECODE}}}
    return from_dict(
        {
            "name": "one",
            "model": "llama-3.1-8b",
            "workload": {"kind": "mooncake", "path": str(folder / "trace.jsonl")},
            "sites": sites,
            "network": {"links": all_links},
            "routes": {"paas": {"prefill": "cloud.prefill", "decode": "homes", "kv": kv or {}, **route}},
            "router": {"kind": "fixed", "route": "paas"},
            "run": {"replications": 1, "warmup": "0 %"},
        },
        folder,
    )


def foreseen(scenario: Scenario, *prompts: int) -> Transfer:
    """What the closed form says, of the scenario's own prompt if no other is named."""
    (only,) = outlook(scenario, *prompts).transfers
    return only


def outlook(scenario: Scenario, *prompts: int) -> Outlook:
    """What the closed form says of the route."""
    (route,) = outlooks(scenario, Parts.of(scenario).sound(), prompts)
    return route


def simulated(scenario: Scenario, which: int = -1) -> dict[str, float]:
    """What a simulation says of one of the requests."""
    table = simulate_once(scenario).requests
    row = {name: float(values[which]) for name, values in table.items()}
    start = row["prefill_start"]
    return {
        "prefill": row["prefill_end"] - start,
        "wire": row["kv_bytes"],
        "first_byte": row["transfer_start"] - start,
        "exposed": row["transfer_end"] - row["prefill_end"],
        "unpack": row["codec_end"] - row["transfer_end"],
    }
