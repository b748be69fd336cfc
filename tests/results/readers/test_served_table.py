"""paasim's own table: what was read from any file is the same after it was written and read again."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from paasim.cli.profile import app
from paasim.core.errors import InputError
from paasim.results import served
from paasim.results.readers.served_table import write
from paasim.results.served import Answer, Layout, Served, Setup
from tests.results.readers import samples
from tests.results.readers.test_formats import SAMPLES, sample

times = st.floats(0, 1e6, allow_subnormal=False)
texts = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=12)
whole = st.integers(1, 10**6)
answers = st.builds(
    Answer,
    request_id=texts,
    start=times,
    prompt_tokens=whole | st.none(),
    output_tokens=whole | st.none(),
    ttft=times | st.none(),
    e2el=times | st.none(),
    itl=st.lists(times, max_size=4).map(tuple),
    ok=st.booleans(),
    error=texts,
    waited=times | st.none(),
)
layouts = st.builds(Layout, tp=whole | st.none(), ep=whole | st.none(), instances=whole | st.none())
setups = st.builds(
    Setup,
    engine=texts,
    model=texts,
    prefill=layouts,
    decode=layouts,
    concurrency=whole | st.none(),
    request_rate=times | st.none() | st.just(inf),
    isl=times | st.none(),
    source=texts,
)


def same(first: list[Served], second: list[Served]) -> None:
    """Require that two lists of runs are equal in everything."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        for name in vars(one):
            mine, its = getattr(one, name), getattr(other, name)
            assert (list(mine) == list(its)) if name == "requests" else (mine == its), name


@pytest.mark.parametrize("format", SAMPLES)
def test_exact_round_trip(format: str, tmp_path: Path) -> None:
    runs = served.read(sample(format, tmp_path))
    write(runs, tmp_path / "deep" / "served.csv")
    again = served.read(tmp_path / "deep" / "served.csv")
    same(runs, again)
    for one, other in zip(runs, again, strict=True):
        assert one.recomputed() == other.recomputed()
        assert one.throughput() == other.throughput()


def test_exact_round_trip_of_published_results(shared_data: Path, tmp_path: Path) -> None:
    for name in ("silicon_sample.csv.gz", "inferencex_token_position.csv", "mlperf_inference_v5.1_llm.csv"):
        runs = served.read(shared_data / "profiles/measured_e2e" / name)[::7]
        write(runs, tmp_path / "served.csv")
        same(runs, served.read(tmp_path / "served.csv"))


@given(setup=setups, requests=st.lists(answers, max_size=4), value=times)
def test_exact_round_trip_of_anything(
    setup: Setup, requests: list[Answer], value: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    stated = {"ttft": {"p99.9": value, "typical": 0.1}, "ntpot": {"mean": value}}
    run = Served("a run", setup, requests, stated, {"requests_per_s": value}, 3, 1, value, ["one, two", 'a "b"'])
    write([run, run], path)
    first, second = served.read(path)
    assert first == second
    assert (tuple(first.requests), first.setup, first.stated) == (tuple(requests), setup, stated)
    assert (first.rates, first.duration, first.warnings[:2]) == (run.rates, value, run.warnings)


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_writes_the_table_with_what_the_user_knows(tmp_path: Path) -> None:
    source = samples.write(tmp_path / "run.json", samples.detailed())
    target = tmp_path / "served.csv"
    facts = ["--set", "hardware=h100-sxm", "--set", "tp=2"]
    _run("import", str(source), *facts, "-o", str(target))
    (run,) = served.read(target)
    assert (run.setup.hardware, run.setup.layout.tp, run.setup.request_rate) == ("h100-sxm", 2, inf)
    np.testing.assert_allclose(run.values("tpot"), [0.025, np.nan, 0.05])


def test_the_command_tells_what_is_in_a_file(tmp_path: Path) -> None:
    source = samples.write(tmp_path / "run.json", samples.detailed())
    told = json.loads(_run("import", str(source), "--json"))
    assert (told["format"], told["requests"], told["answered"], told["failed"]) == ("vllm-bench", 4, 3, 1)
    (run,) = told["runs"]
    assert run["metrics"]["tpot"]["mean"] == pytest.approx(0.0375)
    assert run["setup"]["request_rate"] == "inf"


HEAD = "kind,run,name,unusable,warnings,concurrency,ttft_s,ok\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("run,1,a,,,,,\nrequest,2,,,,,0.1,1\n", r"served\.csv:3: kind 'request' of run '2' is neither"),
        ("request,1,,,,,0.1,1\n", r"served\.csv:2: kind 'request' of run '1' is neither"),
        ("ran,1,a,,,,,\n", r"served\.csv:2: kind 'ran'"),
        ("run,1,a,,none,,,\n", r"served\.csv:2: warnings is no JSON list"),
        ("run,1,a,,,many,,\n", r"served\.csv:2: concurrency 'many' is no number"),
        ("run,1,a,,,,,\nrequest,1,,,,,-1,1\n", r"served\.csv:3: ttft_s '-1' is out of range"),
        ("", r"served\.csv: holds no run"),
    ],
)
def test_damaged_files_say_where(rows: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "served.csv"
    path.write_text(HEAD + rows)
    with pytest.raises(InputError, match=message):
        served.read(path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write([Served("a")], tmp_path / "file" / "served.csv")
