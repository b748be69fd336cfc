"""The public API of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import paasim


def test_public_names() -> None:
    assert set(dir(paasim)) == {
        "Result",
        "compare",
        "compare_results",
        "load",
        "plan",
        "sensitivity",
        "simulate",
        "sweep",
    }
    for name in dir(paasim):
        assert callable(getattr(paasim, name))
    with pytest.raises(AttributeError, match="no attribute 'simulates'"):
        paasim.simulates  # noqa: B018


def test_the_module_does_not_hide_the_function() -> None:
    code = "import paasim.simulate, paasim; assert callable(paasim.simulate); from paasim.simulate import simulate_once"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_package_is_light() -> None:
    code = "import sys, paasim; assert not {'numpy', 'pandas', 'pydantic', 'simpy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_last_mile_of_the_devices_may_be_the_bottleneck() -> None:
    few = ["sites.homes.fleet.devices=2", "workload.arrivals.rate=0.3 /s", "run={requests: 60, replications: 1}"]
    slow = "network.links.internet.access={down: 300 Mbps, up: 50 Mbps, rtt: 10 ms}"
    base = paasim.simulate(paasim.load("paas", [*few, slow])).variants["base"]
    mile, link = base.resources["internet: last mile of homes"], base.resources["internet"]
    assert (mile.kind, mile.servers, mile.bytes) == ("access", 2, link.bytes)
    assert mile.utilisation == pytest.approx((link.utilisation or 0) * 10e9 / 300e6 / 2)
    assert base.bottleneck == "internet: last mile of homes"
