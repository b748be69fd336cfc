"""Finished runs compared: paired where they met the same requests, and what differs in their settings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

import paasim
from paasim.core.errors import InputError
from paasim.results import folder
from paasim.results.schema import result_schema
from paasim.study.finished import compare_results, is_result

FEW = ["run.requests=300", "run.replications=4"]
FAST = "sites.dc.pools.prefill.instances=6"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of `pd`: as it is, with more prefill, with another seed, at another load, with fewer replications."""
    here = tmp_path_factory.mktemp("runs")
    changes = {
        "plain": [],
        "fast": [FAST],
        "seed": ["run.seed=9"],
        "load": ["workload.arrivals.rate=6 /s"],
        "two": ["run.replications=2"],
        "one": ["run.replications=1", FAST],
    }
    for name, change in changes.items():
        folder.write(paasim.simulate(paasim.load("pd", [*FEW, *change])), here / name)
    for name, change in (("several", []), ("others", [FAST])):
        both = paasim.compare(paasim.load("pd", [*FEW, *change]), ["base", "together"])
        folder.write(both, here / name)
    return here


@pytest.fixture
def at(runs: Path) -> Callable[..., list[str]]:
    return lambda *names: [str(runs / name) for name in names]


At = Callable[..., list[str]]


def test_the_same_requests_are_paired_as_in_one_comparison(at: At) -> None:
    """Two runs on their own, and the same two as variants of one comparison: the same differences and intervals."""
    from_folders = compare_results(at("plain", "fast")).document.comparison
    variant = paasim.load("pd", FEW).expanded()
    variant["variants"] = {"fast": {"sites.dc.pools.prefill.instances": 6}}
    from paasim.scenario.loader import from_dict

    together = paasim.compare(from_dict(variant)).document.comparison
    assert from_folders is not None
    assert together is not None
    assert from_folders.pairing == {"fast": "requests"}
    ours, known = from_folders.differences["fast"], together.differences["fast"]
    for metric in ("ttft", "p99_ttft", "ttst", "tpot", "e2el", "queue", "slo_attainment"):
        assert ours[metric].difference == pytest.approx(known[metric].difference, rel=1e-9, abs=1e-12), metric
        assert ours[metric].ci95 == pytest.approx(known[metric].ci95, rel=1e-6, abs=1e-9), metric
        assert ours[metric].verdict == known[metric].verdict
        assert ours[metric].is_paired
    assert ours["ttft"].by_request is not None
    assert ours["ttft"].by_request == known["ttft"].by_request.model_copy(
        update={
            "difference": pytest.approx(known["ttft"].by_request.difference),
            "ci95": pytest.approx(known["ttft"].by_request.ci95),
        }
    )
    assert not ours["itl"].is_paired
    assert ours["requests_per_s"].ci95 is None
    assert any("no interval for requests_per_s" in warning for warning in from_folders.warnings)


def test_only_what_was_changed_is_listed(at: At) -> None:
    comparison = compare_results(at("plain", "fast")).document.comparison
    assert comparison is not None
    (only,) = comparison.settings["fast"]
    assert (only.path, only.baseline, only.value) == ("sites.dc.pools.prefill.instances", "4", "6")


def test_other_requests_are_not_paired(at: At) -> None:
    comparison = compare_results(at("plain", "seed")).document.comparison
    assert comparison is not None
    assert comparison.pairing == {"seed": "none"}
    assert [each.path for each in comparison.settings["seed"]] == ["run.seed"]
    assert not comparison.differences["seed"]["ttft"].is_paired
    assert comparison.differences["seed"]["ttft"].ci95 is not None
    assert any("they did not meet the same requests: intervals are Welch's" in each for each in comparison.warnings)


def test_the_same_lengths_at_other_times_are_paired_by_replication(at: At) -> None:
    comparison = compare_results(at("plain", "load")).document.comparison
    assert comparison is not None
    assert comparison.pairing == {"load": "lengths"}
    assert any("at other times: compared replication by replication" in each for each in comparison.warnings)


def test_other_numbers_of_replications_are_not_paired(at: At) -> None:
    comparison = compare_results(at("plain", "two", "one")).document.comparison
    assert comparison is not None
    assert comparison.pairing == {"two": "none", "one": "none"}
    assert comparison.differences["two"]["ttft"].ci95 is not None  # batches of requests say it
    few = compare_results(at("two", "two")).document.comparison
    assert few is not None
    assert few.differences[next(iter(few.differences))]["ttft"].verdict == "same"


def test_a_bare_document_is_compared_without_its_requests(at: At, tmp_path: Path) -> None:
    shutil.copy(Path(at("fast")[0]) / "result.json", tmp_path / "result.json")
    shutil.copy(Path(at("fast")[0]) / "result.json", tmp_path / "kept.json")
    for text in (str(tmp_path), str(tmp_path / "kept.json")):
        comparison = compare_results([*at("plain"), text]).document.comparison
        assert comparison is not None
        (pairing,) = comparison.pairing.values()
        assert pairing == "none"
        said = " ".join(comparison.warnings)
        assert "has no table of requests" in said
        assert "has no manifest" in said


def test_several_variants_meet_their_namesakes(at: At) -> None:
    result = compare_results(at("several", "others"))
    comparison = result.document.comparison
    assert comparison is not None
    assert comparison.baseline == "several:base"
    assert comparison.against == {"others:together": "several:together"}
    assert list(result.variants) == ["several:base", "several:together", "others:base", "others:together"]
    assert comparison.differences["others:together"]["ttft"].verdict == "same"  # it uses other pools
    jsonschema.validate(json.loads(result.to_json()), result_schema())


def test_a_chosen_variant_meets_all(at: At) -> None:
    several, others = at("several", "others")
    comparison = compare_results([f"{several}:together", others]).document.comparison
    assert comparison is not None
    assert comparison.baseline == "several:together"
    assert set(comparison.differences) == {"others:base", "others:together"}
    assert comparison.against == {}
    paths = [each.path for each in comparison.settings["others:base"]]
    assert "router.route" in paths


def test_what_has_no_namesake_is_said(at: At) -> None:
    several, plain = at("several", "plain")
    comparison = compare_results([several, plain]).document.comparison
    assert comparison is not None
    assert "without a counterpart, and not compared: several:together" in comparison.warnings


def test_no_namesake_at_all_is_an_error(at: At, tmp_path: Path) -> None:
    several, others = at("several", "others")
    document = json.loads((Path(others) / "result.json").read_text())
    document |= {"variants": {"mine": document["variants"]["base"]}, "comparison": None}
    (tmp_path / "mine.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"no variant of the same name .* one of several:base, several:together"):
        compare_results([several, str(tmp_path / "mine.json")])


def test_folders_of_one_name_are_told_apart(at: At, tmp_path: Path) -> None:
    shutil.copytree(at("fast")[0], tmp_path / "plain")
    result = compare_results([*at("plain"), str(tmp_path / "plain")])
    assert list(result.variants) == [*at("plain"), str(tmp_path / "plain")]


def test_other_limits_are_said(at: At, tmp_path: Path) -> None:
    folder.write(paasim.simulate(paasim.load("pd", [*FEW, "slo.ttft=9 s"])), tmp_path / "lax")
    comparison = compare_results([*at("plain"), str(tmp_path / "lax")]).document.comparison
    assert comparison is not None
    assert any("limits of lax and plain differ" in warning for warning in comparison.warnings)


def test_a_profile_that_changed_is_listed(at: At, tmp_path: Path) -> None:
    shutil.copytree(at("plain")[0], tmp_path / "later")
    file = tmp_path / "later" / "manifest.json"
    made = json.loads(file.read_text())
    name = next(iter(made["profiles"]))
    made["profiles"][name]["digest"] = "0" * 32
    made["versions"]["numpy"] = "0.1"
    file.write_text(json.dumps(made))
    comparison = compare_results([*at("plain"), str(tmp_path / "later")]).document.comparison
    assert comparison is not None
    assert [each.path for each in comparison.settings["later"]] == [f"profile {name}", "version of numpy"]


def test_a_scenario_that_is_no_longer_read_is_compared_as_written(at: At, tmp_path: Path) -> None:
    shutil.copytree(at("plain")[0], tmp_path / "old")
    file = tmp_path / "old" / "result.json"
    document = json.loads(file.read_text())
    document["scenario"]["router"] = {"kind": "gone"}
    file.write_text(json.dumps(document))
    comparison = compare_results([*at("plain"), str(tmp_path / "old")]).document.comparison
    assert comparison is not None
    assert any("cannot read its scenario" in warning for warning in comparison.warnings)
    assert "router.kind" in [each.path for each in comparison.settings["old"]]


def test_what_is_a_finished_run(at: At, tmp_path: Path) -> None:
    (plain,) = at("plain")
    assert is_result(plain)
    assert is_result(f"{plain}:base")
    assert is_result(f"{plain}/result.json")
    assert not is_result("quickstart")
    assert not is_result(str(tmp_path))
    with pytest.raises(InputError, match="is not a finished run"):
        compare_results([plain, str(tmp_path)])
    with pytest.raises(InputError, match="there is no variant 'bsae'; did you mean 'base'"):
        compare_results([plain, f"{plain}:bsae"])
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(InputError, match="not a result of this version"):
        compare_results([plain, str(tmp_path)])
