"""Values of a study: lists that keep their brackets, ranges with units, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.scenario.ranges import Range, listed, parse


def values(text: object, *, is_whole: bool = False) -> list[Any]:
    found: list[Any] = []
    for item in parse(text):
        found += item.values(is_whole=is_whole) if isinstance(item, Range) else [item]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1Gbps, 5 Gbps", ["1Gbps", "5 Gbps"]),
        ("7", [7]),
        ("1, 2.5, true, null, fp8", [1, 2.5, True, None, "fp8"]),
        (
            "{kind: fixed, route: a}, {kind: threshold, x: [1, 2]}",
            [{"kind": "fixed", "route": "a"}, {"kind": "threshold", "x": [1, 2]}],
        ),
        ("[1, 2], [3]", [[1, 2], [3]]),
        ("\"a, b\", 'c; d'", ["a, b", "c; d"]),
        ("${DATA}/a.csv, it's", ["${DATA}/a.csv", "it's"]),
        ("lin(1 Gbps, 10 Gbps, 4)", ["1 Gbps", "4 Gbps", "7 Gbps", "10 Gbps"]),
        ("log(1 ms, 1000 ms, 4)", ["1 ms", "10 ms", "100 ms", "1000 ms"]),
        ("log(100 Mbps, 10 Gbps, 3)", ["0.1 Gbps", "1 Gbps", "10 Gbps"]),
        ("lin(0, 1, 3)", [0, 0.5, 1]),
        ("lin(10 %, 30 %, 3)", ["10 %", "20 %", "30 %"]),
        ("0, log(1, 100, 3), 500", [0, 1, 10, 100, 500]),
        ("lin(4, 1, 4)", [4, 3, 2, 1]),
        ("log(1, 2, 3)", [1, 1.41421, 2]),
        ([1, "lin(2, 3, 2)", "a, b"], [1, 2, 3, "a, b"]),
    ],
)
def test_values(text: object, expected: list[Any]) -> None:
    assert values(text) == expected
    assert values(listed(text)) == expected, "the same when kept as a list and read again"


def test_whole_numbers() -> None:
    assert values("log(1, 100, 4)", is_whole=True) == [1, 5, 22, 100]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,,2", "has an empty part"),
        ("", "has an empty part"),
        ("[1, 2", "lacks a closing ]"),
        ("'a", "lacks a closing '"),
        ("lin(1, 2, 3", "lacks a closing )"),
        ("lin(1)", "is not a range: write e.g. lin(1 Gbps, 10 Gbps, 4)"),
        ("lin(a, 2, 3)", "'a' is not an end of a range"),
        ("lin(1, 2, 1)", "a whole number from 2 to"),
        ("lin(1, 2, 2.5)", "a whole number from 2 to"),
        ("lin(1, 2, 1000000000)", "a whole number from 2 to"),
        ("lin(1 Gbps, 2 ms, 3)", "units that do not go together"),
        ("lin(1, 2 ms, 3)", "units that do not go together"),
        ("log(0, 2, 3)", "must be more than zero"),
        ("lin(2, 2, 3)", "both ends are the same"),
        ("{a: }}", "cannot be read as a value"),
        ("{a: [}", "lacks"),
        ("!!int 3", "cannot be read as a value"),
        ([], "has no values"),
    ],
)
def test_what_is_wrong_is_said(text: object, said: str) -> None:
    with pytest.raises(ValueError, match="(?i)" + said.replace("(", r"\(").replace(")", r"\)").replace("]", r"\]")):
        parse(text)


def test_a_range_for_samples_has_no_values() -> None:
    (item,) = parse("lin(1, 10)")
    with pytest.raises(ValueError, match="says not how many"):
        item.values()
    assert item.at(0.5) == 5.5
    assert item.at(0.5, is_whole=True) == 6


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.integers(2, 20), st.sampled_from(["lin", "log"]))
def test_ranges_keep_their_ends_and_their_order(low: float, high: float, count: int, scale: str) -> None:
    if low == high:
        return
    found = values(f"{scale}({low!r}, {high!r}, {count})")
    assert len(found) == count
    assert found[0] == pytest.approx(low)
    assert found[-1] == pytest.approx(high)
    assert found == sorted(found, reverse=low > high)
