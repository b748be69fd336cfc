"""Cases that the random search has found, each as small as it gets; their requests are exact, from a trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.scenario import check, from_dict
from tests.laws.laws import LAWS
from tests.laws.scenes import kv_size
from tests.laws.watch import Seen, run
from tests.small import LINEAR, MODEL, pool, scene, trace


def obeys(seen: Seen) -> Seen:
    for law in LAWS:
        law(seen)
    return seen


def stamps(seen: Seen, name: str) -> list[float]:
    return [round(float(time), 9) for time in seen.records.requests[name]]


def test_a_receiver_that_gives_room_at_a_boundary_is_busy_once(tmp_path: Path) -> None:
    requests = [(0.0, 100, 20), (0.0, 100, 20), (0.0, 100, 20)]
    pools = {"prefill": pool("prefill"), "decode": pool("decode", kv_memory=kv_size(MODEL, 130))}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode"}}
    seen = obeys(run(scene(trace(tmp_path, requests), pools, pd)))
    busy = {level.name: float(level.totals["busy"][-1]) for level in seen.records.resources}
    assert busy == pytest.approx({"here.prefill": 0.3, "here.decode": 3 * 19 * 0.01})


def test_packing_takes_its_time_where_no_link_is_passed(tmp_path: Path) -> None:
    codec = {"kind": "ratio", "ratio": 2, "encode": "1 GB/s", "decode": "2 GB/s", "pipelined": False}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode", "kv": {"codec": codec}}}
    pools = {"prefill": pool("prefill"), "decode": pool("decode")}
    seen = obeys(run(scene(trace(tmp_path, [(0.0, 1000, 2)]), pools, pd)))
    size = 1000 * 131_072
    assert stamps(seen, "transfer_end") == [round(1.0 + size / 1e9, 9)]
    assert stamps(seen, "decode_start") == [round(1.0 + size / 1e9 + size / 2e9, 9)]


def test_a_common_queue_passes_over_an_instance_without_memory(tmp_path: Path) -> None:
    """The first instance still holds the KV of a prompt on its way; the second is free."""
    pools = {
        "prefill": pool("prefill", instances=2, balance="shared-queue", kv_memory=kv_size(MODEL, 130)),
        "decode": pool("decode"),
    }
    wire = {"between": ["here", "here"], "bandwidth": "1 Mbps", "rtt": "0 s"}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode"}}
    workload = trace(tmp_path, [(0.0, 100, 2), (0.5, 100, 2)])
    seen = obeys(run(scene(workload, pools, pd, network={"links": {"wire": wire}})))
    assert stamps(seen, "prefill_start") == stamps(seen, "uplink_end")


def test_a_common_queue_wakes_who_can_serve_the_next_in_line(tmp_path: Path) -> None:
    """The first in line fits into neither; when one takes it, the other can take the second."""
    pools = {
        "prefill": pool("prefill", instances=2, balance="shared-queue", kv_memory=kv_size(MODEL, 300)),
        "decode": pool("decode", max_seqs=8),
    }
    wire = {"between": ["here", "here"], "bandwidth": f"{131_072 * 8 * 10 / 1e6} Mbps", "rtt": "0 s", "kind": "fixed"}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode"}}
    workload = trace(tmp_path, [(0.0, 20, 2), (0.0, 30, 2), (1.0, 270, 2), (1.1, 30, 2)])
    seen = obeys(run(scene(workload, pools, pd, network={"links": {"wire": wire}})))
    first_freed = stamps(seen, "transfer_end")[0]
    assert first_freed == pytest.approx(2.02, abs=1e-3)
    assert stamps(seen, "prefill_start")[2:] == [first_freed, first_freed]


def test_one_token_from_a_common_queue_frees_the_instance_that_made_it(tmp_path: Path) -> None:
    pools = {"prefill": pool("prefill", instances=2, balance="shared-queue"), "decode": pool("decode")}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode"}}
    requests = [(0.0, 300, 1), (0.001, 100, 1), (0.002, 100, 1)]
    obeys(run(scene(trace(tmp_path, requests), pools, pd)))


def test_a_preempted_sequence_may_go_on_at_another_instance_of_a_common_queue(tmp_path: Path) -> None:
    pools = {"whole": pool("mixed", instances=2, balance="shared-queue", kv_memory=kv_size(MODEL, 1000))}
    requests = [(0.0, 450, 300), (0.001, 450, 300), (0.002, 450, 100), (0.003, 450, 100)]
    cloud = {"cloud": {"prefill": "here.whole", "decode": "here.whole"}}
    seen = obeys(run(scene(trace(tmp_path, requests), pools, cloud)))
    assert sum(seen.records.requests["preemptions"]) > 0
    moved = seen.records.requests["prefill_instance"] != seen.records.requests["decode_instance"]
    assert not np.any(moved)


def test_the_wait_of_a_sequence_that_came_back_is_a_gap(tmp_path: Path) -> None:
    """It is computed again in one step, and sits out the next, which computes another prompt."""
    requests = [(0.0, 100, 90), (0.0, 100, 90), (0.0, 100, 90), (0.9, 50, 10)]
    batching = {"kind": "one-at-a-time"}
    pools = {"whole": pool("mixed", block_tokens=1, batching=batching, kv_memory=kv_size(MODEL, 400))}
    cloud = {"cloud": {"prefill": "here.whole", "decode": "here.whole"}}
    seen = obeys(run(scene(trace(tmp_path, requests), pools, cloud)))
    assert sum(seen.records.requests["preemptions"]) > 0


@pytest.mark.parametrize("streaming", ["whole", "layers"])
def test_a_receiver_that_has_it_all_waits_for_the_end_of_the_prefill(tmp_path: Path, streaming: str) -> None:
    pools = {"prefill": pool("prefill"), "decode": pool("decode", prefix_cache=True)}
    wire = {"between": ["here", "here"], "bandwidth": "10 Gbps", "rtt": "20 ms"}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode", "kv": {"streaming": streaming}}}
    workload = trace(tmp_path, [(0.0, 512, 2), (2.0, 512, 2)], [[1], [1]])
    seen = obeys(run(scene(workload, pools, pd, network={"links": {"wire": wire}})))
    assert seen.records.requests["kv_bytes"][1] == 0
    # Nothing is sent but word of it, which takes half a round trip.
    assert stamps(seen, "decode_start")[1] == pytest.approx(stamps(seen, "prefill_end")[1] + 0.01, abs=1e-9)


def test_engines_that_wait_for_each_others_memory_end_the_run(tmp_path: Path) -> None:
    """Each holds a prompt's KV until the other has room, and has none because of it."""
    full = {"kv_memory": kv_size(MODEL, 130)}
    pools = {"a": pool("mixed", **full), "b": pool("mixed", **full)}
    routes = {"ab": {"prefill": "here.a", "decode": "here.b"}, "ba": {"prefill": "here.b", "decode": "here.a"}}
    seen = run(scene(trace(tmp_path, [(0.0, 100, 5), (0.0, 100, 5)]), pools, routes))
    assert list(seen.records.requests["outcome"]) == [0, 0]


def test_tokens_are_read_in_order_where_the_decoder_is_nearer_than_the_prefill(tmp_path: Path) -> None:
    sites = {"far": {"pools": {"prefill": pool("prefill")}}, "near": {"pools": {"decode": pool("decode")}}, "me": {}}
    links = {
        "wan": {"between": ["far", "near"], "bandwidth": "100 Gbps", "rtt": "0 s"},
        "long": {"between": ["far", "me"], "bandwidth": "100 Gbps", "rtt": "1 s"},
        "short": {"between": ["near", "me"], "bandwidth": "100 Gbps", "rtt": "0 s"},
    }
    routes = {"prfaas": {"prefill": "far.prefill", "decode": "near.decode"}}
    workload = trace(tmp_path, [(0.0, 100, 10)]) | {"origin": "me"}
    seen = obeys(run(scene(workload, {}, routes, sites=sites, network={"links": links})))
    columns = seen.records.requests
    assert columns["first_token"] == columns["second_token"] == columns["last_token"]


def test_kv_that_comes_in_a_row_of_chunks_joins_at_the_next_step(tmp_path: Path) -> None:
    """Though nothing had come from elsewhere before the row of equal chunks began."""
    pools = {"prefill": pool("prefill"), "whole": pool("mixed", batching={"kind": "chunked", "chunk": 100})}
    routes = {
        "cloud": {"prefill": "here.whole", "decode": "here.whole"},
        "pd": {"prefill": "here.prefill", "decode": "here.whole"},
    }
    seen = obeys(run(scene(trace(tmp_path, [(0.0, 1000, 2), (0.05, 100, 3)]), pools, routes)))
    assert stamps(seen, "transfer_end")[1] == 0.15
    assert stamps(seen, "decode_start")[1] == 0.2


def test_a_run_that_is_cut_off_needs_a_time_for_it(tmp_path: Path) -> None:
    pools = {"whole": pool("mixed")}
    cloud = {"cloud": {"prefill": "here.whole", "decode": "here.whole"}}
    data = scene(trace(tmp_path, [(0.0, 1000, 2)]), pools, cloud) | {"run": {"requests": 5, "drain": False}}
    with pytest.raises(InputError, match="drain"):
        from_dict(data)


def test_nobody_takes_a_device_who_sits_at_none(tmp_path: Path) -> None:
    """They would all share one that is not there."""
    sites = {"cloud": {}, "homes": {"fleet": {"devices": 50, "profile": LINEAR}}}
    links = {"internet": {"between": ["cloud", "homes"], "bandwidth": "1 Gbps", "rtt": "1 ms"}}
    local = {"local": {"prefill": "homes", "decode": "homes"}}
    workload = trace(tmp_path, [(0.0, 100, 2)]) | {"origin": "cloud"}
    data = scene(workload, {}, local, sites=sites, network={"links": links})
    with pytest.raises(InputError, match="the users of 'requests' are at 'cloud'"):
        check(from_dict(data))


def test_a_single_device_is_shared_by_users_from_elsewhere(tmp_path: Path) -> None:
    """A helper in another room: all twenty prompts queue at it, whichever device their user has."""
    sites = {
        "helper": {"fleet": {"devices": 1, "profile": LINEAR}},
        "homes": {"fleet": {"devices": 20, "profile": LINEAR}},
    }
    links = {"lan": {"between": ["helper", "homes"], "bandwidth": "10 Gbps", "rtt": "0 s"}}
    together = {"together": {"prefill": "helper", "decode": "homes"}}
    workload = trace(tmp_path, [(0.0, 100, 2)] * 20) | {"origin": "homes"}
    seen = obeys(run(scene(workload, {}, together, sites=sites, network={"links": links})))
    assert set(seen.records.requests["prefill_instance"]) == {seen.records.instances.index("helper[0]")}
    assert max(seen.records.requests["prefill_end"]) == pytest.approx(2.0, abs=1e-3)
