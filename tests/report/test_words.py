"""Numbers as people read them."""

from __future__ import annotations

import pytest

from paasim.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 ms"),
        (1.5e-5, "15.0 µs"),
        (0.82, "820 ms"),
        (2.345, "2.35 s"),
        (-0.0321, "-32.1 ms"),
        (1200, "20.0 min"),
        (4.98e17, "for ever"),
    ],
)
def test_seconds(value: float, text: str) -> None:
    assert words.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0 %"), (1, "100.0 %"), (0.99999, ">99.9 %"), (0.0001, "<0.1 %"), (0.4567, "45.7 %")],
)
def test_share_never_rounds_to_all_or_nothing(value: float, text: str) -> None:
    assert words.share(value) == text


def test_other_words() -> None:
    assert words.interval(0.38, 0.44) == "380 to 440 ms"
    assert words.interval(-1.5, 2) == "-1.50 to 2.00 s"
    assert words.with_interval(0.2, (-0.8, 1.2)) == ("0.200 s", "-0.800 to 1.20 s")
    assert words.size(12_345_000_000) == "12.3 GB"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.digits(1234567.0) == "1,234,567"
    assert [words.tick(value) for value in (0, 0.01, 1, 100)] == ["0", "10 ms", "1 s", "100 s"]
