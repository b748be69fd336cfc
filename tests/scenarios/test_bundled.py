"""Every scenario that ships: it says what it answers, loads, has nothing wrong, and runs with its laws kept."""

from __future__ import annotations

import re

import numpy as np
import pytest

import paasim
from paasim.core.paths import bundled as folder
from paasim.core.recorder import Records
from paasim.core.request import COMPLETED
from paasim.metrics.definitions import ttft
from paasim.metrics.parts import ttft_parts
from paasim.metrics.replication import measure
from paasim.metrics.warmup import Warmup
from paasim.scenario import bundled, check
from paasim.scenario.ends import path_between
from paasim.simulate import TRANSFER_TIMEOUT, simulate_once

NAMES = bundled()
NEED_DATA = {"azure", "mooncake", "mooncake-plan"}
"""Scenarios that replay a trace which is not part of the repository."""
REQUESTS = 60


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of each scenario in turn; skipped where its trace is not there."""
    if request.param in NEED_DATA:
        request.getfixturevalue("shared_data")
    return str(request.param)


def shortened(name: str) -> paasim.Scenario:
    """The scenario with few requests."""
    short = f"workload.trace.limit={REQUESTS}" if name in NEED_DATA else f"run.requests={REQUESTS}"
    return paasim.load(name, [short, "run.replications=1"])


def check_conservation(records: Records) -> None:
    counts = measure(records, Warmup(share=0.0), [{}] * len(records.classes)).counts
    assert counts.arrived == counts.completed + sum(counts.dropped.values()) + counts.unfinished
    # All of them drain, and none is too long; over radio some are given up.
    assert counts.completed + counts.dropped.get(TRANSFER_TIMEOUT, 0) == counts.arrived == REQUESTS


def check_parts(records: Records) -> None:
    parts = ttft_parts(records.requests, records.first_token)
    done = records.requests["outcome"] == COMPLETED
    assert all(np.all(part[done] >= 0) for part in parts.values())
    assert sum(parts.values())[done] == pytest.approx(ttft(records.requests)[done], rel=1e-9)


def check_bytes(scenario: paasim.Scenario, records: Records) -> None:
    """What links carried is what was sent, once for every link of its path."""
    passed = []
    for name in records.routes:
        sites = [end.split(".")[0] for end in (scenario.routes[name].prefill, scenario.routes[name].decode)]
        passed.append(len(path_between(scenario.network.links, *sites) or ()))
    carried = sum(each.totals["bytes"][-1] for each in records.resources if each.kind == "link")
    sent = np.array(passed)[records.requests["route"].astype(int)] * records.requests["kv_bytes"]
    assert carried == pytest.approx(np.nansum(sent), rel=1e-9)


def test_each_kind_of_route_has_a_scenario() -> None:
    assert {"local", "cloud", "pd", "prfaas", "paas", "reverse", "quickstart", "exo", "prfaas-paper"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_answers(name: str) -> None:
    head = (folder("scenarios") / f"{name}.yaml").read_text().split("\nname: ")[0]
    assert head.startswith("# yaml-language-server: $schema=")
    assert all(line.startswith("#") for line in head.splitlines())
    told = " ".join(line.removeprefix("#").strip() for line in head.splitlines())
    assert re.search(r"Answers question \d+, ", told)
    assert paasim.load(name).question.endswith("?")


def test_it_has_nothing_wrong(name: str) -> None:
    """No error and no doubt, but where a variant is there to show what too little capacity does."""
    said = [problem.what for problem in check(paasim.load(name))]
    assert [what for what in said if not what.startswith("variants.")] == []


def test_it_runs_and_keeps_the_laws(name: str) -> None:
    scenario = shortened(name)
    for each in (scenario, *scenario.variants.values()):
        records = simulate_once(each)
        check_conservation(records)
        check_parts(records)
        check_bytes(each, records)


def test_the_quickstart_needs_nothing_but_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAASIM_DATA", raising=False)
    scenario = paasim.load("quickstart")
    assert check(scenario) == []
    assert list(scenario.variants) == ["device-alone", "cloud-only", "adaptive"]


def test_each_way_of_the_quickstart_has_its_place() -> None:
    """One GPU beats the laptops, the router beats both, and GPUs alone are quicker still, but it takes three."""
    scenario = paasim.load("quickstart", ["run.requests=1500", "run.replications=1"])
    worlds = {name: simulate_once(each) for name, each in {"base": scenario, **scenario.variants}.items()}
    mean = {name: float(np.mean(ttft(records.requests))) for name, records in worlds.items()}
    assert mean["cloud-only"] < mean["adaptive"] < mean["base"] < mean["device-alone"] / 2
    assert {each.name: each.servers for each in worlds["cloud-only"].resources}["cloud.whole"] == 3
