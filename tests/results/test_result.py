"""The result document: its schema, its sums, its bytes."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

from paasim.metrics.replication import measure
from paasim.metrics.warmup import Warmup
from paasim.results.pooling import pool
from paasim.results.result import Result
from paasim.results.schema import result_schema
from tests.handmade import make_records, make_result


@pytest.fixture(scope="module")
def result() -> Result:
    return make_result(limits={"ttft": 0.5})


def test_document_meets_its_schema(result: Result) -> None:
    jsonschema.Draft202012Validator.check_schema(result_schema())
    jsonschema.validate(json.loads(result.to_json()), result_schema())


TTFT_PARTS = (
    "uplink",
    "prefill_queue",
    "prefill",
    "encode",
    "transfer_wait",
    "transfer",
    "decode_codec",
    "handover",
    "decode_queue",
    "first_step",
    "downlink",
)
"""Written out: this is the contract, whatever the code says."""


def test_document_has_the_keys_that_scripts_rely_on(result: Result) -> None:
    document = json.loads(result.to_json())
    assert {"schema_version", "paasim_version", "scenario", "seed", "replications", "variants"} <= set(document)
    variant = document["variants"]["base"]
    assert set(variant["metrics"]["ttft"]) >= {"unit", "mean", "std", "p50", "p90", "p95", "p99", "max", "ci95"}
    assert tuple(variant["ttft_parts"]) == TTFT_PARTS
    assert set(variant["throughput"]) == {
        "requests_per_s",
        "output_tokens_per_s",
        "total_tokens_per_s",
        "goodput_per_s",
        "slo_attainment",
    }


def test_parts_add_up_to_the_means(result: Result) -> None:
    variant = result.variants["base"]
    assert sum(variant.ttft_parts.values()) == pytest.approx(variant.metrics["ttft"].mean, abs=1e-9)
    assert sum(variant.ttst_parts.values()) == pytest.approx(variant.metrics["ttst"].mean, abs=1e-9)


def test_estimates_are_pooled_over_replications(result: Result) -> None:
    table = result.requests
    ttft = table.loc[table["measured"], "ttft"]
    metric = result.variants["base"].metrics["ttft"]
    assert metric.n == len(ttft)
    assert metric.mean == pytest.approx(ttft.mean())
    assert metric.p99 == pytest.approx(np.percentile(ttft, 99))
    low, high = metric.ci95.mean or (0.0, 0.0)
    assert low < metric.mean < high
    assert metric.ci95.method == "replications"


def test_same_result_same_bytes_and_back(result: Result) -> None:
    again = make_result(limits={"ttft": 0.5})
    assert again.to_json() == result.to_json()
    assert Result.from_json(result.to_json()).to_json() == result.to_json()


def test_summary_is_a_table_of_metrics(result: Result) -> None:
    summary = result.summary()
    assert summary.loc[("base", "ttft"), "p50"] == result.variants["base"].metrics["ttft"].p50
    assert "ci95_low" in summary.columns


def test_one_replication_says_where_its_interval_comes_from() -> None:
    variant = make_result(replications=1).variants["base"]
    assert variant.metrics["ttft"].ci95.method == "batch means"
    assert variant.metrics["ttft"].ci95.p99 is None
    assert any("one replication" in warning for warning in variant.warnings)


def test_cautions_name_what_is_wrong() -> None:
    rows = [{"arrival": float(i), "outcome": i % 3, "reason": 0 if i % 3 == 2 else -1} for i in range(9)]
    rows = [row | {"first_token": row["arrival"] + 1, "last_token": row["arrival"] + 2} for row in rows]
    rows[1]["extrapolated"] = 1.0
    records = make_records(rows, reasons=["kv-memory"])
    warnings = " | ".join(pool([measure(records, Warmup())]).warnings)
    for said in ("unfinished", "3 of 9 requests were dropped: kv-memory", "outside", "few requests"):
        assert said in warnings


def test_overload_is_not_called_steady() -> None:
    variant = make_result({"base": 0.2}).variants["base"]
    assert not variant.steady_state
    assert variant.bottleneck == "cloud.prefill"
    assert any(warning.startswith("no steady state") for warning in variant.warnings)
    assert any("cloud.prefill is saturated" in warning for warning in variant.warnings)


def test_nothing_finished_is_still_a_result() -> None:
    result = pool([measure(make_records([]), Warmup(auto=True), [{"ttft": 1.0}])])
    assert result.metrics == {}
    assert result.requests.arrived == 0
    assert "no request arrived" in result.warnings
