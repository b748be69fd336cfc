"""A sensitivity study in words: what it names, and what it says of an answer that flips."""

from __future__ import annotations

import pytest

from paasim.report.sensitivity import answer, tables
from paasim.study.sensitivity.schema import Study
from paasim.study.sensitivity.study import sensitivity
from tests.study.sensitivity.beds import queue, rivals

RATE, PRICE = "workload.arrivals.rate=4 /s..6 /s", "sites.here.pools.p.price=1 $/h..9 $/h"


def titles(study: Study) -> list[str]:
    return [str(table.title) for table in tables(study)]


def test_an_answer_that_flips_says_where() -> None:
    study = sensitivity(rivals(), metric="ttft:mean", profile_samples=16).document
    said = answer(study)
    assert "The mean TTFT, 1.00 s, moves most with the step times of here.a (inline): 600 ms at −40 %" in said
    assert f"base stays the best of 2 variants in {study.survival and study.survival.stays} of 16 samples" in said
    assert "the nearest flip is to other at step times of here.a (inline) +" in said
    assert titles(study) == [
        "One input moved at a time: mean TTFT, 1.00 s as it is",
        "Within the error of the profiles, 16 samples",
    ]


def test_a_lone_scenario_gets_its_range() -> None:
    few = queue(requests=100, replications=1)
    study = sensitivity(few, over=[PRICE], metric="ttft:mean", profile_samples=3).document
    assert (
        "all other inputs matter less than a tenth of that. Within the error of its profile it lies between"
        in answer(study)
    )


def test_nothing_that_matters_is_said() -> None:
    few = queue(requests=60, replications=1)
    for method, samples in (("oat", None), ("morris", 2), ("sobol", 2)):
        if method != "oat":
            pytest.importorskip("SALib")
        study = sensitivity(few, over=[PRICE], profile_error=False, method=method, samples=samples).document
        assert answer(study) == "None of the 1 inputs moves the p99 TTFT."
        assert len(titles(study)) == 1


def test_shares_of_variance_are_told() -> None:
    pytest.importorskip("SALib")
    few = queue(requests=60, replications=1)
    study = sensitivity(few, over=[RATE, PRICE], profile_error=False, method="sobol", samples=4).document
    assert answer(study).startswith("The workload.arrivals.rate explains ")
    assert "of the variance of the p99 TTFT alone" in answer(study)


def test_a_metric_that_is_not_there_is_said() -> None:
    few = queue(requests=60, replications=1)
    study = sensitivity(few, over=[RATE], profile_error=False, metric="ttst:mean").document
    assert answer(study).startswith("There is no mean TTST to move")
    assert len(titles(study)) == 1
