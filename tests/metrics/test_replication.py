"""A replication measured: levels, service levels, cost, steadiness, and all of it together."""

from __future__ import annotations

import numpy as np
import pytest

from paasim.core.recorder import Levels
from paasim.core.request import COMPLETED, DROPPED, UNFINISHED
from paasim.metrics.bottleneck import bottleneck, load
from paasim.metrics.context import too_long
from paasim.metrics.cost import cost, energy
from paasim.metrics.levels import usage
from paasim.metrics.replication import count, measure
from paasim.metrics.slo import good
from paasim.metrics.steady import littles_law, trend
from paasim.metrics.warmup import Warmup
from paasim.metrics.window import Window, window_of
from tests.handmade import make_records, simulated

WHOLE = Window(0.0, 10.0, np.ones(1, bool))


def pool(name: str = "pool", servers: int = 2, **capacity: float) -> Levels:
    times = np.array([0.0, 5.0, 10.0])
    totals = {"busy": np.array([0.0, 10.0, 12.0]), "queue": np.array([0.0, 0.0, 20.0]), "bytes": times * 1e9}
    return Levels(name, "pool", servers, times, totals | {"kv_tokens": times * 50}, capacity)


def test_levels_are_time_weighted() -> None:
    used = usage(pool(kv_tokens=100.0), WHOLE)
    assert used.utilisation == pytest.approx(0.6)
    assert used.queue_mean == pytest.approx(2.0)
    assert used.kv_utilisation == pytest.approx(0.25)
    assert used.running_mean is None
    second_half = usage(pool(), Window(5.0, 10.0, np.ones(1, bool)))
    assert second_half.utilisation == pytest.approx(0.2)
    assert second_half.bytes == pytest.approx(5e9)


def test_cost_counts_hours_and_bytes_but_no_idle_pool() -> None:
    idle = Levels("idle", "pool", 4, np.array([0.0, 10.0]), {"busy": np.zeros(2)}, {"price_per_hour": 9.0})
    levels = [pool(price_per_hour=3.6, price_per_byte=1e-12), idle]
    bill = cost(levels, [usage(level, WHOLE) for level in levels])
    assert bill is not None
    assert bill.by_resource == {"pool": pytest.approx(2 * 3.6 * 10 / 3600 + 0.01)}
    assert bill.per(1000.0) == pytest.approx(bill.total / 1000)
    assert bill.unpriced == ()
    assert cost([pool()], [usage(pool(), WHOLE)]) is None
    nothing = Window(20.0, 20.0, np.zeros(1, bool))
    assert cost(levels, [usage(level, nothing) for level in levels]) is None


def test_a_missing_price_is_not_zero() -> None:
    levels = [pool("a", price_per_hour=3.6), pool("b"), pool("free", price_per_hour=0.0)]
    bill = cost(levels, [usage(level, WHOLE) for level in levels])
    assert bill is not None
    assert bill.unpriced == ("b",)


def test_energy_counts_busy_and_idle_time() -> None:
    level = pool(power=100.0, power_idle=10.0)
    bill = energy([level], [usage(level, WHOLE)])
    assert bill is not None
    assert bill.total == pytest.approx(12 * 100 + 8 * 10)


def test_bottleneck_is_the_busiest() -> None:
    usages = [usage(pool(name, servers), WHOLE) for name, servers in (("a", 3), ("b", 2), ("c", 4))]
    found = bottleneck(usages)
    assert found is not None
    assert found.name == "b"
    assert bottleneck([]) is None


def test_fill_is_the_largest_share_of_what_a_batch_needs() -> None:
    totals = {"running": np.array([0.0, 60.0, 120.0]), "prompt_tokens": np.array([0.0, 500.0, 1000.0])}

    def fill(**capacity: float) -> float | None:
        level = pool(**capacity)
        return usage(Levels("p", "pool", 2, level.times, {**level.totals, **totals}, capacity), WHOLE).fill

    assert fill(max_seqs=16.0) == pytest.approx(12 / 32)
    assert fill(max_seqs=16.0, kv_tokens=50.0) == pytest.approx(0.5)
    assert fill(max_seqs=16.0, kv_tokens=50.0, prompt_tokens_per_s=80.0) == pytest.approx(100 / 160)
    assert fill(max_seqs=1.0, kv_tokens=50.0) is None  # a device: at work or not
    assert fill(kv_tokens=50.0) is None


def test_a_pool_that_batches_is_as_loaded_as_it_is_full_unless_it_cannot_keep_up() -> None:
    times = np.array([0.0, 5.0, 10.0])

    def batching(name: str, queue: list[float]) -> Levels:
        totals = {"busy": times, "running": times * 2, "queue": np.array(queue)}
        return Levels(name, "pool", 1, times, totals, {"max_seqs": 10.0})

    calm, behind = batching("calm", [0, 5, 10]), batching("behind", [0, 5, 200])
    assert load(usage(calm, WHOLE)) == pytest.approx(0.2)
    assert load(usage(behind, WHOLE)) == pytest.approx(1.0)
    found = bottleneck([usage(calm, WHOLE), usage(pool("half", 3), WHOLE)])
    assert found is not None
    assert found.name == "half"


def test_a_link_is_as_busy_as_its_busier_way() -> None:
    times = np.array([0.0, 10.0])
    totals = {name: times * share for name, share in (("busy", 0.1), ("busy_backward", 0.7), ("bytes", 1e8))}
    level = Levels("wan", "link", 1, times, totals | {"bytes_backward": times * 7e8}, {"price_per_byte": 1e-9})
    used = usage(level, WHOLE)
    assert used.utilisation == pytest.approx(0.7)
    assert used.bytes == pytest.approx(8e9)
    bill = cost([level], [used])
    assert bill is not None
    assert bill.total == pytest.approx(8.0)


def test_prompts_beyond_the_context_are_counted_where_they_were_served() -> None:
    at = {"prefill_instance": 0, "decode_instance": 1}
    rows = [{"arrival": float(i), "prompt_tokens": tokens, **at} for i, tokens in enumerate((10, 11, 500))]
    rows.append({"arrival": 3.0, "prompt_tokens": 600})  # dropped before it was served
    small, large = pool("here.prefill", max_context=10.0), pool("there", max_context=500.0)
    records = make_records(rows, resources=[small, large], instances=["here.prefill[0]", "there[0]"])
    assert too_long(records) == {"here.prefill": (2, 10.0)}


def test_a_good_request_meets_every_limit_of_its_class() -> None:
    row = {"arrival": 0.0, "first_token": 1.0, "last_token": 3.0, "output_tokens": 3}
    rows = [
        row,
        row | {"first_token": 2.5},
        row | {"last_token": 9.0},
        row | {"outcome": DROPPED},
        row | {"first_token": 2.5, "class": 1},
    ]
    limits = {"ttft": 2.0, "tpot": 2.0}
    records = make_records(rows, classes=["chat", "batch"])
    assert good(records, [limits]).tolist() == [True, False, False, False, False]
    assert good(records, [limits, {}]).tolist() == [True, False, False, False, True]


def test_a_limit_itself_is_met() -> None:
    records = make_records([{"arrival": 0.0, "first_token": 2.0, "last_token": 2.0}])
    assert good(records, [{"ttft": 2.0, "tpot": 0.001}]).tolist() == [True]


def test_every_request_is_counted() -> None:
    rows = [{"arrival": float(i), "outcome": o, "reason": r} for i, (o, r) in enumerate(
        [(COMPLETED, -1), (DROPPED, 0), (DROPPED, 1), (DROPPED, 0), (UNFINISHED, -1)]
    )]  # fmt: skip
    counts = count(make_records(rows, reasons=["kv-full", "timeout"]))
    assert counts.dropped == {"kv-full": 2, "timeout": 1}
    assert counts.arrived == counts.completed + counts.unfinished + sum(counts.dropped.values()) == 5


@pytest.mark.parametrize(("load", "unbounded"), [(0.5, False), (0.8, False), (0.9, False), (1.25, True), (2.0, True)])
@pytest.mark.parametrize("seed", range(5))
def test_a_queue_without_bound_is_told_from_a_busy_one(load: float, unbounded: bool, seed: int) -> None:
    records = simulated(3000, seed=seed, rate=10.0, service=load / 10)
    assert trend(records, window_of(records, Warmup(share=0.1))).unbounded is unbounded


def test_littles_law_is_an_identity_over_a_whole_run() -> None:
    records = simulated(500)
    left, right = littles_law(records, 0.0, records.end)
    assert left == pytest.approx(right, rel=1e-12)


def test_measured_together() -> None:
    records = simulated(5000, rate=10.0, service=0.05)
    result = measure(records, Warmup(share=0.2), [{"ttft": 0.5}])
    ttft = result.values["ttft"]
    assert len(ttft) == result.measured.sum() == 4000
    assert sum(result.ttft_parts.values()) == pytest.approx(ttft.sum(), rel=1e-12)
    assert sum(result.ttst_parts.values()) == pytest.approx(np.nansum(result.values["ttst"]), rel=1e-12)
    assert result.attainment == pytest.approx(np.mean(ttft <= 0.5))
    assert result.rates.requests == pytest.approx(10.0, rel=0.05)
    assert result.rates.good == pytest.approx(result.rates.requests * result.attainment, rel=0.02)
    assert result.usages[0].utilisation == pytest.approx(0.5, rel=0.05)
    assert not result.trend.unbounded
    assert result.growing == {}


def test_an_empty_run_is_measured_too() -> None:
    result = measure(make_records([]), Warmup(auto=True), [{"ttft": 1.0}])
    assert result.counts.arrived == 0
    assert result.attainment is None
    assert result.rates.requests == 0.0
