"""Profiles of one or two points: what is measured is met, and what lies beyond follows from bytes and tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasim.cli.profile.options import shape
from paasim.profile.few import settle
from paasim.profile.fit import fit
from paasim.profile.table import Row, Table
from paasim.profile.write import make

HEADER = {"id": "own", "model": "llama-3.1-8b", "dtype": "q4-k-m", "memory": {"weight_bytes": "4.58 GiB"}}


def _settled(*rows: Row, **header: object) -> tuple[float, float, float, float, list[str]]:
    table = Table(list(rows))
    forms, remarks = settle(fit(table), table, {**HEADER, **header}, shape)
    decode, prefill = forms.decode, forms.prefill
    return (
        decode.a if decode else 0.0,
        decode.c if decode else 0.0,
        prefill.b if prefill else 0.0,
        prefill.w if prefill else 0.0,
        remarks,
    )


def test_one_decode_rate_grows_by_bytes() -> None:
    a, c, _, _, (remark,) = _settled(Row("decode", 1, 1, 2112.0, 0.02))
    # 131,072 B of cache per token beside 4.58 GiB of weights.
    assert c / a == pytest.approx(131072 / (4.58 * 2**30), rel=1e-4)
    assert a + c * 2112 == pytest.approx(0.02, rel=1e-4)
    assert "estimate, by the bytes" in remark


def test_weights_that_are_not_stated_are_those_of_the_format() -> None:
    a, c, _, _, _ = _settled(Row("decode", 1, 1, 2112.0, 0.02), memory={})
    assert c / a == pytest.approx(131072 / (8030261248 / 2), rel=1e-4)
    a, c, _, _, (remark,) = _settled(Row("decode", 1, 1, 2112.0, 0.02), model="nobody's")
    assert (a, c) == (0.02, 0.0)
    assert "taken not to grow" in remark


def test_contexts_that_lie_close_do_not_tell_growth_from_noise() -> None:
    near = _settled(Row("decode", 1, 1, 19.0, 0.02), Row("decode", 1, 1, 128.0, 0.03))
    assert near[1] < 1e-6
    far = _settled(Row("decode", 1, 1, 19.0, 0.02), Row("decode", 1, 1, 10019.0, 0.03))
    assert far[1] == pytest.approx(1e-6, rel=1e-3)
    assert not far[4]


def test_one_prompt_length_keeps_its_rate_and_a_floor() -> None:
    prompt, step = Row("prefill", 1, 2048, 0.0, 1.0), Row("decode", 1, 1, 2112.0, 0.02)
    _, _, b, w, remarks = _settled(prompt, step)
    assert (b, w) == (pytest.approx(1 / 2048, rel=1e-5), 0.02)
    assert len(remarks) == 2


def test_depths_tell_tokens_from_pairs() -> None:
    rows = [Row("prefill", 1, 512, 0.0, 1.0), Row("prefill", 1, 512, 8192.0, 1.5)]
    forms, _ = settle(fit(Table(rows)), Table(rows), HEADER, shape)
    assert forms.prefill is not None
    for row in rows:
        pairs = row.new_tokens * (row.context_tokens + row.new_tokens / 2)
        assert forms.prefill.at(row.new_tokens, pairs) == pytest.approx(row.latency, rel=1e-4)


def test_the_points_are_met_and_the_note_says_the_rest(tmp_path: Path) -> None:
    table = Table([Row("prefill", 1, 2048, 0.0, 1.0), Row("decode", 1, 1, 2112.0, 0.02)])
    steps = make({**HEADER, "note": "Measured twice."}, table, tmp_path / "own.yaml", shape).steps()
    assert steps.prefill(2048, 2048**2 / 2) == pytest.approx(1.0, rel=1e-3)
    assert steps.decode(1, 2112.0) == pytest.approx(0.02, rel=1e-3)
    assert steps.prefill(8192, 8192**2 / 2) == pytest.approx(4.0, rel=1e-2)
    assert steps.prefill_outside(8192, 8192**2 / 2)
    note = (tmp_path / "own.yaml").read_text().replace("\n  ", " ")
    assert "Measured twice. Too few decode contexts" in note
    assert "One prefill step: larger ones" in note
