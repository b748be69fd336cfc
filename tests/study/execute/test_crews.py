"""Crews: the same answers whoever works; deaths and time-outs are those of one task, and no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import paasim
from paasim.core.errors import InputError
from paasim.study.execute import Crew, Inline, Processes, TimedOutError, WorkerDiedError
from paasim.study.execute.drive import drive
from paasim.study.execute.helper import Helper
from tests.processes import is_alive, wait_for_workers, wait_until
from tests.study.execute.work import deadly, odd, slow, square, unsendable

CREWS: list[Callable[[], Crew]] = [Inline, lambda: Processes(2), lambda: Processes(1, timeout=60)]


def done(work: Callable[[object], object], tasks: list[object], crew: Crew) -> dict[int, object]:
    found: dict[int, object] = {}

    def finished(number: int, result: object) -> None:
        assert number not in found
        found[number] = result

    drive(work, tasks, crew, finished)
    return found


@pytest.mark.parametrize("crew", CREWS)
def test_every_crew_gives_every_answer_once(crew: Callable[[], Crew]) -> None:
    assert done(square, list(range(7)), crew()) == {n: n * n for n in range(7)}


@pytest.mark.parametrize("crew", CREWS[:2])
def test_errors_travel_whole(crew: Callable[[], Crew]) -> None:
    found = done(odd, [1, 2], crew())
    error = found[0]
    assert isinstance(error, InputError)
    assert str(error) == "here: 1 is odd; double it\ntruly"
    assert [each.where for each in error.problems] == ["here", ""]
    assert found[1] == 2


def test_an_answer_that_cannot_travel_is_an_error_of_its_task() -> None:
    found = done(unsendable, [1], Processes(1))
    assert "pickle" in str(found[0])


def test_who_always_kills_its_worker_is_found_and_the_rest_is_done(tmp_path: Path) -> None:
    tasks: list[object] = [f"{kind} {tmp_path}" for kind in ("a", "poison", "once", "b", "twice", "c")]
    found = done(deadly, tasks, Processes(2))  # type: ignore[arg-type]
    assert isinstance(found.pop(1), WorkerDiedError)
    assert found == {0: "a", 2: "once", 3: "b", 4: "twice", 5: "c"}
    starts = {kind: len((tmp_path / kind).read_text()) for kind in ("a", "poison", "once", "b", "twice", "c")}
    assert starts == {"a": 1, "poison": 3, "once": 2, "b": 1, "twice": 3, "c": 1}


def test_a_task_that_takes_too_long_is_stopped_and_is_no_crash() -> None:
    began = time.monotonic()
    found = done(slow, [60.0, 0.0], Processes(1, timeout=3.0))  # type: ignore[arg-type]
    assert isinstance(found[0], TimedOutError)
    assert str(found[0]) == "took longer than 3 s"
    assert isinstance(found[1], int)
    assert time.monotonic() - began < 30


def test_how_a_worker_ended_is_said() -> None:
    helper = Helper()
    with pytest.raises(WorkerDiedError, match="SIGTERM"):
        helper.call(None, os.kill, *[helper.call(None, os.getpid), signal.SIGTERM])
    with pytest.raises(WorkerDiedError, match="exit code 5"):
        helper.call(None, os._exit, 5)
    assert helper.call(None, square, 3) == 9
    helper.close()


def test_an_idle_worker_that_dies_costs_nothing() -> None:
    helper = Helper()
    pid = helper.call(None, os.getpid)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the helper dies")
    assert helper.call(None, square, 4) == 16
    helper.close()


def test_workers_die_with_the_one_they_work_for() -> None:
    """Also in the middle of a task, and however it dies."""
    code = (
        "from paasim.study.execute import Processes\n"
        "import time\n"
        "with Processes(2) as crew:\n"
        "    [crew.submit(time.sleep, 60) for _ in range(4)]\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(paasim.__file__).parents[1])}
    driver = subprocess.Popen([sys.executable, "-c", code], env=here)
    try:
        workers = wait_for_workers(driver.pid, 2)
        time.sleep(1.0)  # they are at work, or still starting: both must end
    finally:
        driver.kill()
        driver.wait()
    wait_until(lambda: not any(map(is_alive, workers)), "the workers end", 10)


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    """Workers do not run the script of the caller."""
    script = tmp_path / "script.py"
    script.write_text(
        "from paasim.study.execute import Processes\n"
        "import math\n"
        "print('once')\n"
        "with Processes(2) as crew:\n"
        "    print(sorted(each.result() for each in [crew.submit(math.sqrt, n) for n in (4, 9)]))\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(paasim.__file__).parents[1])}
    out = subprocess.run([sys.executable, script], env=here, check=True, capture_output=True, text=True).stdout
    assert out == "once\n[2.0, 3.0]\n"
