"""What holds for every transport: nothing that is better makes a transfer slower."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.core.registry import kinds
from paasim.link.transport.connection import ConnectionSpec
from paasim.link.transport.loss import cubic_window, loss_for, loss_rate, reno_window, window_for
from paasim.link.transport.tcp import TcpSpec
from paasim.link.transport.terms import last_byte
from paasim.link.transport.transport import TransportSpec

KINDS = kinds("link.transport")
factors = st.floats(1.0, 100.0)


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Any]:
    """The keys of a transport over connections."""
    block: dict[str, Any] = {
        "kind": draw(st.sampled_from(["tcp", "bbr"])),
        "connections": draw(st.integers(1, 64)),
        "handshake": draw(st.sampled_from(["tcp", "tls", "fast-open"])),
        "slow_start": draw(st.booleans()),
    }
    if draw(st.booleans()):
        block["receive_window"] = f"{draw(st.floats(2e3, 1e8))!r} B"
    if draw(st.booleans()):
        block["host"] = draw(st.sampled_from(["tcp-cpu-ucx", "100 Mbps", "20 Gbps"]))
    if draw(st.booleans()):
        block["slice"] = draw(st.sampled_from(["64 kB", "1 MiB", "20 MB"]))
        block["next_slice"] = draw(st.sampled_from(["answered", "connected"]))
        block["reuse"] = draw(st.sampled_from(["never", "always"]))
    return block


def made(block: dict[str, Any], **change: Any) -> TransportSpec:
    """The transport of a block with changes."""
    spec = KINDS[block["kind"]].model_validate({**block, **change})
    assert isinstance(spec, TransportSpec)
    return spec


def left(spec: TransportSpec, size: float, rate: float, rtt: float, loss: float, warm: bool = False) -> float:
    """When the last byte of a lone transfer leaves; one of slices is made a hundred turns long, for its fluid."""
    if isinstance(spec, ConnectionSpec) and spec.slice is not None:
        size += 100 * spec.slice * 64
    return last_byte(size, rate, spec.terms(rtt, rate, loss, warm))


paths = st.tuples(st.floats(1e3, 1e11), st.floats(1e5, 1e11), st.floats(1e-4, 0.5), st.sampled_from([0.0, 1e-6, 0.01]))
slack = 1 + 1e-9


@given(blocks(), paths, factors)
def test_more_bandwidth_is_never_slower(block: dict[str, Any], path: Any, factor: float) -> None:
    size, rate, rtt, loss = path
    assert left(made(block), size, rate * factor, rtt, loss) <= left(made(block), size, rate, rtt, loss) * slack


@given(blocks(), paths, factors)
def test_a_shorter_round_trip_is_never_slower(block: dict[str, Any], path: Any, factor: float) -> None:
    size, rate, rtt, loss = path
    assert left(made(block), size, rate, rtt / factor, loss) <= left(made(block), size, rate, rtt, loss) * slack


@given(blocks(), paths, st.floats(0.0, 1.0))
def test_less_loss_is_never_slower(block: dict[str, Any], path: Any, factor: float) -> None:
    size, rate, rtt, loss = path
    assert left(made(block), size, rate, rtt, loss * factor) <= left(made(block), size, rate, rtt, loss) * slack


@given(blocks(), paths, factors)
def test_larger_windows_and_more_connections_are_never_slower(block: dict[str, Any], path: Any, factor: float) -> None:
    before = left(made(block), *path)
    first = f"{14600 * factor!r} B"
    assert left(made(block, connections=block["connections"] * 2), *path) <= before * slack
    assert left(made(block, receive_window=None), *path) <= before * slack
    if "receive_window" not in block:
        assert left(made(block, initial_window=first), *path) <= left(made(block), *path) * slack
    assert left(made(block, slow_start=False), *path) <= before * slack


@given(blocks(), paths)
def test_open_connections_are_never_slower_than_new_ones(block: dict[str, Any], path: Any) -> None:
    kept = {**block, "reuse": "always"}
    assert left(made(kept), *path, warm=True) <= left(made(kept), *path) * slack
    assert left(made(kept), *path) <= left(made({**block, "reuse": "never"}), *path) * slack


@given(blocks(), paths)
def test_nothing_is_faster_than_the_path(block: dict[str, Any], path: Any) -> None:
    size, rate, rtt, loss = path
    spec = made(block)
    terms = spec.terms(rtt, rate, loss)
    assert last_byte(size, rate, terms) * slack >= size / min(rate, terms.cap)
    assert terms.rounds == 0 or terms.window * 2 ** (terms.rounds - 1) < min(rate, terms.cap) * rtt * slack
    assert (terms.limit == "") == (terms.cap == inf)


@given(st.floats(1e-9, 0.5), st.floats(1e-4, 0.5), st.sampled_from(["cubic", "reno"]))
def test_loss_and_rate_are_inverse(loss: float, rtt: float, congestion: Any) -> None:
    rate = loss_rate(congestion, loss, rtt, 1460.0)
    assert loss_for(congestion, rate, rtt, 1460.0) == pytest.approx(loss, rel=1e-9)
    window = TcpSpec(receive_window=f"{window_for(rate, rtt)!r} B", mss="1 B").terms(rtt, 1e15, 0.0)
    assert window.cap == pytest.approx(rate, rel=1e-9)


RESPONSE = {0.1: (12, 38, 187, 1054, 5926, 33325, 187400), 0.01: (12, 38, 120, 379, 1200, 5926, 33325)}
"""Mean windows of CUBIC by round trip (s) at losses of 1e-2 to 1e-8: tables 1 and 2 of RFC 8312 and RFC 9438 §5.1."""


@pytest.mark.parametrize("rtt", RESPONSE)
def test_windows_of_the_standards(rtt: float) -> None:
    """Within 2.5 %: they take Reno's constant as 1.2, where it is 1.22; CUBIC's own windows are theirs to the digit."""
    for exponent, printed in enumerate(RESPONSE[rtt], start=2):
        loss = 10.0**-exponent
        assert cubic_window(loss, rtt) == pytest.approx(printed, rel=0.025)
        if cubic_window(loss, rtt) > reno_window(loss):
            assert cubic_window(loss, rtt) == pytest.approx(printed, abs=0.5)
    assert reno_window(0.0) == cubic_window(0.0, rtt) == inf


@given(st.floats(1e-8, 0.2), st.floats(1e-4, 0.5))
def test_cubic_is_never_below_reno(loss: float, rtt: float) -> None:
    assert loss_rate("cubic", loss, rtt, 1460.0) >= loss_rate("reno", loss, rtt, 1460.0)


def test_what_binds_is_named() -> None:
    block = {"receive_window": "1 MB", "host": "tcp-cpu-ucx"}
    assert TcpSpec.model_validate(block).terms(0.1, 1e9, 0.0).limit == "window"
    assert TcpSpec.model_validate(block).terms(0.1, 1e9, 0.01).limit == "loss"
    assert TcpSpec.model_validate(block).terms(1e-4, 1e12, 0.0).limit == "host"
    assert TcpSpec(pace="1 Mbps").terms(0.1, 1e9, 0.0)[4:] == (125e3, 1.0, "pace")
    assert TcpSpec(slice="1 MB").terms(0.1, 1e9, 0.0).limit == "slices"


def test_the_first_window_is_that_of_rfc_6928() -> None:
    """10 segments of Ethernet; two of jumbo frames; never more than the receiver takes."""
    for mss, window in (("1460 B", 14600), ("536 B", 5360), ("8960 B", 17920)):
        assert TcpSpec(mss=mss).first_window == window
    assert TcpSpec(receive_window="4000 B").first_window == 4000


def test_slices_in_turn() -> None:
    """Stop and wait over kept connections: a slice, then a round trip; the same on new ones: set-up and slow start."""
    kept = TcpSpec(slice="1 MB", connections=4, reuse="always").terms(0.1, 1e8, 0.0, warm=True)
    assert kept.cap == pytest.approx(4e6 / (1e6 / 25e6 + 0.1))
    new = TcpSpec(slice="1 MB", connections=4).terms(0.1, 1e8, 0.0)
    rest = (1e6 - 14600 * 63) / 25e6
    assert new.cap == pytest.approx(4e6 / (0.1 + 6 * 0.1 + rest + 0.1))
    assert new[:3] == (0.1, inf, 0)
    side_by_side = TcpSpec(slice="1 MB", connections=4, next_slice="connected").terms(0.1, 1e8, 0.0)
    assert side_by_side.cap == pytest.approx(4e6 / 0.1)
    assert side_by_side.setup == pytest.approx(6 * 0.1 + rest)


def test_bbr_does_not_mind_some_loss() -> None:
    spec = KINDS["bbr"]()
    assert isinstance(spec, ConnectionSpec)
    assert spec.terms(0.05, 1e9, 0.02).cap == inf
    assert spec.terms(0.05, 1e9, 0.03).cap == loss_rate("cubic", 0.03, 0.05, 1460.0)
