"""Paired comparison: what is better is called better, and noise is not."""

from __future__ import annotations

import json

import jsonschema
import pytest

from paasim.results.pooling import pool
from paasim.results.result import Result
from paasim.results.schema import result_schema
from paasim.study.paired import paired
from tests.handmade import make_result


def test_a_real_difference_is_found_and_a_zero_one_is_not() -> None:
    result = make_result({"base": 0.05, "same": 0.05, "slow": 0.06}, limits={"ttft": 0.2})
    comparison = paired(result, "base")
    slow, same = comparison.differences["slow"], comparison.differences["same"]
    assert slow["ttft"].verdict == "worse"
    assert slow["ttft"].ci95 is not None
    assert slow["ttft"].ci95[0] > 0
    assert slow["slo_attainment"].verdict == "worse"
    assert slow["ttft"].ratio == pytest.approx(
        result.variants["slow"].metrics["ttft"].mean / result.variants["base"].metrics["ttft"].mean
    )
    assert same["ttft"].difference == 0
    assert same["ttft"].verdict == same["slo_attainment"].verdict == "same"
    assert paired(result, "slow").differences["base"]["p99_ttft"].verdict in ("better", "cannot tell")


def test_a_negligible_difference_is_called_the_same() -> None:
    result = make_result({"base": 0.05, "near": 0.05 * (1 + 1e-4)})
    near = paired(result, "base").differences["near"]["ttft"]
    assert near.difference > 0
    assert near.verdict == "same"


def test_requests_are_paired_one_by_one() -> None:
    result = make_result({"base": 0.05, "slow": 0.06})
    by_request = paired(result, "base").differences["slow"]["ttft"].by_request
    assert by_request is not None
    assert by_request.n == 3 * 1350
    assert by_request.share_lower == 0.0  # the same draws, only longer
    assert by_request.difference == pytest.approx(
        result.variants["slow"].metrics["ttft"].mean - result.variants["base"].metrics["ttft"].mean
    )


def test_one_replication_is_compared_over_batches_of_requests() -> None:
    difference = paired(make_result({"base": 0.05, "slow": 0.06}, replications=1), "base").differences["slow"]
    assert difference["ttft"].verdict == "worse"
    assert difference["p99_ttft"].ci95 is None
    assert difference["p99_ttft"].verdict == "cannot tell"


def test_pairing_is_sharper_than_two_separate_intervals() -> None:
    result = make_result({"base": 0.05, "slow": 0.052}, replications=5)
    low, high = paired(result, "base").differences["slow"]["ttft"].ci95 or (0, 0)
    separate = [result.variants[name].metrics["ttft"].ci95.mean or (0, 0) for name in ("base", "slow")]
    assert high - low < min(b - a for a, b in separate) / 2


def test_warns_where_only_some_ttfts_leave_out_the_wait_for_the_kv_cache() -> None:
    early, late = make_result({"a": 0.05}, n=200), make_result({"b": 0.05}, n=200, first_token=["decode"])
    said, only = paired(together(early, late), "a").warnings
    assert only == "only a has itl: nothing to compare with"
    assert "TTFT does not mean the same everywhere: on some routes (paas in a)" in said
    home = make_result({"c": 0.05}, n=200, routes=["local"])
    for each in home.replications["c"]:
        each.records.requests["decode_instance"][:] = 0  # where it was prefilled
    home = make_home(home)
    assert not home.variants["c"].routes["local"].ships_kv
    assert len(paired(together(early, home), "a").warnings) == 1
    assert paired(together(late, home), "b").warnings == ["only c has itl: nothing to compare with"]
    assert paired(early, "a").warnings == []
    assert any("closed loop" in warning for warning in paired(early, "a", closed_loop=True).warnings)


def together(one: Result, other: Result) -> Result:
    document = one.document.model_copy(update={"variants": {**one.variants, **other.variants}})
    return Result(document, {**one.replications, **other.replications})


def make_home(result: Result) -> Result:
    """The same, pooled again after its records were changed."""
    variants = {name: pool(each) for name, each in result.replications.items()}
    return Result(result.document.model_copy(update={"variants": variants}), result.replications)


def test_comparison_meets_the_schema() -> None:
    result = make_result({"base": 0.05, "slow": 0.06}, n=300)
    document = result.document.model_copy(update={"comparison": paired(result, "base")})
    jsonschema.validate(json.loads(Result(document).to_json()), result_schema())
