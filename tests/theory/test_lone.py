"""A lone request and its transfer equal their closed forms to 1e-9, on every route, through the public YAML."""

from __future__ import annotations

from itertools import product
from math import isnan
from pathlib import Path

import pytest

from tests.theory.lone import ROUTES, Case, expected
from tests.theory.stations import run

MOVES = [route for route, (prefill, decode) in ROUTES.items() if prefill != decode]
CASES = [
    Case(route, streaming, codec, first_token, access)
    for route, streaming, codec, first_token, access in product(
        MOVES, ("whole", "layers"), ("none", "pipelined", "blocking"), ("prefill", "decode"), (False, True)
    )
    if access or route in ("pd", "prfaas")
]
CASES += [Case(route, first_token=rule) for route in ("local", "cloud") for rule in ("prefill", "decode")]
CASES += [Case("cloud", chunk=300, access=True), Case("cloud", chunk=250, output=2)]
CASES += [Case("paas", streaming, prompt=7, output=40, access=True, kind="fixed") for streaming in ("whole", "layers")]
CASES += [Case("reverse", "layers", prompt=20_000, output=3, first_token="decode")]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_stamp(case: Case, tmp_path: Path) -> None:
    (records,) = run(case.text(), tmp_path)
    arrival = float(records.requests["arrival"][0])
    for name, want in expected(case).items():
        got = float(records.requests[name][0]) - arrival
        assert got == pytest.approx(want, abs=1e-9, nan_ok=True), name


@pytest.mark.parametrize("first_token", ["prefill", "decode"])
@pytest.mark.parametrize("route", list(ROUTES))
def test_one_token(route: str, first_token: str, tmp_path: Path) -> None:
    """The side that prefills emits it and nothing moves, unless the decoder has to emit it."""
    case = Case(route, first_token=first_token, output=1)
    (records,) = run(case.text(), tmp_path)
    row = {name: float(values[0]) for name, values in records.requests.items()}
    two = expected(Case(route, first_token=first_token, output=2))
    assert row["first_token"] - row["arrival"] == pytest.approx(two["first_token"], abs=1e-9)
    assert row["last_token"] == row["first_token"]
    moves = route in MOVES and first_token == "decode"
    assert isnan(row["transfer_end"]) != moves
    assert (row["kv_bytes"] > 0) == moves
