"""A transfer alone on a link: what can be written down."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.core.kernel import Environment
from paasim.core.release import Release
from paasim.link.access import Access
from paasim.link.fixed import FixedSpec
from paasim.link.plain.duplex import DuplexLink
from tests.link.drive import shared, whole

exactly = pytest.approx


def send(env: Environment, link: DuplexLink, *args: Any, at: float = 0.0) -> dict[str, float]:
    """Send once; what comes back is filled in by `env.run()`."""
    seen: dict[str, float] = {}

    def process() -> Any:
        if at:
            yield env.timeout(at)
        seen["first"] = yield link.transfer(*args)
        seen["end"] = env.now

    env.process(process())
    return seen


def alone(link_rate: float, rtt: float, *args: Any, at: float = 0.0) -> dict[str, float]:
    env = Environment()
    seen = send(env, shared(env, link_rate, rtt), *args, at=at)
    env.run()
    return seen


def test_whole_flow_takes_size_over_rate_and_half_a_round_trip() -> None:
    seen = alone(100.0, 0.5, 350.0, whole(2.0), True, at=2.0)
    assert seen == {"first": 2.0, "end": exactly(2 + 3.5 + 0.25, rel=1e-12)}


@given(st.floats(1, 1e11), st.integers(1, 128), st.floats(0, 100), st.floats(1, 1e10), st.floats(0, 1000))
def test_layers(size: float, layers: int, prefill: float, rate: float, start: float) -> None:
    seen = alone(rate, 0.0, size, Release(start, prefill / layers, prefill / layers, layers), True, at=start)
    expected = max(prefill + size / (layers * rate), prefill / layers + size / rate)
    assert seen["end"] - start == exactly(expected, rel=1e-9, abs=1e-9)
    assert seen["first"] == exactly(start + prefill / layers)


def test_transfer_that_begins_late_finds_parts_ready() -> None:
    release = Release(0.0, 1.0, 1.0, 4)  # 100 bytes at 1, 2, 3, 4
    assert alone(100.0, 0.0, 400.0, release, True, at=3.0)["end"] == exactly(7.0)
    assert alone(400.0, 0.0, 400.0, release, True, at=3.0)["end"] == exactly(4.25)
    assert alone(100.0, 0.0, 400.0, release, True, at=9.0) == {"first": 9.0, "end": exactly(13.0)}


def test_head_is_sent_first_and_from_the_start_of_the_release_only() -> None:
    release = Release(2.0, 3.0, 1.0, 2, head=0.5)
    assert alone(100.0, 0.0, 400.0, release, True) == {"first": 2.0, "end": exactly(7.0)}  # 2-4 head, 5-6, 6-7


def test_nothing_to_send_is_there_when_its_end_is_ready() -> None:
    assert alone(100.0, 0.5, 0.0, Release(0.0, 1.0, 1.0, 4), True)["end"] == 4.25


def test_access_link_binds_and_adds_its_round_trip() -> None:
    access = Access(forward=50.0, backward=10.0, rtt=0.1)
    assert alone(100.0, 0.5, 100.0, whole(0.0), True, access)["end"] == exactly(2.3)
    assert alone(100.0, 0.5, 100.0, whole(0.0), False, access)["end"] == exactly(10.3)
    link = shared(Environment(), 100.0, 0.5)
    assert link.latency(100.0, True, access) == exactly(2.3)
    assert link.latency(100.0, False) == exactly(1.25)


def test_two_flows_of_a_device_split_its_access_link_and_leave_the_trunk_to_others() -> None:
    env = Environment()
    link = shared(env, 100.0)
    device = Access(40.0, 40.0, 0.0)
    two = [send(env, link, 100.0, whole(0.0), True, device) for _ in range(2)]
    other = send(env, link, 180.0, whole(0.0), True)
    env.run()
    assert [one["end"] for one in two] == [exactly(5.0), exactly(5.0)]
    assert other["end"] == exactly(3.0)


def test_directions_do_not_touch_each_other() -> None:
    env = Environment()
    link = shared(env, 100.0, backward_bandwidth="400 bps")
    there = send(env, link, 100.0, whole(0.0), True)
    back = send(env, link, 100.0, whole(0.0), False)
    env.run()
    assert (there["end"], back["end"]) == (1.0, 2.0)
    totals = link.totals(env.now)
    assert totals == {"busy": 1.0, "bytes": 100.0, "busy_backward": 2.0, "bytes_backward": 100.0, "flows": 3.0}


def test_fixed_link_gives_everyone_the_full_rate() -> None:
    env = Environment()
    link = FixedSpec(between=("a", "b"), bandwidth="800 bps", rtt="1 s").build(env, "link")
    device = Access(50.0, 50.0, 0.0)
    three = [send(env, link, 100.0, whole(0.0), True, *more) for more in ((), (), (device,), (device,))]
    env.run()
    assert [one["end"] for one in three] == [1.5, 1.5, 2.5, 2.5]
    assert link.totals(env.now)["bytes"] == 400.0


def test_share_that_one_more_flow_would_get() -> None:
    env = Environment()
    link = shared(env, 100.0)
    device = Access(60.0, 60.0, 0.0)
    assert link.share(True) == 100.0
    assert link.share(True, device) == 60.0
    link.transfer(100.0, whole(0.0), True, device)
    assert link.share(True) == 50.0
    assert link.share(True, device) == 30.0
    assert link.share(False, device) == 60.0


def test_lone_transfers_cost_two_events() -> None:
    env = Environment()
    link = shared(env, 100.0, 0.1)

    def source() -> Any:
        for _ in range(100):
            yield link.transfer(100.0, Release(env.now, 0.1, 0.1, 32), True)

    env.process(source())
    env.run()
    assert next(env._eid) <= 2 * 100 + 2
