"""What the mesh says that a flow would get now: by it routers choose, and codecs that follow the bandwidth."""

from __future__ import annotations

import math

import pytest

from paasim.core.kernel import Environment
from paasim.core.release import Feed, Release
from paasim.link.curve import Curve
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh
from paasim.link.mesh.path import Path, Tap
from paasim.link.outages.pauses import paused
from paasim.link.transport.tcp import TcpSpec
from paasim.scenario.hop import PathHop

SIZE = 1e9
AT_ONCE = Release(0.0, 0.0, 0.0, 1, 0.0)


def path(env: Environment, channel: Channel, transport: TcpSpec | None = None) -> Path:
    return Path(env, Mesh(env), 0, (channel,), 0.02, transport=transport)


def test_an_idle_transfer_counts_as_one_more_flow() -> None:
    env = Environment()
    way = path(env, Channel("wan", 90.0))
    feed = Feed()
    event = way.transfer(math.inf, feed, None, 1.0, 0, False)
    way.transfer(SIZE, AT_ONCE, None, 1.0, 0, False)
    assert way.expected(450.0, None, 1.0, event) == pytest.approx(10.01)
    feed.give(SIZE)
    assert way.expected(450.0, None, 1.0, event) == pytest.approx(10.01)
    assert way.expected(450.0, None, 1.0, None) == pytest.approx(15.01)


def test_a_transfer_keeps_what_others_cannot_use() -> None:
    env = Environment()
    way = path(env, Channel("wan", 90.0))
    slow = Tap(Channel("device", 10.0), 0.0)
    event = way.transfer(SIZE, AT_ONCE, None, 1.0, 0, False)
    way.transfer(SIZE, AT_ONCE, slow, 1.0, 0, False)
    assert way.expected(800.0, None, 1.0, event) == pytest.approx(10.01)


def test_the_only_transfer_of_a_device_leaves_half_of_its_access_link() -> None:
    env = Environment()
    way, tap = path(env, Channel("wan", 1000.0)), Tap(Channel("device", 10.0), 0.0)
    assert way.expected(100.0, tap, 1.0, None) == pytest.approx(10.01)
    event = way.transfer(SIZE, AT_ONCE, tap, 1.0, 0, False)
    assert way.expected(100.0, tap, 1.0, None) == pytest.approx(20.01)
    assert way.expected(100.0, tap, 1.0, event) == pytest.approx(10.01)


def test_a_link_on_which_nothing_was_under_way_is_known_as_it_is_now() -> None:
    env = Environment()
    way = path(env, Channel("wan", 100.0, Curve([0.0, 5.0], [100.0, 10.0])))
    env.run(until=7.0)
    assert way.expected(100.0, None, 1.0, None) == pytest.approx(10.01)


def test_slow_start_counts_after_an_outage() -> None:
    """A transfer that begins while the link is down fills what it is afterwards, not what it is then."""
    arrived = []
    for begins in (0.0, 9.9999):
        env = Environment()
        curve = paused(Curve.constant(1e8), iter([(9.0, 1.0)]))
        way = path(env, Channel("wan", 1e8, curve), TcpSpec())
        env.run(until=begins)
        way.transfer(1e7, AT_ONCE._replace(start=begins), None, 1.0, 0, False).callbacks.append(  # type: ignore
            lambda _, env=env, begins=begins: arrived.append(env.now - begins)
        )
        env.run(until=60.0)
    usual, after_outage = arrived
    assert usual > 0.16  # ten megabytes, seven round trips of slow start
    assert after_outage == pytest.approx(usual, abs=0.001)
    assert way.rate(None) == 1e8


def test_an_outage_also_undoes_what_a_lone_idle_transfer_had_sent() -> None:
    for taps in (0, 1):
        env = Environment()
        down = paused(Curve.constant(100.0), iter([(2.0, 1.0)]))
        channel = Channel("x", 100.0, down)
        tap = Tap(channel, 0.0) if taps else None
        way = path(env, Channel("wan", 1e6) if taps else channel)
        feed, seen = Feed(), []
        event = way.transfer(math.inf, feed, tap, 1.0, 0, True)
        assert event.callbacks is not None
        event.callbacks.append(lambda _, env=env, seen=seen: seen.append(env.now))
        feed.give(100.0)
        env.call(3.5, lambda _, feed=feed: feed.give(100.0, True))
        env.run(until=60.0)
        assert seen == [pytest.approx(5.01)], taps


def test_looking_ahead_draws_no_jitter() -> None:
    """Else a router that looks would shift the delays of real messages."""
    env = Environment()
    drawn: list[float] = []

    def jitter() -> float:
        drawn.append(0.5)
        return 0.5

    path = Path(env, Mesh(env), 0, (Channel("c", 100.0),), 0.2, jitter=jitter)
    hop = PathHop(path, None)
    assert hop.foreseen(10.0, 0) == pytest.approx(0.2)
    assert hop.expected(10.0, 0) == pytest.approx(0.2)
    assert hop.one_way(0) == pytest.approx(0.1)
    assert not drawn
    assert hop.delay(10.0, 0) == pytest.approx(0.7)
    assert len(drawn) == 1
