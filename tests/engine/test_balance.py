"""Which instance of a pool a request gets."""

from __future__ import annotations

from pathlib import Path

from tests.laws.watch import run
from tests.small import Request, pool, scene, trace

CLOUD = {"cloud": {"prefill": "here.whole", "decode": "here.whole"}}


def served(folder: Path, requests: list[Request], balance: str, instances: int = 2) -> tuple[list[int], list[float]]:
    """The instance of every request, and when its prefill began; one prompt at a time, 1 ms per token."""
    whole = pool("mixed", instances=instances, balance=balance, batching={"kind": "one-at-a-time"})
    records = run(scene(trace(folder, requests), {"whole": whole}, CLOUD)).records
    names = [records.instances[int(i)] for i in records.requests["prefill_instance"]]
    starts = [round(float(start), 9) for start in records.requests["prefill_start"]]
    return [int(name.split("[")[1][:-1]) for name in names], starts


ONE_LONG = [(0.0, 1000, 1), (0.1, 100, 1), (0.21, 100, 1), (0.22, 100, 1)]
"""A long prompt, and short ones while it runs."""


def test_round_robin_takes_turns_whatever_the_load(tmp_path: Path) -> None:
    assert served(tmp_path, ONE_LONG, "round-robin") == ([0, 1, 0, 1], [0.0, 0.1, 1.0, 0.22])


def test_least_loaded_looks_at_the_work_in_sight(tmp_path: Path) -> None:
    assert served(tmp_path, ONE_LONG, "least-loaded") == ([0, 1, 1, 1], [0.0, 0.1, 0.21, 0.31])


def test_least_loaded_gives_ties_to_the_first(tmp_path: Path) -> None:
    assert served(tmp_path, [(0.0, 100, 1), (1.0, 100, 1), (2.0, 100, 1)], "least-loaded")[0] == [0, 0, 0]


def test_a_common_queue_is_served_by_whoever_is_free_first(tmp_path: Path) -> None:
    requests = [(0.0, 1000, 1), (0.1, 300, 1), (0.2, 100, 1), (0.3, 100, 1), (0.45, 700, 1), (0.5, 100, 1)]
    places, starts = served(tmp_path, requests, "shared-queue")
    assert places == [0, 1, 1, 1, 1, 0]
    assert starts == [0.0, 0.1, 0.4, 0.5, 0.6, 1.0]


def test_least_loaded_counts_what_is_sent_to_a_decode_pool(tmp_path: Path) -> None:
    """Sequences on their way count from the moment that room is reserved for them."""
    pools = {"prefill": pool("prefill"), "decode": pool("decode", instances=3)}
    pd = {"pd": {"prefill": "here.prefill", "decode": "here.decode"}}
    records = run(scene(trace(tmp_path, [(0.0, 10, 100)] * 6), pools, pd)).records
    places = [records.instances[int(i)] for i in records.requests["decode_instance"]]
    assert sorted(places) == sorted([f"here.decode[{i}]" for i in range(3)] * 2)
