"""Link blocks as people write them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from paasim.core import registry
from paasim.core.kernel import Environment
from paasim.core.release import Release
from paasim.link.access import PRESETS
from paasim.link.choice import AnyLink
from paasim.link.fixed import FixedSpec
from paasim.link.shared import SharedSpec

any_link: TypeAdapter[Any] = TypeAdapter(AnyLink)
BLOCK = {"between": ["cloud", "homes"], "bandwidth": "10 Gbps", "rtt": "25 ms"}
NEEDED = {"rdma": {"efficiency": 1.0, "fixed": "0 ms"}}
"""Keys that a kind cannot do without."""


def test_a_link_is_shared_unless_it_says_otherwise() -> None:
    assert isinstance(any_link.validate_python(BLOCK), SharedSpec)
    assert isinstance(any_link.validate_python({**BLOCK, "kind": "fixed"}), FixedSpec)


def test_access_is_seen_from_the_device() -> None:
    link = any_link.validate_python({**BLOCK, "access": {"down": "80 Mbps", "up": "8 Mbps", "rtt": "4 ms"}})
    at_second, at_first = link.device_access("homes"), link.device_access("cloud")
    assert (at_second.forward, at_second.backward, at_second.rtt) == (10e6, 1e6, 0.004)
    assert (at_first.forward, at_first.backward) == (1e6, 10e6)
    assert any_link.validate_python(BLOCK).device_access("homes") is None


def test_preset_by_name_and_with_changes() -> None:
    plain = any_link.validate_python({**BLOCK, "access": "5g"})
    changed = any_link.validate_python({**BLOCK, "access": {"preset": "5g", "rtt": "30 ms"}})
    assert plain.access.figures() == (309.41e6, 13.57e6, 44e-3)
    assert changed.access.figures() == (309.41e6, 13.57e6, 30e-3)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_a_source_and_say_what_is_estimated(name: str) -> None:
    preset = PRESETS[name]
    assert preset.provenance == ("fitted" if preset.process else "estimated")
    assert "http" in preset.source
    assert preset.note
    assert min(preset.down, preset.up, preset.rtt) > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bandwidth": "0 Gbps"}, "must be more than zero"),
        ({"rtt": "-1 ms"}, "is negative"),
        ({"rtt": "nan ms"}, "not a finite number"),
        ({"bandwidth": "10"}, "needs a unit"),
        ({"access": "home-fiber"}, "did you mean 'home-fibre'?"),
        ({"access": {"down": "1 Mbps"}}, "needs up, rtt"),
        ({"access": {"down": "0 bps", "up": "1 Mbps", "rtt": "0 ms"}}, "must be more than zero"),
        ({"between": ["cloud"]}, "Field required"),
        ({"kind": "sharde"}, "shared"),
        ({"speed": "1 Gbps"}, "Extra inputs"),
    ],
)
def test_mistakes_are_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        any_link.validate_python({**BLOCK, **change})


@pytest.mark.parametrize("kind", registry.kinds("link"))
def test_every_kind_keeps_the_contract(kind: str) -> None:
    spec = any_link.validate_python({**BLOCK, "kind": kind, "access": "home-fibre", **NEEDED.get(kind, {})})
    env = Environment()
    link = spec.build(env, "internet")
    seen = []

    def process() -> Any:
        first = yield link.transfer(1e9, Release(0.0, 0.1, 0.1, 4), True, spec.device_access("homes"))
        seen.append((first, env.now))

    env.process(process())
    env.run()
    assert seen == [(0.1, pytest.approx(0.1 + 8e9 / 369.39e6 + 0.019))]
    assert link.name == "internet"
    assert link.latency(0.0, True) == link.latency(0.0, False) == 0.0125
    assert set(link.totals(env.now)) == {"busy", "bytes", "busy_backward", "bytes_backward", "flows"}
    assert type(spec).model_validate(spec.model_dump(mode="json")) == spec
