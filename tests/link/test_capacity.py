"""Links whose rate changes, as people write them: traces, processes, outages, jitter, presets."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from paasim.core import registry
from paasim.core.errors import InputError
from paasim.core.streams import Streams
from paasim.link.access import PRESETS, AccessSpec
from paasim.link.capacity.process import ProcessCapacity
from paasim.link.capacity.trace import TraceCapacity
from paasim.link.choice import AnyLink
from paasim.link.network import catalogue
from paasim.link.outages.random import RandomOutages
from paasim.link.varying import AnyCapacity, AnyJitter

any_link: TypeAdapter[Any] = TypeAdapter(AnyLink)
any_capacity: TypeAdapter[Any] = TypeAdapter(AnyCapacity)
any_jitter: TypeAdapter[Any] = TypeAdapter(AnyJitter)
BLOCK = {"between": ["cloud", "homes"], "bandwidth": "80 Mbps", "rtt": "25 ms"}
STEPS = "time,mbps\n0,8\n10,16\n20,0\n"


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    path = tmp_path / "steps.csv"
    path.write_text(STEPS)
    return path


def test_a_table_is_read_as_it_stands(steps: Path) -> None:
    for after, later in (("loop", 1e6), ("hold", 0.0), ("end", 0.0)):
        curve = TraceCapacity(path=str(steps), after=after, offset="0 s").build(rng())
        assert [curve.rate(time) for time in (0.0, 9.9, 10.0, 20.0)] == [1e6, 1e6, 2e6, 0.0]
        assert curve.rate(30.0) == later
    assert TraceCapacity(path=str(steps), offset="0 s", scale=0.5).build(rng(), limit=0.8e6).rate(10.0) == 0.8e6
    assert TraceCapacity(path=str(steps)).mean() == pytest.approx(1e6)
    late = TraceCapacity(path=str(steps), offset="12 s", after="end").build(rng())
    assert (late.rate(0.0), late.rate(8.0), late.reach(0.0, 20e6)) == (2e6, 0.0, inf)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("0 8\n10 16\n20 0\n", {}),
        ("0\t8\n10\t16\n20\t0\n", {}),
        ("0;8\n10;16\n20;0\n", {}),
        ("kind,t_s,Mbps\nx,0,8\ny,5,3\nx,10,16\nx,20,0\n", {"select": {"kind": "x"}}),
        ("rate,at\n1,0\n2,10\n0,20\n", {"time": "at", "rate": "rate", "unit": "MB/s"}),
        ("8 x 0\n16 x 10\n0 x 20\n", {"time": "3", "rate": "1"}),
        (
            "time,kbps\n2026-01-01 10:00:00,8000\n2026-01-01 10:00:10,16000\n2026-01-01 10:00:20,0\n",
            {"rate": "kbps", "unit": "kbps"},
        ),
        ("0,8\n10,12\n10,20\n20,0\n", {"repeated": "mean"}),
        ("10,8\n20,16\n30,0\n", {"stamp": "end"}),
    ],
)
def test_tables_of_many_makers(text: str, given: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "trace.gz"
    path.write_bytes(gzip.compress(text.encode()))
    curve = TraceCapacity(path=str(path), offset="0 s", **given).build(rng())
    assert [curve.rate(time) for time in (0.0, 10.0, 20.0, 30.0)] == [1e6, 2e6, 0.0, 1e6]


def test_packets_are_put_into_bins(tmp_path: Path) -> None:
    """1,500 bytes per line; what lasts 1,050 ms has a last bin of half the length."""
    path = tmp_path / "up"
    path.write_text("0\n20\n20\n150\n1040\n1050\n")
    curve = TraceCapacity(path=str(path), offset="0 s").build(rng())
    assert [curve.rate(time) for time in (0.0, 0.1, 0.2, 1.0)] == pytest.approx([45e3, 15e3, 0.0, 60e3])
    assert curve.carried(0.0, 1.05) == pytest.approx(6 * 1500)
    assert curve.rate(1.05) == pytest.approx(45e3)  # and from the beginning, as mm-link does
    assert curve.carried(0.0, 10.5) == pytest.approx(60 * 1500)


def test_links_that_share_a_trace_begin_it_at_places_of_their_own(steps: Path) -> None:
    spec = TraceCapacity(path=str(steps))
    seen = {spec.build(rng(seed)).next_change(0.0) for seed in range(8)}
    assert len(seen) == 8
    assert spec.build(rng(3)).next_change(0.0) == spec.build(rng(3)).next_change(0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "trace.csv: is empty"),
        ("t_s,mbps\n", "trace.csv: has no rows"),
        ("t_s,mbps\n0,1\n", "trace.csv:2: a trace needs rows at two times"),
        ("t_s,mbps\n0,1\n2,1\n1,1\n", "trace.csv:4: the time is before that of the line above"),
        ("t_s,mbps\n0,1\n2,1\n2,1\n", "trace.csv:4: the time is that of the line above"),
        ("t_s,mbps\n0,1\n1,-2\n", "trace.csv:3: the rate -2 Mbps is beyond all sense"),
        ("t_s,mbps\n0,1\n1,nan\n", "trace.csv:3: the rate is 'nan', not a finite number"),
        ("t_s,mbps\n0,1\n1,\n", "trace.csv:3: column 2 is missing"),
        ("t_s,mbps\n0,1\n1\n", "trace.csv:3: column 2 is missing"),
        ("t_s,mbps\n0,1\n100,1\n", "trace.csv:3: 100 s after the line above; it is a gap"),
        ("when,mbps\n0,1\n", "trace.csv:1: has no column named t_s"),
        ("t_s,mbps\n0,1\n?,2\n", "trace.csv:3: the time is '?', not a finite number"),
        ("5\n7\n6\n", "trace.csv:3: the time is before that of the line above"),
        ("5\n7\n9\nx\n", "trace.csv:4: 'x' is not a time in whole milliseconds"),
        ("5\n7\n90000\n", "trace.csv:3: 89.993 s without a packet"),
        ("0\n0\n0\n", "trace.csv: has no time beyond 0"),
        ("nothing of the kind\n", "trace.csv:1: has no column named t_s"),
    ],
)
def test_wrong_traces_are_told_with_their_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        TraceCapacity(path=str(path)).build(rng())


def test_what_is_no_text_or_not_there(tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputError, match="junk:1: is not text in UTF-8"):
        TraceCapacity(path=str(junk)).build(rng())
    junk.write_bytes(gzip.compress(b"".join(b"%d,1\n" % n for n in range(99)))[:-9])
    with pytest.raises(InputError, match="cut short or damaged"):
        TraceCapacity(path=str(junk)).build(rng())
    with pytest.raises(InputError, match=r"none\.csv' does not exist"):
        TraceCapacity(path="none.csv").build(rng(), base=tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(STEPS)
    with pytest.raises(InputError, match="there is no column 'x'"):
        TraceCapacity(path=str(path), rate="x").build(rng())
    with pytest.raises(InputError, match="'Mbit' is not a unit of rates"):
        TraceCapacity(path=str(path), unit="Mbit").build(rng())


@pytest.mark.parametrize("name", catalogue.names())
def test_processes_go_on_as_they_are_and_are_the_same_for_the_same_stream(name: str) -> None:
    spec = ProcessCapacity(network=name)
    one, other = spec.build(rng()), spec.build(rng())
    assert one.carried(0.0, 500.0) == other.carried(0.0, 500.0)
    limited = spec.build(rng(), limit=0.5 * spec.mean())
    assert limited.carried(0.0, 500.0) <= 250.0 * spec.mean()
    if spec.process().step is not None:
        assert one.next_change(0.0) <= 60.0
    assert ProcessCapacity(network=name, scale=2.0).mean() == pytest.approx(2 * spec.mean())


def test_each_link_and_device_draws_its_own() -> None:
    spec = any_link.validate_python({**BLOCK, "access": "lte", "capacity": "lte", "backward_capacity": "lte"})
    streams = Streams(1)
    forward, backward = spec.curves(streams.get, "internet")
    devices = [spec.device_access("homes", streams.get(f"link.internet.access.{i}")) for i in range(3)]
    rates = [curve.carried(0.0, 60.0) for curve in (forward, backward, *(each.forward_curve for each in devices))]
    assert len(set(rates)) == 5
    assert devices[0].backward_curve is None
    assert devices[0].backward == pytest.approx(34.39e6 / 8)
    again = spec.device_access("homes", Streams(1).get("link.internet.access.0"))
    assert again.forward_curve.carried(0.0, 60.0) == rates[2]
    assert spec.device_access("homes").forward_curve is None  # without a stream: the mean
    assert spec.device_access("homes").forward == pytest.approx(39.7e6 / 8, rel=0.02)


def test_access_is_seen_from_the_device() -> None:
    spec = AccessSpec.model_validate({"preset": "lte-driving"})
    towards, away = spec.build(True, rng()), spec.build(False, rng())
    assert towards.forward_curve is not None
    assert away.backward_curve is not None
    assert towards.forward_curve.carried(0.0, 50.0) == away.backward_curve.carried(0.0, 50.0)
    assert towards.backward_curve.carried(0.0, 50.0) == away.forward_curve.carried(0.0, 50.0)  # type: ignore[union-attr]
    assert towards.jitter is not None
    assert 0.0 <= towards.jitter() <= 0.107


@pytest.mark.parametrize("name", PRESETS)
def test_presets_stand_on_links_and_on_access_links(name: str) -> None:
    preset = PRESETS[name]
    link = any_link.validate_python({"between": ["a", "b"], "preset": name})
    access = AccessSpec(preset=name)
    assert link.rtt == preset.rtt == access.figures()[2]
    assert access.figures()[:2] == pytest.approx((preset.down, preset.up), rel=0.02)
    if not preset.process:
        assert link.rates() == pytest.approx((preset.down / 8, preset.up / 8))
    for spec in (link, access):
        for dumped in (spec.model_dump(mode="json"), spec.model_dump(mode="json", by_alias=True, exclude_none=True)):
            assert type(spec).model_validate(dumped) == spec
        assert not {"capacity", "down_capacity", "jitter", "rtt"} & set(spec.model_dump(exclude_none=True))


def test_what_is_written_beats_the_preset() -> None:
    link = any_link.validate_python({"between": ["a", "b"], "preset": "lte", "bandwidth": "8 Mbps", "rtt": "5 ms"})
    assert link.rtt == 0.005
    forward, _ = link.curves(Streams(1).get, "x")
    assert max(forward.rate(float(t)) for t in range(100)) == 1e6
    device = AccessSpec.model_validate({"preset": "lte", "down": "8 Mbps"}).build(True, rng())
    assert (device.forward, device.forward_curve) == (1e6, None)
    capped = {"down_capacity": "3g", "down": "1 Mbps", "up": "1 Mbps", "rtt": "9 ms"}
    assert AccessSpec.model_validate(capped).figures() == pytest.approx((1e6, 1e6, 0.009))


def test_outages_stop_both_directions() -> None:
    given = {**BLOCK, "outages": [{"at": "20 s", "for": "5 s"}, {"at": "10 s", "for": "2 s"}]}
    forward, backward = any_link.validate_python(given).curves(Streams(1).get, "x")
    for curve in (forward, backward):
        assert [curve.rate(t) for t in (9.0, 10.0, 12.0, 20.0, 25.0)] == [1e7, 0.0, 1e7, 0.0, 1e7]
        assert curve.reach(9.0, 2e7) == pytest.approx(13.0)
    chance = any_link.validate_python({**BLOCK, "capacity": "lte", "outages": {"every": "30 s", "for": "10 s"}})
    forward, backward = chance.curves(Streams(1).get, "x")
    out = [t for t in np.arange(0.0, 3000.0, 1.0) if backward.rate(t) == 0.0]
    assert len(out) / 3000 == pytest.approx(0.25, abs=0.08)
    assert all(forward.rate(t) == 0.0 for t in out)
    assert any_link.validate_python(BLOCK).curves(Streams(1).get, "x") == (None, None)


@pytest.mark.parametrize(("law", "spread"), [("exponential", 1.0), ("fixed", 0.0)])
def test_random_outages_have_the_means_that_are_written(law: str, spread: float) -> None:
    spec = RandomOutages.model_validate({"every": "50 s", "for": "5 s", "times_up": law, "lengths": law})
    times = spec.times(rng())
    found = np.array([next(times) for _ in range(4000)])
    gaps = np.diff(found[:, 0]) - found[:-1, 1]
    assert gaps.mean() == pytest.approx(50.0, rel=0.05)
    assert found[:, 1].mean() == pytest.approx(5.0, rel=0.05)
    assert found[:, 1].std() / 5.0 == pytest.approx(spread, abs=0.05)
    assert spec.share() == pytest.approx(5 / 55)


def test_jitter_has_the_law_that_is_written() -> None:
    spec = any_jitter.validate_python({"p50": "2 ms", "p90": "7 ms", "p99": "49 ms"})
    draw: Callable[[], float] = spec.build(rng())
    seen = np.array([draw() for _ in range(50_000)])
    assert np.quantile(seen, (0.5, 0.9, 0.99)) == pytest.approx([0.002, 0.007, 0.049], rel=0.05)
    assert seen.mean() == pytest.approx(spec.mean(), rel=0.02)
    assert min(seen) >= 0.0
    wait = any_jitter.validate_python("3 ms")
    draw = wait.build(rng())
    assert np.mean([draw() for _ in range(50_000)]) == pytest.approx(wait.mean(), rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": 1.0}, "less than 1"),
        ({"loss": -0.1}, "greater than or equal to 0"),
        ({"jitter": {"p50": "9 ms", "p99": "2 ms"}}, "'p99' is less than 'p50'"),
        ({"jitter": {"kind": "quantiles"}}, "needs one of p10"),
        ({"jitter": "0 ms"}, "must be more than zero"),
        ({"outages": [{"at": "1 s"}]}, "Field required"),
        ({"outages": [{"at": "-1 s", "for": "1 s"}]}, "is negative"),
        ({"outages": {"every": "0 s", "for": "1 s"}}, "must be more than zero"),
        ({"capacity": "lt"}, "there is no network 'lt'; did you mean 'lte'?"),
        ({"capacity": {"kind": "trace", "path": "x", "offset": "-1 s"}}, "greater than or equal to 0"),
        ({"capacity": {"kind": "trace", "path": "x", "offset": "soon"}}, "is not a duration"),
        ({"capacity": {"kind": "trace", "path": "x", "scale": 0}}, "greater than 0"),
        ({"preset": "lta"}, "unknown preset 'lta'; did you mean 'lte'?"),
    ],
)
def test_mistakes_are_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        any_link.validate_python({**BLOCK, **change})


@pytest.mark.parametrize("family", ["link.capacity", "link.outages", "link.jitter"])
def test_every_kind_has_a_summary(family: str) -> None:
    found = registry.kinds(family)
    assert len(found) >= 2
    assert all(registry.summary(kind) for kind in found.values())


def test_an_uplink_that_was_not_measured_is_told() -> None:
    with pytest.raises(InputError, match="network 'lte' has no process of the uplink"):
        ProcessCapacity(network="lte", direction="up").build(rng())
