"""Parts of TTFT and TTST: by hand, and as laws on random roads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.metrics.definitions import ttft, ttst
from paasim.metrics.parts import TTFT_PARTS, TTST_PARTS, ttft_parts, ttst_parts
from tests.handmade import make_records

ROAD = {
    "arrival": 0.0,
    "uplink_end": 1.0,
    "prefill_start": 3.0,
    "prefill_end": 6.0,
    "encode_end": 6.5,
    "transfer_start": 6.75,
    "transfer_end": 8.75,
    "codec_end": 9.0,
    "handover_end": 9.5,
    "decode_start": 10.0,
    "first_step": 11.0,
    "first_token": 11.25,
    "route": 0,
}


def parts_of(row: dict[str, float], rule: str) -> dict[str, float]:
    records = make_records([row], first_token=[rule])
    return {name: float(values[0]) for name, values in ttft_parts(records.requests, records.first_token).items()}


def test_every_part_where_the_decoder_emits_the_first_token() -> None:
    assert parts_of(ROAD, "decode") == {
        "uplink": 1.0,
        "prefill_queue": 2.0,
        "prefill": 3.0,
        "encode": 0.5,
        "transfer_wait": 0.25,
        "transfer": 2.0,
        "decode_codec": 0.25,
        "handover": 0.5,
        "decode_queue": 0.5,
        "first_step": 1.0,
        "downlink": 0.25,
    }


def test_kv_parts_belong_to_ttst_where_prefill_emits_the_first_token() -> None:
    row = ROAD | {"first_token": 6.25, "first_step": 11.0, "second_step": 12.0, "second_token": 11.25}
    parts = parts_of(row, "prefill")
    assert parts == dict.fromkeys(TTFT_PARTS, 0.0) | {
        "uplink": 1.0,
        "prefill_queue": 2.0,
        "prefill": 3.0,
        "downlink": 0.25,
    }
    second = {name: float(values[0]) for name, values in ttst_parts(make_records([row]).requests, ["prefill"]).items()}
    assert second["encode"] == 0.5
    assert second["transfer"] == 2.0
    assert (second["first_step"], second["second_step"], second["downlink"]) == (1.0, 0.0, 0.0)  # one way for both
    assert sum(second.values()) == pytest.approx(5.0, abs=1e-12)


def test_only_what_the_ways_down_do_not_share_is_a_part_of_ttst() -> None:
    row = ROAD | {"second_step": 12.0, "second_token": 12.25}
    cloud = make_records([row]).requests
    parts = {name: float(values[0]) for name, values in ttst_parts(cloud, ["decode"]).items()}
    assert {name: value for name, value in parts.items() if value} == {"second_step": 1.0}
    near = make_records([row | {"first_token": 6.25, "second_token": 11.0}]).requests  # from far, then from nearby
    parts = {name: float(values[0]) for name, values in ttst_parts(near, ["prefill"]).items()}
    assert (parts["encode"], parts["downlink"], sum(parts.values())) == (0.25, 0.0, 4.75)
    far = make_records([row | {"first_token": 6.25, "second_token": 11.5}]).requests
    parts = {name: float(values[0]) for name, values in ttst_parts(far, ["prefill"]).items()}
    assert (parts["encode"], parts["downlink"], sum(parts.values())) == (0.5, 0.25, 5.25)


def test_overlap_counts_once() -> None:
    layers = ROAD | {"encode_end": 5.0, "transfer_start": 4.0}
    parts = parts_of(layers, "decode")
    assert parts["encode"] == parts["transfer_wait"] == 0.0
    assert parts["transfer"] == 8.75 - 6.0


def test_local_route_skips_the_network() -> None:
    row = {"arrival": 0.0, "prefill_start": 1.0, "prefill_end": 3.0, "first_step": 3.0, "first_token": 3.0}
    parts = parts_of(row, "prefill")
    assert {name: value for name, value in parts.items() if value} == {"prefill_queue": 1.0, "prefill": 2.0}


STAMPS = st.one_of(st.just(float("nan")), st.floats(0.0, 1e5))


@given(
    st.lists(
        st.tuples(st.fixed_dictionaries(dict.fromkeys(ROAD, STAMPS)), st.floats(0, 10), st.floats(0, 10)),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["prefill", "decode"]),
)
def test_parts_are_never_negative_and_add_up(drawn: list[tuple[dict[str, float], float, float]], rule: str) -> None:
    rows = []
    for row, to_first, to_second in drawn:
        arrival = 0.0 if np.isnan(row["arrival"]) else row["arrival"]
        first = arrival + to_first
        rows.append(row | {"arrival": arrival, "first_token": first, "second_token": first + to_second, "route": 0})
    records = make_records(rows, first_token=[rule])
    columns = records.requests
    for parts, total, names in (
        (ttft_parts(columns, records.first_token), ttft(columns), TTFT_PARTS),
        (ttst_parts(columns, records.first_token), ttst(columns), TTST_PARTS),
    ):
        assert tuple(parts) == names
        assert min(values.min() for values in parts.values()) >= 0
        np.testing.assert_allclose(sum(parts.values()), total, rtol=0, atol=1e-9)
