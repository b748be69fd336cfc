"""What candidates cost, against sums by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.scenario.loader import changed, from_dict
from paasim.scenario.plan import PricesSpec
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.cost import Costs, priced, quote
from paasim.study.plan.min_cost.plan import Asked, planned
from paasim.study.plan.min_cost.space import Space
from tests.study.plan import spaces

TOKEN_BYTES = 131_072
"""KV cache of a token of Llama-3.1-8B: 2 · 8 heads · 128 · 32 layers · 2 bytes."""


def fixed(**more: Any) -> Scenario:
    """Four requests a second of 1,000 tokens, from three prefill instances to two decode instances over 40 Gbps."""
    lengths = {"kind": "fixed", "prompt": 1000, "output": 10}
    workload = {"arrivals": {"kind": "constant", "rate": "4 /s"}, "lengths": lengths}
    return changed(spaces.scenario({}, workload=workload, **more), [f"{spaces.DECODE}.instances=2"])


def test_servers_rent_and_egress_by_hand() -> None:
    prices = PricesSpec.model_validate({"gpus": {"slow-gpu": "2 $/h"}, "bandwidth": {"wan": "0.05 $/h"}})
    found = quote(changed(fixed(), ["network.links.wan.price=0.02 $/GB"]), prices)
    assert found.servers == pytest.approx({"far.prefill": 3 * 2.0, "near.decode": 2 * 2.0})  # `whole` is on no route
    assert found.rent == pytest.approx({"wan": 40 * 0.05})
    assert found.egress == pytest.approx({"wan": 4 * 1000 * TOKEN_BYTES / 1e9 * 0.02 * 3600})
    assert found.total == pytest.approx(10 + 2 + 37.748736)


def test_a_price_of_its_own_comes_first_then_that_of_the_pool_then_that_of_the_hardware() -> None:
    prices = PricesSpec.model_validate({"gpus": {"slow-gpu": "2 $/h", "near.decode": "5 $/h"}})
    found = quote(changed(fixed(), [f"{spaces.PREFILL}.price=7 $/h"]), prices)
    assert found.servers == pytest.approx({"far.prefill": 3 * 7.0, "near.decode": 2 * 5.0})


def test_gpus_are_counted_over_the_width_of_an_instance() -> None:
    scene = changed(fixed(), [f"{spaces.PREFILL}.profile=h100-sxm/llama-3.1-8b/bf16/vllm/tp1"])
    wide = changed(fixed(), [f"{spaces.PREFILL}.profile=h100-sxm/llama-3.1-70b/fp8/vllm/tp4"])
    prices = PricesSpec.model_validate({"gpus": {"slow-gpu": "2 $/h", "h100-sxm": "3 $/h"}})
    assert quote(scene, prices).servers["far.prefill"] == pytest.approx(3 * 1 * 3.0)
    assert quote(wide, prices).servers["far.prefill"] == pytest.approx(3 * 4 * 3.0)


def test_a_codec_lowers_what_egress_costs() -> None:
    plain = quote(changed(fixed(), ["network.links.wan.price=0.02 $/GB"]), PRICES)
    packed = quote(changed(fixed(), ["network.links.wan.price=0.02 $/GB", "routes.remote.kv.codec=fp8"]), PRICES)
    assert packed.egress["wan"] == pytest.approx(plain.egress["wan"] / 2)


PRICES = PricesSpec.model_validate(spaces.PRICES)


def test_devices_are_paid_for() -> None:
    scene = from_dict(
        {
            "name": "devices",
            "model": "llama-3.1-8b",
            "workload": {
                "arrivals": {"kind": "constant", "rate": "1 /s"},
                "lengths": {"kind": "fixed", "prompt": 100, "output": 10},
            },
            "sites": {"homes": {"fleet": {"devices": 50, "profile": spaces.SLOW, "price": "0.01 $/h"}}},
            "routes": {"local": {"prefill": "homes", "decode": "homes"}},
            "router": {"kind": "fixed", "route": "local"},
            "run": {"requests": 10},
        }
    )
    assert quote(scene, PricesSpec()).servers == pytest.approx({"homes": 0.5})


def test_what_has_no_price_is_an_error_that_says_where_to_put_one() -> None:
    with pytest.raises(InputError, match=r"far\.prefill has no price; .*slow-gpu: 3 \$/h"):
        quote(fixed(), PricesSpec())


def test_egress_of_a_closed_loop_has_no_price() -> None:
    arrivals = {"kind": "closed-loop", "users": 4, "think": "1 s"}
    scene = spaces.scenario(
        {}, workload={"arrivals": arrivals, "lengths": {"kind": "fixed", "prompt": 10, "output": 2}}
    )
    with pytest.raises(InputError, match="closed loop"):
        quote(changed(scene, ["network.links.wan.price=0.02 $/GB"]), PRICES)


def test_prices_go_into_the_scenario_of_a_candidate() -> None:
    pools = priced(fixed(), PRICES).sites
    assert pools["far"].pools["prefill"].price == 2.0
    assert pools["near"].pools["whole"].price is None  # not used


@pytest.mark.parametrize("make", [spaces.splits, spaces.thresholds, spaces.hardware])
def test_costs_over_a_space_are_those_of_its_candidates(make: Any) -> None:
    scenario = changed(make(), ["network.links.wan.price=0.02 $/GB"])
    plan = planned(scenario, Asked())
    space = Space.of(scenario, plan)
    costs = Costs(space, plan.prices).all()
    some = list(space.candidates())[::5]
    each = [quote(space.scenario(candidate), plan.prices).total for candidate in some]
    np.testing.assert_allclose([costs[candidate] for candidate in some], each, rtol=1e-12)
