"""The answer, the tables and the figures of a result."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree

import pytest
from rich.console import Console

from paasim.report import style
from paasim.report.answer import against, answer
from paasim.report.figures import all_figures, cdf, parts
from paasim.report.tables import tables
from paasim.results.result import Result
from paasim.results.schema import Difference
from paasim.study.paired import paired
from tests.handmade import make_result


@pytest.fixture(scope="module")
def single() -> Result:
    return make_result(limits={"ttft": 0.5})


@pytest.fixture(scope="module")
def compared() -> Result:
    result = make_result(
        {"base": 0.05, "slow": 0.06, "overloaded": 0.3}, limits={"ttft": 0.5, "tpot": 0.03}, first_token=["decode"]
    )
    return Result(result.document.model_copy(update={"comparison": paired(result, "base")}), result.replications)


def printed(result: Result) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=120)
    for table in tables(result):
        console.print(table)
    return stream.getvalue()


def test_the_answer_to_a_run(single: Result) -> None:
    text = answer(single)
    assert text.count(". ") == 1  # two sentences
    assert text.startswith("TTFT is 107 ms on average (95 % interval")
    assert "of requests meet TTFT ≤ 0.5" in text
    assert "TTFT goes to prefill (" in text
    assert "the busiest resource is cloud.prefill" in text


def test_the_answer_to_a_comparison_names_the_best_and_the_margin(compared: Result) -> None:
    text = answer(compared)
    assert text.startswith("base has the lowest TTFT, 107 ms on average: ")
    assert "less than slow (95 % interval" in text
    assert "In base, TTFT goes to" in text


def test_the_answer_against_a_slower_baseline(compared: Result) -> None:
    comparison = paired(compared, "overloaded")
    turned = Result(compared.document.model_copy(update={"comparison": comparison}), compared.replications)
    assert "less than overloaded" in answer(turned)


def test_a_difference_that_may_be_chance_is_called_so() -> None:
    difference = Difference(difference=-0.2, ci95=(-1.2, 0.8), ratio=0.9, verdict="cannot tell")
    said = "0.200 s less than base (95 % interval -0.800 to 1.20 s), which may be chance"
    assert against(difference, "base") == said


def test_no_difference_is_called_so() -> None:
    result = make_result({"base": 0.05, "twin": 0.05}, n=400)
    result = Result(result.document.model_copy(update={"comparison": paired(result, "base")}), result.replications)
    assert "the same as that of twin" in answer(result)
    assert "twin TTFT 0 – same" in " ".join(printed(result).split())


def test_no_steady_state_is_in_the_answer() -> None:
    assert "but there is no steady state" in answer(make_result({"base": 0.3}))


def test_tables(single: Result, compared: Result) -> None:
    one, several = printed(single), printed(compared)
    assert "TPOT" in one
    assert "waiting for prefill" in one
    assert "overloaded (no steady state)" in several
    assert "worse" in several
    assert max(map(len, several.splitlines())) <= 120


def test_a_difference_and_its_interval_have_one_unit() -> None:
    result = make_result({"base": 0.05, "slow": 0.06}, n=400)
    result = Result(result.document.model_copy(update={"comparison": paired(result, "base")}), result.replications)
    table = printed(result).split("Against")[1].split("Where")[0]
    rows = [line for line in table.splitlines() if " to " in line]
    assert rows
    for row in rows:
        assert len(set(re.findall(r"\b(µs|ms|s|min)\b", row))) == 1, row


def test_cost_has_a_table_where_it_is_known(single: Result) -> None:
    assert "$ per million output tokens" in printed(single)
    free = make_result(n=200, resources=[])
    assert "Cost" not in printed(free)


def test_figures_are_valid_and_the_same_every_time(compared: Result) -> None:
    made = all_figures(compared)
    assert set(made) == {"ttft_parts.svg", "latency_cdf.svg"}
    for content in made.values():
        assert ElementTree.fromstring(content).tag.endswith("svg")
    assert made == all_figures(compared)
    text = made["ttft_parts.svg"].decode()
    for said in ("overloaded", "KV transfer", "mean, ms", "bar cut off"):
        assert said in text
    assert "limit (SLO)" in made["latency_cdf.svg"].decode()


def test_bars_add_up_to_the_mean(single: Result) -> None:
    figure = parts.draw(single)
    assert figure is not None
    width = sum(bar.get_width() for bar in figure.axes[0].patches)
    assert width == pytest.approx(single.variants["base"].metrics["ttft"].mean * 1e3)


def test_marks_are_the_percentiles(single: Result) -> None:
    figure = cdf.draw(single)
    assert figure is not None
    _, marks, *_ = figure.axes[0].get_lines()
    metric = single.variants["base"].metrics["ttft"]
    assert list(marks.get_xdata()) == pytest.approx([metric.p50, metric.p99])


def test_labels_do_not_overlap(compared: Result) -> None:
    for draw in (parts.draw, cdf.draw):
        figure = draw(compared)
        assert figure is not None
        style.png(figure)  # lays it out
        legend = figure.legends[0].get_window_extent()
        for axes in figure.axes:
            box = axes.get_tightbbox()
            assert box is not None
            assert not legend.overlaps(box)


def test_a_variant_keeps_its_colour() -> None:
    names = [f"v{i}" for i in range(9)]
    assert style.colours(names)["v0"] == style.colours(names[:2])["v0"]
    assert len({style.colours(names[:7])[name] for name in names[:7]}) == 7


def test_nothing_measured_has_no_figures() -> None:
    assert all_figures(make_result(n=0)) == {}
    assert "0 requests" in answer(make_result(n=0))
