"""Measured network transfers (`tests.published.transfers`), and the page that states them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.published.transfers import rdma, tcp
from tests.published.transfers.page import TABLES
from tests.published.transfers.row import Row, other_half, others


def _within(rows: list[Row], bound: float) -> None:
    for row in rows:
        assert abs(row.error) <= bound, row


@pytest.mark.parametrize("title", TABLES)
def test_the_page_states_what_comes_out(root: Path, title: str) -> None:
    text = (root / "docs" / "fidelity.md").read_text(encoding="utf-8")
    section = text.split("## Network transfers", 1)[1].split("\n## ", 1)[0]
    stated = section.split(f"### {title}\n", 1)[1].split("\n### ", 1)[0].splitlines()
    missing = [line for line in TABLES[title]() if line and line not in stated]
    assert not missing, "run: python -m tests.published.transfers"


def test_rows_are_predicted_by_others() -> None:
    """Neither a mean of others nor the other half has the row itself."""
    assert others([1e9, 2.0, 8.0], 0) == pytest.approx(4.0)
    assert [other_half(5, i) for i in range(3)] == [[1, 3], [0, 2, 4], [1, 3]]


def test_without_a_pool_a_fast_line_stays_empty() -> None:
    """Set-ups in series and slow start, from the rate with the pool: 35 % were asked for."""
    _within(list(tcp.dallas()), 0.05)
    one_per_mebibyte = 8 * tcp.THREADS * tcp.BATCH * tcp.BLOCK / tcp.unpooled(tcp.MIB)
    assert one_per_mebibyte == pytest.approx(2.06e9, rel=0.01)


def test_tcp_over_mmwave() -> None:
    """Order at every round trip; tuned and eight connections within 25 %, the default one within 60 %."""
    rows = list(tcp.mmwave())
    _within([row for row in rows if "default" not in row.what], 0.25)
    _within([row for row in rows if "default" in row.what], 0.60)
    for i in range(len(tcp.TRIPS)):
        default, tuned, eight = (row.predicted for row in rows[3 * i : 3 * i + 3])
        assert default < tuned < eight <= tcp.UDP[i] / 1e6
    for kind in ("default", "tuned"):
        predicted = [row.predicted for row in rows if kind in row.what]
        assert predicted[0] > predicted[1] > max(predicted[2:])


def test_end_hosts() -> None:
    _within(list(tcp.hosts()), 0.06)


def test_rdma_tables() -> None:
    _within(list(rdma.mooncake("qwen3-8b", rdma.QWEN_8B, 1.0)), 0.10)
    _within(list(rdma.mooncake("qwen3-235b-a22b", rdma.QWEN_235B, 2.0)), 0.02)


def test_pull_or_recompute() -> None:
    """A pull wins at every length measured, and does so by what longer prefixes alone predict."""
    _within(list(rdma.pulls()), 0.15)
    _within(list(rdma.recomputed()), 0.05)
    _within(list(rdma.profiled()), 0.23)
    assert rdma.crossover() < 2048
    for pull, *recompute in zip(rdma.pulls(), rdma.recomputed(), rdma.profiled(), strict=True):
        assert all(pull.predicted < row.predicted for row in recompute)


def test_the_residue_of_layers_is_constant_in_length() -> None:
    """While that of a serial transfer grows with it."""
    rows = list(rdma.splitwise())
    _within([row for row in rows if "A100" in row.what], 0.08)
    _within([row for row in rows if "residue" in row.what], 0.20)
    _within([row for row in rows if "by layer" in row.what], 0.07)
    short, long = (rdma.exposed("a100-sxm", tokens, layers=False) for tokens in (512, 4096))
    assert long == pytest.approx(8 * short, rel=1e-6)
    for machine in rdma.MACHINES:
        grown = rdma.exposed(machine, 4096, layers=True) - rdma.exposed(machine, 512, layers=True)
        assert grown < 0.1 * rdma.MACHINES[machine][1]
