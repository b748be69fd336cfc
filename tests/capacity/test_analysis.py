"""Bounds in closed form: shares of the router, directions, bytes, memory, caches, heat, classes and closed loops."""

from __future__ import annotations

from typing import Any

import pytest

from paasim.scenario import from_dict
from paasim.scenario.capacity import Analysis, analyze
from tests.capacity.saturate import pool, scene

LENGTHS = {"kind": "fixed", "prompt": 1000, "output": 100}
PER_TOKEN = 131_072
"""Bytes of KV of Llama-3.1-8B."""
ONE = {"kind": "one-at-a-time"}
PREFILL = pool("prefill", {"prefill": {"b": "100 us"}}, batching=ONE)
DECODE = pool("decode", {"decode": {"a": "10 ms"}}, max_seqs=20)
PAAS = {"paas": {"prefill": "dc.prefill", "decode": "homes", "first_token": "decode"}}
LOCAL = {"local": {"prefill": "homes", "decode": "homes"}}
FLEET = {"fleet": {"devices": 10, "profile": {"form": {"prefill": {"b": "1 ms"}, "decode": {"a": "20 ms"}}}}}
LINK = {"internet": {"between": ["dc", "homes"], "bandwidth": "10 Gbps", "rtt": "10 ms"}}


def paas(lengths: Any = LENGTHS, **more: Any) -> dict[str, Any]:
    given = {"homes": FLEET, "network": {"links": LINK}} | more
    return scene(lengths, {"prefill": PREFILL}, PAAS | LOCAL, **given)


def found(data: dict[str, Any]) -> Analysis:
    return analyze(from_dict(data))


def test_every_station_of_a_route() -> None:
    told = found(paas())
    rates = {station.name: station.max_rate for station in told.telling}
    cache = 1000 * PER_TOKEN
    assert rates == pytest.approx(
        {"dc.prefill": 10.0, "homes": 10 / (100 * 0.02), "internet": 10e9 / 8 / (cache + 0)}, rel=1e-6
    )
    assert told.bottleneck is not None
    assert (told.bottleneck.name, told.max_rate) == ("homes", pytest.approx(5.0))
    assert (told.offered, told.bottleneck.utilisation) == (1.0, pytest.approx(0.2))
    assert told.by_means == pytest.approx(told.max_rate)


def test_bandwidth_that_caches_need() -> None:
    told = found(paas())
    prefill, link = told.station("dc.prefill"), told.station("internet")
    bits = 8 * 1000 * PER_TOKEN
    assert prefill.full_bits == pytest.approx(10 * bits)
    assert link.kv_bits(told.max_rate) == pytest.approx(5 * bits)
    assert link.bandwidth == 10e9


def test_text_takes_the_other_way() -> None:
    """The prompt goes up as text; tokens come from the device itself. 4 bytes per token."""
    told = found(paas())
    up = told.station("internet backward")
    assert (up.kv_bytes, up.max_rate) == (0.0, pytest.approx(10e9 / 8 / 4000))
    assert up not in told.telling
    narrow = LINK["internet"] | {"backward_bandwidth": "100 kbps"}
    told = found(paas(network={"links": {"internet": narrow}}))
    assert told.bottleneck is not None
    assert (told.bottleneck.name, told.max_rate) == ("internet backward", pytest.approx(100e3 / 8 / 4000))


def test_a_codec_and_background_traffic() -> None:
    route = {"paas": PAAS["paas"] | {"kv": {"codec": {"kind": "ratio", "ratio": 4}}}}
    link = LINK["internet"] | {"background": {"rate": "2 Gbps"}}
    data = paas(network={"links": {"internet": link}}) | {"routes": route}
    assert found(data).station("internet").max_rate == pytest.approx(8e9 / 8 / (1000 * PER_TOKEN / 4), rel=1e-4)


def test_a_threshold_splits_the_law() -> None:
    """Uniform on 1 to 2000: half of the prompts are above 1000, 1500.5 tokens on average."""
    lengths = {"kind": "uniform", "prompt": {"min": 1, "max": 2000}, "output": {"min": 100, "max": 100}}
    router = {"kind": "threshold", "prompt_tokens": 1000, "below": "local", "above": "paas"}
    told = found(paas(lengths) | {"router": router})
    prefill, homes = told.station("dc.prefill"), told.station("homes")
    assert prefill.share == pytest.approx(0.5)
    assert prefill.max_rate == pytest.approx(1 / (0.5 * 1500.5e-4), rel=1e-4)
    # Those that stay compute 500.5 tokens and 99 steps, those that come 100 steps.
    assert homes.max_rate == pytest.approx(10 / (0.5 * (0.5005 + 99 * 0.02) + 0.5 * 100 * 0.02), rel=1e-4)
    assert told.notes == []


def test_a_router_that_looks_at_the_state_is_taken_to_spread_evenly() -> None:
    told = found(paas() | {"router": {"kind": "least-loaded"}})
    assert told.station("dc.prefill").share == 0.5
    assert "taken to spread evenly" in told.notes[0]


def test_a_closed_loop_has_bounds_but_no_load() -> None:
    loop = {"arrivals": {"kind": "closed-loop", "users": 4}, "lengths": LENGTHS}
    told = found(paas() | {"workload": loop})
    assert told.offered is None
    assert told.max_rate == pytest.approx(5.0)
    assert {station.utilisation for station in told.stations} == {0.0}
    both = {"loop": loop, "open": {"arrivals": {"kind": "constant", "rate": "2 /s"}, "lengths": LENGTHS}}
    data = paas() | {"workloads": both}
    del data["workload"]
    told = found(data)
    assert told.offered == 2.0
    assert "closed loops (loop) are left out" in told.notes[0]


def test_classes_count_by_their_rates() -> None:
    """One request of 4,000 tokens for three of 1,000."""
    long = {"arrivals": {"kind": "poisson", "rate": "1 /s"}, "lengths": LENGTHS | {"prompt": 4000}}
    short = {"arrivals": {"kind": "poisson", "rate": "3 /s"}, "lengths": LENGTHS}
    data = paas() | {"workloads": {"long": long, "short": short}}
    del data["workload"]
    told = found(data)
    assert told.offered == 4.0
    assert told.station("dc.prefill").max_rate == pytest.approx(1 / ((0.4 + 3 * 0.1) / 4))
    assert told.station("internet").kv_bytes == pytest.approx(1750 * PER_TOKEN)


def test_slots_and_memory_limit_the_batch_of_a_decode_pool() -> None:
    routes = {"pd": {"prefill": "dc.prefill", "decode": "dc.decode", "first_token": "decode"}}
    fabric = {"fabric": {"kind": "fixed", "between": ["dc", "dc"], "bandwidth": "1000 Tbps", "rtt": "0 s"}}

    def decode(**more: Any) -> float:
        data = scene(LENGTHS, {"prefill": PREFILL, "decode": DECODE | more}, routes, network={"links": fabric})
        return found(data).station("dc.decode").max_rate

    assert decode() == pytest.approx(20 / (100 * 0.01))
    assert decode(instances=3) == pytest.approx(3 * 20 / (100 * 0.01))
    # Contexts from 1,000 to 1,099 tokens in blocks of 16, half a block of each not full: 1,057 tokens at a time.
    memory = f"{10 * 1057 * PER_TOKEN} B"
    assert decode(kv_memory=memory) == pytest.approx(10 / (100 * 0.01), rel=0.01)


def test_caches_that_leave_slowly_fill_the_memory_of_a_prefill_pool() -> None:
    """A cache of 131 MB takes 1.05 s over 1 Gbps, during which its blocks are held: room for 5 of them is full."""
    link = LINK["internet"] | {"bandwidth": "100 Tbps"}
    pools = {"prefill": PREFILL | {"kv_memory": f"{5 * 1008 * PER_TOKEN} B"}}
    more = {"homes": FLEET | {"fleet": FLEET["fleet"] | {"devices": 10_000}}}
    access = {"down": "1 Gbps", "up": "1 Gbps", "rtt": "0 s"}
    data = scene(LENGTHS, pools, PAAS, network={"links": {"internet": link | {"access": access}}}, **more)
    station = found(data).station("dc.prefill")
    held = 0.1 + 8 * 1000 * PER_TOKEN / 1e9 + 0.005
    assert station.max_rate == pytest.approx(5 / held, rel=0.01)
    assert "its KV memory is full" in station.why


@pytest.mark.parametrize(("cache", "seconds"), [(True, 0.05), (False, 0.1)])
def test_shared_prefixes_that_are_sure_to_be_cached(cache: bool, seconds: float) -> None:
    shared = {"prefixes": {"kind": "shared", "groups": 3, "tokens": 500, "block": 100}}
    data = paas(workload=shared)
    data["sites"]["dc"]["pools"] = {"prefill": PREFILL | {"prefix_cache": cache, "block_tokens": 10}}
    told = found(data)
    assert told.station("dc.prefill").max_rate == pytest.approx(1 / seconds)
    assert told.notes == []


def test_prefixes_that_may_not_fit_are_left_out_with_a_note() -> None:
    shared = {"prefixes": {"kind": "shared", "groups": 1000, "tokens": 500, "block": 100}}
    data = paas(workload=shared)
    more = {"prefix_cache": True, "block_tokens": 10, "kv_memory": "10 GiB"}
    data["sites"]["dc"]["pools"] = {"prefill": PREFILL | more}
    told = found(data)
    assert told.station("dc.prefill").max_rate == pytest.approx(10.0)
    assert "hits of the prefix cache of dc.prefill are left out" in told.notes[0]


def test_hardware_that_never_rests_is_hot() -> None:
    thermal = {"prefill": [0.5, 2.0], "decode": [0.5, 2.0], "time_constant": "1 min", "source": "assumed"}
    data = paas()
    data["sites"]["dc"]["pools"] = {"prefill": PREFILL | {"thermal": thermal}}
    assert found(data).station("dc.prefill").max_rate == pytest.approx(5.0)


def test_a_single_output_token_needs_no_transfer() -> None:
    data = paas(LENGTHS | {"output": 1})
    data["routes"] = {"paas": {"prefill": "dc.prefill", "decode": "homes", "first_token": "prefill"}}
    told = found(data)
    assert told.station("internet").kv_bytes == 0.0
    assert told.bottleneck is not None
    assert told.bottleneck.name == "dc.prefill"


def test_a_link_that_is_not_shared_limits_nothing() -> None:
    data = paas(network={"links": {"internet": LINK["internet"] | {"kind": "fixed"}}})
    link = found(data).station("internet")
    assert (link.max_rate, link.utilisation) == (float("inf"), 0.0)
    assert "each at the whole rate" in link.why


def test_prices_add_up_or_are_not_known() -> None:
    data = paas()
    assert found(data).price is None
    fleet = {"fleet": FLEET["fleet"] | {"price": "0.01 $/h"}}
    data["sites"] = {"dc": {"pools": {"prefill": PREFILL | {"price": "3 $/h"}}}, "homes": fleet}
    assert found(data).price == pytest.approx(3.1)
