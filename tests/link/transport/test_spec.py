"""Transport blocks as people write them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from paasim.core.errors import InputError
from paasim.core.registry import kinds
from paasim.link.choice import AnyLink
from paasim.link.rdma import RdmaLinkSpec
from paasim.link.transport.ideal import IdealSpec
from paasim.link.transport.rdma import RdmaTransportSpec
from paasim.link.transport.sender import HOSTS
from paasim.link.transport.tcp import TcpSpec
from paasim.link.transport.terms import Terms, last_byte
from paasim.link.transport.transport import TransportSpec
from paasim.link.transports import AnyTransport

any_transport: TypeAdapter[Any] = TypeAdapter(AnyTransport)
any_link: TypeAdapter[Any] = TypeAdapter(AnyLink)
LINK = {"between": ["a", "b"], "bandwidth": "10 Gbps", "rtt": "25 ms"}


@pytest.mark.parametrize("kind", kinds("link.transport"))
def test_every_kind_keeps_the_contract(kind: str) -> None:
    """By name and as a block; terms that make sense; back from its own text."""
    spec = any_transport.validate_python(kind)
    assert spec == any_transport.validate_python({"kind": kind})
    assert isinstance(spec, TransportSpec)
    terms = spec.terms(0.025, 1.25e9, 0.0)
    assert isinstance(terms, Terms)
    assert terms.round_trip == 0.025
    assert last_byte(1e9, 1.25e9, terms) >= 1e9 / 1.25e9
    assert any_transport.validate_python(spec.model_dump(mode="json")) == spec
    link = any_link.validate_python({**LINK, "transport": kind})
    assert link.transport == spec
    assert type(link).model_validate(link.model_dump(mode="json")) == link


def test_ideal_is_no_transport() -> None:
    assert last_byte(1e9, 1e8, IdealSpec().terms(0.0, 1e8, 0.5)) == 10.0


def test_reuse_is_written_as_it_is_read() -> None:
    for text in ("never", "always", "30 s"):
        assert TcpSpec(reuse=text).model_dump(mode="json")["reuse"] == text


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_by_name_have_a_source(name: str) -> None:
    assert "http" in HOSTS[name].source
    assert HOSTS[name].note
    for kind in ("tcp", "rdma", "bbr"):
        spec = any_transport.validate_python({"kind": kind, "host": name})
        assert spec.terms(1e-4, 1e12, 0.0)[4:] == (pytest.approx(HOSTS[name].rate / 8), 1.0, "host")


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("tpc", "did you mean 'tcp'?"),
        ({"kind": "tcp", "connections": 0}, "greater than or equal to 1"),
        ({"kind": "tcp", "connections": 1.5}, "valid integer"),
        ({"kind": "tcp", "receive_window": "1000 B"}, "less than one segment (1460 B)"),
        ({"kind": "bbr", "initial_window": "1 kB"}, "less than one segment"),
        ({"kind": "tcp", "receive_window": "nan B"}, "not a finite number"),
        ({"kind": "tcp", "mss": "0 B"}, "greater than 0"),
        ({"kind": "tcp", "slice": "0 B"}, "greater than 0"),
        ({"kind": "tcp", "reuse": "sometimes"}, "not a duration"),
        ({"kind": "tcp", "reuse": "-1 s"}, "greater than or equal to 0"),
        ({"kind": "tcp", "host": "tcp-cpu-ucxx"}, "did you mean 'tcp-cpu-ucx'?"),
        ({"kind": "tcp", "pace": "0 bps"}, "must be more than zero"),
        ({"kind": "tcp", "congestion": "vegas"}, "'cubic' or 'reno'"),
        ({"kind": "bbr", "loss_threshold": 1}, "less than 1"),
        ({"kind": "bbr", "loss_threshold": float("nan")}, "finite number"),
        ({"kind": "rdma", "fixed": "-1 ms"}, "is negative"),
        ({"kind": "ideal", "host": "1 Gbps"}, "Extra inputs"),
    ],
)
def test_mistakes_are_told(block: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        any_link.validate_python({**LINK, "transport": block})


@pytest.mark.parametrize("kind", ["tcp", "bbr"])
def test_connections_need_a_round_trip(kind: str) -> None:
    """Of the link or of its last mile; a negative one is refused by the link itself."""
    with pytest.raises(ValidationError, match="needs a round trip above zero"):
        any_link.validate_python({**LINK, "rtt": "0 ms", "transport": kind})
    with pytest.raises(ValidationError, match="is negative"):
        any_link.validate_python({**LINK, "rtt": "-1 ms", "transport": kind})
    any_link.validate_python({**LINK, "rtt": "0 ms", "transport": kind, "access": "5g"})


@pytest.mark.parametrize(
    ("kind", "rtt", "loss", "message"),
    [
        ("tcp", 0.0, 0.0, "round trip above zero"),
        ("tcp", -0.1, 0.0, "round trip above zero"),
        ("bbr", float("nan"), 0.0, "round trip above zero"),
        ("tcp", 0.1, 1.0, "loss of 100 % nothing arrives"),
        ("tcp", 0.1, float("nan"), "nothing arrives"),
        ("tcp", 0.1, -0.1, "give a share in [0, 1)"),
        ("rdma", 0.1, 0.01, "needs a lossless link"),
    ],
)
def test_paths_that_cannot_be_used(kind: str, rtt: float, loss: float, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        any_transport.validate_python(kind).terms(rtt, 1e9, loss)
    assert caught.value.problems[0].todo


def test_an_rdma_link_has_payload_and_a_fixed_cost() -> None:
    link = any_link.validate_python({**LINK, "kind": "rdma", "efficiency": 0.97, "fixed": "0.6 ms"})
    assert isinstance(link, RdmaLinkSpec)
    assert link.rates() == pytest.approx((1.2125e9, 1.2125e9))
    assert link.sender().terms(link.rtt, link.rates()[0], 0.0) == Terms(setup=0.6e-3, round_trip=25e-3)
    assert last_byte(1.2125e9, link.rates()[0], link.sender().terms(link.rtt, link.rates()[0], 0.0)) == pytest.approx(
        1.0006
    )
    for missing in ("efficiency", "fixed"):
        block = {key: value for key, value in link.model_dump(mode="json").items() if key != missing}
        with pytest.raises(ValidationError, match="Field required"):
            any_link.validate_python(block)


def test_rdma_as_a_transport() -> None:
    spec = RdmaTransportSpec.model_validate({"fixed": "1 ms", "host": "roce-100g"})
    assert spec.terms(1e-5, 12.5e9, 0.0) == Terms(setup=1e-3, round_trip=1e-5, cap=pytest.approx(12.1e9), limit="host")
