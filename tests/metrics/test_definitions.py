"""Metrics against values worked out by hand."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from paasim.metrics import definitions
from tests.handmade import make_records

ROAD = {
    "arrival": 100.0,
    "prefill_start": 103.0,
    "prefill_end": 109.0,
    "first_token": 110.0,
    "second_token": 111.0,
    "last_token": 118.0,
    "output_tokens": 5,
}


def test_metrics_of_one_request() -> None:
    columns = make_records([ROAD]).requests
    assert definitions.ttft(columns)[0] == 10
    assert definitions.ttst(columns)[0] == 1
    assert definitions.e2el(columns)[0] == 18
    assert definitions.tpot(columns)[0] == pytest.approx(8 / 4)
    assert definitions.queue(columns)[0] == 3


def test_one_token_has_no_tpot() -> None:
    row = ROAD | {"output_tokens": 1, "last_token": 110.0, "second_token": np.nan}
    columns = make_records([row]).requests
    assert isnan(definitions.tpot(columns)[0])
    assert isnan(definitions.ttst(columns)[0])
    assert definitions.e2el(columns)[0] == definitions.ttft(columns)[0] == 10


def test_what_never_came_is_nan() -> None:
    columns = make_records([{"arrival": 1.0}]).requests
    assert all(isnan(metric(columns)[0]) for metric in definitions.METRICS.values())


def test_queue_counts_both_engines_and_only_exposed_time() -> None:
    row = ROAD | {"transfer_end": 112.0, "decode_start": 112.5}
    columns = make_records([row]).requests
    assert definitions.queue(columns)[0] == pytest.approx(3 + 0.5)
