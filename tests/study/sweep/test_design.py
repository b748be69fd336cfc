"""Settings: crossed, zipped, sampled, over variants; in a fixed order, and refused where nothing could come of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from paasim.core.errors import InputError
from paasim.scenario.loader import load
from paasim.scenario.studies import StudySpec
from paasim.study.sweep.asked import named, of_options, read
from paasim.study.sweep.design import in_si, is_whole, settings, short
from paasim.study.sweep.points import candidates
from paasim.study.sweep.remarks import remarks
from tests.study.scene import LINK, RATE, tiny, write

SEED = "run.seed"


def design(folder: Path, vary: list[str], **fields: Any) -> list[tuple[Any, ...]]:
    scenario = tiny(folder)
    asked = of_options(scenario, vary, **fields)
    return [(each.variant, *each.values.values()) for each in settings(asked.study, scenario)]


def test_several_are_crossed_the_first_changing_slowest(tmp_path: Path) -> None:
    found = design(tmp_path, [f"{LINK}=1 Gbps,2 Gbps", f"{SEED}=1,2,3"])
    assert found == [("base", f"{link} Gbps", seed) for link in (1, 2) for seed in (1, 2, 3)]


def test_those_in_one_option_change_together(tmp_path: Path) -> None:
    found = design(tmp_path, [f"{LINK}=1 Gbps,2 Gbps; {SEED}=1,2", f"{RATE}=1 /s,2 /s"])
    assert found == [("base", f"{n} Gbps", n, f"{rate} /s") for n in (1, 2) for rate in (1, 2)]


def test_variants_are_varied_too(tmp_path: Path) -> None:
    assert design(tmp_path, [f"{SEED}=1,2"], variants=["alone", "base"]) == [
        (variant, seed) for variant in ("alone", "base") for seed in (1, 2)
    ]
    assert design(tmp_path, [], variants=["alone", "base"]) == [("alone",), ("base",)]


def test_a_latin_hypercube_meets_every_slice_of_every_range_once(tmp_path: Path) -> None:
    vary = [f"{LINK}=log(1 Gbps, 1024 Gbps)", f"{RATE}=lin(0 /s, 10 /s)", "sites.homes.fleet.devices=lin(1, 20)"]
    found = design(tmp_path, [*vary, "router.route=paas, local"], sample=10)
    assert len(found) == 10
    _, links, rates, devices, routes = zip(*found, strict=True)
    assert sorted(int(float(rate.split()[0])) for rate in rates) == list(range(10))
    assert Counter(routes) == {"paas": 5, "local": 5}
    assert sorted((device + 1) // 2 for device in devices) == list(range(1, 11)), "whole numbers, each slice once"
    assert len({int(float(link.split()[0])).bit_length() for link in links}) == 10
    assert design(tmp_path, [*vary, "router.route=paas, local"], sample=10) == found
    other = design(tmp_path, [*vary, "router.route=paas, local"], sample=10, sample_seed=2)
    assert other != found


def test_whole_numbers_for_whole_fields(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    assert is_whole(scenario, "sites.cloud.pools.prefill.instances")
    assert is_whole(scenario, "run.requests")
    assert not is_whole(scenario, LINK)
    assert not is_whole(scenario, "sites.cloud.pools.prefill.noise")
    found = design(tmp_path, ["sites.cloud.pools.prefill.instances=lin(1, 3, 5)"])
    assert found == [("base", 1), ("base", 2), ("base", 3)], "each once"


@pytest.mark.parametrize(
    ("vary", "fields", "said"),
    [
        (["network.links.wan.bandwidth=1 Gbps"], {}, "there is no 'wan' in network.links"),
        (["routers.route=paas"], {}, "there is no 'routers'"),
        (["bogus=1,2"], {}, "bogus"),
        ([f"{LINK}=1 Gbps, 5 Gpbs"], {}, "'Gpbs' is not a unit of bandwidth"),
        ([f"{LINK}=1, 5"], {}, "needs a unit"),
        (["router.route=paas, lokal"], {}, "there is no route 'lokal'"),
        ([f"{SEED}"], {}, "is not of the form path=values"),
        ([f"{SEED}="], {}, "is not of the form path=values"),
        ([f"{SEED}=1,,2"], {}, "empty part"),
        ([f"{SEED}=1", f"{SEED}=2"], {}, "twice"),
        ([f"{SEED}=1; {SEED}=2"], {}, "names a path twice"),
        ([f"{SEED}=1,2; {RATE}=1 /s"], {}, "run.seed has 2, workload.arrivals.rate has 1"),
        ([f"{RATE}=lin(1 /s, 2 /s)"], {}, "without a number of values"),
        ([f"{SEED}=1,2"], {"variants": ["none"]}, "there is no variant 'none'"),
        ([f"{SEED}=1,2"], {"variants": ["alone", "alone"]}, "twice"),
        ([], {"variants": ["alone"]}, "varies nothing"),
        (["run.duration=lin(1 s, 9 s)"], {"sample": 3}, "has both 'duration' and 'requests'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    tmp_path: Path, vary: list[str], fields: dict[str, Any], said: str
) -> None:
    scenario = tiny(tmp_path)

    def begin() -> None:
        asked = of_options(scenario, vary, **fields)
        candidates(asked.study, scenario, asked.places)

    with pytest.raises(InputError) as caught:
        begin()
    assert said in str(caught.value)
    assert "--set" not in str(caught.value)


def test_a_combination_that_does_not_fit_is_one_point(tmp_path: Path) -> None:
    """Each value fits somewhere, but a run has one end."""
    scenario = tiny(tmp_path)
    asked = of_options(scenario, ["run.requests=null,50", "run.duration=null,10 s"])
    made = candidates(asked.study, scenario, asked.places)
    assert [each.point is not None for each in made] == [False, True, True, False]
    assert "both 'duration' and 'requests'" in str(made[3].error)


def test_replications_are_the_scenarios_unless_said(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    for fields, vary, expected in (
        ({}, f"{SEED}=1,2", [2, 2]),
        ({"replications": 5}, f"{SEED}=1,2", [5, 5]),
        ({}, "run.replications=1,3", [1, 3]),
    ):
        asked = of_options(scenario, [vary], **fields)
        made = candidates(asked.study, scenario, {})
        assert [each.point.count for each in made if each.point] == expected


def test_a_study_of_the_scenario(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    asked = named(scenario, "links")
    made = candidates(asked.study, scenario, asked.places)
    assert len(made) == 2 * 2 * 2
    assert made[0].label == "seed 1, rate 1 /s, bandwidth 1 Gbps, base"
    assert all(each.point and each.point.count == 1 for each in made)
    with pytest.raises(InputError, match="did you mean 'links'"):
        named(scenario, "link")


def test_a_mistake_in_a_study_has_its_place(tmp_path: Path) -> None:
    file = write(tmp_path)
    text = file.read_text()
    file.write_text(text.replace('internet.bandwidth: "', 'wan.bandwidth: "'))
    asked = read(str(file), "links")
    with pytest.raises(InputError, match=r"tiny\.yaml:27:12: .*there is no 'wan'"):
        candidates(asked.study, asked.scenario, asked.places)
    file.write_text(text.replace("1 Gbps, 10 Gbps", "1 Gbps,"))
    with pytest.raises(InputError, match=r"tiny\.yaml:27:.*studies.links.vary.*empty part"):
        load(file)


def test_a_study_in_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "mine.yaml"
    file.write_text("scenario: tiny.yaml\nstudy:\n  vary: {run.seed: [1, 2]}\n")
    asked = read(str(file), None, ["run.requests=9"])
    assert asked.name == "mine"
    assert asked.scenario.run.requests == 9
    assert asked.study == StudySpec(vary={"run.seed": [1, 2]})
    for text, said in (
        ("scenario: tiny.yaml\n", "needs the key 'study'"),
        ("study: {vary: {run.seed: [1, 2]}}\n", "needs the key 'scenario'"),
        ("scenario: tiny.yaml\nstudy: {vry: {run.seed: [1]}}\n", "mine.yaml:2:9: study.vry: unknown key"),
        ("scenario: tiny.yaml\nstudy: {vary: {run.seed: [1]}}\nmore: 1\n", "more: unknown key"),
        ("scenario: nowhere.yaml\nstudy: {vary: {run.seed: [1]}}\n", "no such file"),
    ):
        file.write_text(text)
        with pytest.raises(InputError) as caught:
            read(str(file))
        assert said in str(caught.value)


def test_where_requests_are_not_the_same_it_is_said(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)

    def said(*vary: str, **fields: Any) -> str:
        asked = of_options(scenario, vary, **fields)
        return " ".join(remarks(asked.study, candidates(asked.study, scenario, {})))

    assert said(f"{LINK}=1 Gbps,2 Gbps", variants=["base", "alone"]) == ""
    assert f"differ in {RATE}" in said(f"{RATE}=1 /s,2 /s", f"{LINK}=1 Gbps,2 Gbps")
    assert "share no random numbers" in said(f"{SEED}=1,2")
    assert "the shorter run" in said("run.requests=10,20")


def test_names_for_people() -> None:
    assert short([LINK, RATE]) == {LINK: "bandwidth", RATE: "rate"}
    assert short(["a.x.rate", "b.x.rate", "rate"]) == {"a.x.rate": "a.x.rate", "b.x.rate": "b.x.rate", "rate": "rate"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10 Gbps", (1e10, "bps")),
        ("10Gbps", (1e10, "bps")),
        ("20 ms", (0.02, "s")),
        ("2 /s", (2.0, "/s")),
        ("80 GiB", (80 * 2.0**30, "B")),
        ("5 %", None),
        ("fp8", None),
        (7, None),
        ("7", None),
    ],
)
def test_quantities_as_numbers(value: object, expected: tuple[float, str] | None) -> None:
    assert in_si(value) == expected
