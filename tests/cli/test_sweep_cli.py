"""`paasim sweep` as a user runs it: output, exit codes, folders; processes that are killed; shards; a Dask cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import paasim
from paasim.cli import app
from paasim.study.sweep.result import sweep_schema
from tests.processes import children, is_alive, wait_for_workers, wait_until
from tests.study.scene import LINK, write

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(paasim.__file__).parents[1])}
POINTS = 8
LONG = ["--vary", f"{LINK}=lin(1 Gbps, 8 Gbps, {POINTS})", "--set", "run.requests=1500", "--replications", "1"]
"""Points that take a good part of a second each."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write(tmp_path_factory.mktemp("scenario")))


@pytest.fixture(scope="module")
def reference(scenario: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep done in one process, one point after the other."""
    place = tmp_path_factory.mktemp("reference")
    assert app.run(["sweep", scenario, *LONG, "--jobs", "1", "-o", str(place)]) == 0
    return place


def command(scenario: str, place: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "paasim.cli.app", "sweep", scenario, *LONG, "-o", str(place), *options]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outcomes(place: Path) -> dict[str, int]:
    """What is in the store, and when it was written."""
    return {file.name: file.stat().st_mtime_ns for file in place.glob("store/??/*.json")}


def bytes_of(place: Path) -> dict[str, bytes]:
    """All that must be the same whoever worked it out."""
    files = [place / "table.csv", *place.glob("table.parquet"), *place.glob("store/??/*.json")]
    return {str(file.relative_to(place)): file.read_bytes() for file in files}


def test_a_sweep_survives_the_death_of_workers_and_driver(scenario: str, reference: Path, tmp_path: Path) -> None:
    """No point is lost, none is done twice, and the bytes are those of a sweep in peace."""
    driver = start(command(scenario, tmp_path, "--jobs", "2"))
    try:
        workers = wait_for_workers(driver.pid, 2)
        wait_until(lambda: len(outcomes(tmp_path)) >= 1, "a first point is done")
        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: len(outcomes(tmp_path)) >= 4, "points are done without it")
    finally:
        left = children(driver.pid)
        driver.kill()
        driver.communicate()
    wait_until(lambda: not any(map(is_alive, [*workers, *left])), "the workers end", 20)
    kept = outcomes(tmp_path)
    assert len(kept) < POINTS
    assert not (tmp_path / "table.csv").exists()
    again = subprocess.run(
        command(scenario, tmp_path, "--resume", "--jobs", "1"),
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert f"Over {POINTS} points" in again.stdout
    assert bytes_of(tmp_path) == bytes_of(reference)
    assert kept.items() <= outcomes(tmp_path).items(), "what was kept was not touched"
    asked = [json.loads(line)[0] for line in (tmp_path / "store" / "times.jsonl").read_text().splitlines()]
    assert len(asked) == len(set(asked)) >= POINTS - 1, "every point was done once (a note may be lost with the driver)"


def test_an_interrupt_keeps_what_is_done(scenario: str, tmp_path: Path) -> None:
    driver = start(command(scenario, tmp_path, "--jobs", "1"))
    try:
        wait_until(lambda: len(outcomes(tmp_path)) >= 1, "a first point is done")
        driver.send_signal(signal.SIGINT)
        out, err = driver.communicate(timeout=20)
    finally:
        driver.kill()
    assert (driver.returncode, out) == (130, "")
    assert err.splitlines() == ["what is finished is kept: the same command goes on where it was", "interrupted"]
    assert outcomes(tmp_path)


def test_shards_at_the_same_time_give_the_same_bytes(scenario: str, reference: Path, tmp_path: Path) -> None:
    shards = [start(command(scenario, tmp_path, "--jobs", "1", "--shard", f"{i}/2")) for i in (1, 2)]
    said = [shard.communicate(timeout=120) for shard in shards]
    assert [shard.returncode for shard in shards] == [0, 0], said
    assert bytes_of(tmp_path) == bytes_of(reference)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and two workers, each a process of its own, on loopback."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'paasim[cluster]'")
    file = tmp_path / "scheduler.json"
    both = ["--no-dashboard", "--scheduler-file", str(file)]
    run = [sys.executable, "-m", "distributed.cli"]
    here = {**ENVIRONMENT, "DASK_TEMPORARY_DIRECTORY": str(tmp_path)}

    def begin(what: str, *options: str) -> subprocess.Popen[str]:
        with (tmp_path / f"{what}.log").open("a") as log:
            arguments = [*run[:2], f"{run[2]}.dask_{what}", *options, *both]
            return subprocess.Popen(arguments, env=here, stderr=log, text=True)

    processes = [begin("scheduler", "--host", "127.0.0.1", "--port", "0")]
    try:
        processes += [begin("worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1") for _ in range(2)]
        log = tmp_path / "worker.log"
        wait_until(lambda: log.read_text().count("Registered to") == 2, "the workers are there")
        yield json.loads(file.read_text())["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_dask_cluster_gives_the_same_bytes_also_when_a_worker_dies(
    scenario: str, reference: Path, cluster: tuple[str, list[subprocess.Popen[str]]], tmp_path: Path
) -> None:
    address, workers = cluster
    place = tmp_path / "sweep"
    driver = start(command(scenario, place, "--dask", address))
    wait_until(lambda: len(outcomes(place)) >= 1, "a first point is done")
    helpers = children(workers[0].pid)
    workers[0].kill()
    out, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, err
    assert f"Over {POINTS} points" in out
    assert bytes_of(place) == bytes_of(reference)
    wait_until(lambda: not any(map(is_alive, helpers)), "its helper ends", 20)
    assert not children(workers[1].pid), "the sweep leaves no helper behind"


def test_without_dask_it_says_how_to_get_it(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert app.run(["sweep", scenario, *LONG, "-o", str(tmp_path), "--dask", "tcp://127.0.0.1:1"]) == 2
    assert "pip install 'paasim[cluster]'" in capsys.readouterr().err


def test_json_is_one_document(scenario: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.run(["sweep", scenario, "--study", "links", "--jobs", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, sweep_schema())
    assert len(document["points"]) == 8
    assert list(tmp_path.iterdir()) == [], "no folder without -o"
    assert app.run(["sweep", scenario, "--study", "links", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["points"] == 8


def test_a_dry_run_does_nothing(scenario: str, tmp_path: Path, capsys: Any) -> None:
    place = tmp_path / "place"
    assert app.run(["sweep", scenario, "--study", "links", "--dry-run", "--jobs", "2", "-o", str(place)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("8 points: 8 to do (8 replications), 0 known\nabout ")
    assert "on 2 processes, going by a pilot of 60 requests" in out
    assert not place.exists()


def test_a_finished_sweep_is_taken_up_from_its_folder(scenario: str, tmp_path: Path, capsys: Any) -> None:
    place = str(tmp_path)
    first = ["sweep", scenario, "--vary", "run.seed=1,2", "--jobs", "1", "-o", place]
    assert app.run([*first, "--resume"]) == 2
    assert "there is no sweep in" in capsys.readouterr().err
    assert app.run(first) == 0
    said = capsys.readouterr().out
    before = outcomes(tmp_path)
    table = (tmp_path / "table.csv").read_bytes()
    for again in (["sweep", place], ["sweep", place, "--resume"], [*first, "--resume"]):
        assert app.run(again) == 0
        assert capsys.readouterr().out == said
    assert outcomes(tmp_path) == before
    assert (tmp_path / "table.csv").read_bytes() == table
    assert app.run(["sweep", scenario, "--vary", "run.seed=1,3", "-o", place, "--resume"]) == 2
    assert "holds another sweep" in capsys.readouterr().err


def test_a_damaged_outcome_is_done_again_with_a_warning(scenario: str, tmp_path: Path, capsys: Any) -> None:
    first = ["sweep", scenario, "--vary", "run.seed=1,2", "--jobs", "1", "-o", str(tmp_path)]
    assert app.run(first) == 0
    whole = bytes_of(tmp_path)
    file = next(tmp_path.glob("store/??/*.json"))
    file.write_bytes(file.read_bytes()[:99])
    capsys.readouterr()
    assert app.run(first) == 0
    assert "is damaged; its point is worked out again" in capsys.readouterr().err
    assert bytes_of(tmp_path) == whole


def test_a_point_that_takes_too_long_is_named_and_the_rest_is_done(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = "run.requests=10,30000000,20"
    options = ["--vary", many, "--replications", "1", "--timeout", "4 s", "--jobs", "2", "-o", str(tmp_path)]
    assert app.run(["sweep", scenario, *options]) == 4
    said = capsys.readouterr()
    assert "1 point failed: requests 30000000." in " ".join(said.out.split())
    assert "failed: requests 30000000: took longer than 4 s" in said.err
    rows = [line.split(",")[:4] for line in (tmp_path / "table.csv").read_text().splitlines()[1:]]
    assert rows == [["1", "10", "base", "done"], ["2", "30000000", "base", "timed out"], ["3", "20", "base", "done"]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "nothing is varied; choose one of its studies with --study: links"),
        (["--study", "lnks"], "there is no study 'lnks'; did you mean 'links'?"),
        (["--study", "links", "--vary", "run.seed=1,2"], "--study links says what is varied"),
        (["--vary", "run.sed=1,2"], "run.sed: unknown key; did you mean 'seed'?"),
        (["--vary", "run.seed=1,-2"], "run.seed: is '-2'; it must be at least 0"),
        (["--study", "links", "--timeout", "5"], "--timeout: 5 needs a unit"),
        (["--study", "links", "--timeout", "0 s"], "leaves no time"),
        (["--study", "links", "--shard", "3/2"], "is not a part of a whole"),
        (["--study", "links", "--shard", "1/2", "--json"], "needs a folder"),
        (["--study", "links", "--shard", "1/2", "--dask", "tcp://h:1"], "does not go with --dask"),
        (["--study", "links", "--jobs", "2", "--dask", "tcp://h:1"], "does not go with --dask"),
        (["--study", "links", "--dask", "h:1"], "is not the address of a Dask scheduler"),
        (["--study", "links", "--resume", "--json"], "needs a folder"),
    ],
)
def test_wrong_use_is_exit_code_2(scenario: str, options: list[str], said: str, capsys: Any) -> None:
    assert app.run(["sweep", scenario, *options]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
