"""`paasim analyze`: what it says, its document, its search, and what it makes of wrong use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from paasim.cli import app
from paasim.results.capacity import capacity_schema

PREFILL, DECODE = "sites.h20.pools.prefill.instances", "sites.h20.pools.decode.instances"


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert app.run(["analyze", *words, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, capacity_schema())
    return told


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert app.run(["analyze", *words]) == 0
    return capsys.readouterr().out


def test_answer_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "prfaas-paper")
    assert told.startswith("base carries at most 3.17 requests/s (3.25 by mean lengths): then h200.prefill is full.")
    for title in ("What each variant can carry", "Stations", "Why", "Bandwidth that KV caches need"):
        assert title in told
    assert "KV throughput" not in told
    assert "vpc backward" not in told  # text alone, next to nothing


def test_variants_may_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    told = document(capsys, "prfaas-paper", "--variants", "homogeneous,base")
    assert list(told["variants"]) == ["homogeneous", "base"]
    assert list(document(capsys, "prfaas-paper", "--variant", "base")["variants"]) == ["base"]
    assert list(document(capsys, "prfaas-paper")["variants"]) == ["base", "homogeneous", "naive-heterogeneous"]


def test_settings_change_the_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (
        document(capsys, "pd", "--variant", "base", "--set", f"sites.dc.pools.decode.instances={count}")
        for count in (1, 2)
    )
    rates = [told["variants"]["base"]["stations"]["dc.decode"]["carries"]["scenario"] for told in (one, two)]
    assert rates[1] == pytest.approx(2 * rates[0])


def test_a_link_without_limit_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    bounds = document(capsys, "prfaas-paper", "--variant", "base")["variants"]["base"]
    assert bounds["stations"]["rdma"]["carries"] == {"passing": None, "scenario": None}
    assert bounds["kv"]["rdma"]["bandwidth"] == 800e9
    assert bounds["kv"]["rdma"]["full"] is None


def test_throughput_by_prompt_length(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "prfaas-paper", "--prompt", "32000,1000")
    assert "KV throughput of one prefill instance" in told
    assert told.index(" 1,000 ") < told.index(" 32,000 ")


def test_search_keeps_the_sum_and_ranks(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("prfaas-paper", "--variant", "base", "--over", f"{PREFILL}=2,3,4", "--over", f"{DECODE}=lin(4, 6, 3)")
    total = ("--sum", f"{PREFILL}+{DECODE}=8")
    found = document(capsys, *words, *total)["search"]
    assert [list(each["settings"].values()) for each in found["candidates"]] == [[2, 6], [3, 5], [4, 4]]
    assert found["best"] == max(found["candidates"], key=lambda each: each["max_rate"])
    assert len(document(capsys, *words)["search"]["candidates"]) == 9
    text = said(capsys, *words, *total)
    assert "Of 3 combinations, prefill.instances 3 and decode.instances 5 carries most" in text


def test_values_may_be_whole_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    routers = "router={kind: fixed, route: paas}, {kind: fixed, route: local}"
    found = document(capsys, "quickstart", "--variant", "base", "--over", routers)["search"]
    assert found["best"]["settings"] == {"router": {"kind": "fixed", "route": "local"}}
    assert len(found["candidates"]) == 2


def test_simulated_beside_the_bounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prefill, one prompt at a time, is at work for the share of the time that the bound says at the simulated rate."""
    run = ("--set", "run={requests: 3000, replications: 1, warmup: 0 s}", "--set", "workload.arrivals.rate=2 /s")
    folder = str(tmp_path / "result")
    assert app.run(["run", "prfaas-paper", *run, "-o", folder]) == 0
    capsys.readouterr()
    (simulated, beside) = (
        document(capsys, *words)["variants"]["base"]["simulated"]
        for words in (
            ("prfaas-paper", *run, "--variant", "base", "--simulate"),
            (folder, "--variant", "base", "--beside", folder),
        )
    )
    assert simulated == beside
    for name in ("h200.prefill", "h20.prefill", "vpc"):
        seen = simulated["stations"][name]
        assert seen["utilisation"] == pytest.approx(seen["by_bound"], rel=0.05)
    assert simulated["of_bound"] == pytest.approx(2 / 3.17, rel=0.05)
    assert "Beside a simulation" in said(capsys, folder, "--variant", "base", "--beside", folder)


def test_a_run_tells_what_each_resource_carries(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", "prfaas-paper", "--set", "run.requests=50", "--replications", "1", "--json"]) == 0
    resources = json.loads(capsys.readouterr().out)["variants"]["base"]["resources"]
    bounds = document(capsys, "prfaas-paper", "--variant", "base")["variants"]["base"]["stations"]
    for name in ("h200.prefill", "h20.prefill", "h20.decode", "vpc"):
        assert resources[name]["max_rate"] == pytest.approx(bounds[name]["carries"]["scenario"])
    assert resources["rdma"]["max_rate"] is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--variant", "homogenous"), "did you mean 'homogeneous'?"),
        (("--variant", "base", "--variants", "base"), "--variant: stands beside --variants"),
        (("--form", "means"), "did you mean 'mean'?"),
        (("--form", "mean"), "--form: has nothing to rank"),
        (("--prompt", ""), "'' is not a prompt length"),
        (("--variants", "base,nosuch"), "--variants nosuch: there is no variant"),
        (("--prompt", "1k"), "'1k' is not a prompt length"),
        (("--over", "router.prompt_tokens"), "--over: 'router.prompt_tokens' does not say which values"),
        (("--over", "router.prompt_tokens=log(1, 10)"), "says not how many values"),
        (("--over", "router.prompt_token=1,2"), "prompt_token"),
        (("--over", f"{PREFILL}=1,0"), "instances"),
        (("--over", f"{PREFILL}=1", "--over", f"{PREFILL}=2"), "is given twice"),
        (("--sum", f"{PREFILL}=8"), "--sum: has nothing to add up"),
        (("--over", f"{PREFILL}=1,2", "--sum", f"{PREFILL}+{DECODE}=8"), f"'{DECODE}' does not vary"),
        (("--over", f"{PREFILL}=1,2", "--sum", f"{PREFILL}=8"), "no combination of the values adds up so"),
        (("--over", f"{PREFILL}=1,2", "--sum", "eight"), "--sum: 'eight' is not a sum of settings"),
        (("--over", "router.below=pd,prfaas", "--sum", "router.below=8"), "adds up what is not a number"),
        (("--simulate", "--beside", "there"), "--beside: stands beside --simulate"),
        (("--beside", "nowhere"), "nowhere"),
    ],
)  # fmt: skip
def test_wrong_use(words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["analyze", "prfaas-paper", *words]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err
    assert not told.out


def test_the_schema_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "schema", "capacity"]) == 0
    assert json.loads(capsys.readouterr().out) == capacity_schema()
