"""Points: the same outcomes on any crew and from any store, each done once, and failures with their reason."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasim.core.errors import InputError
from paasim.scenario.loader import changed
from paasim.study import fingerprint
from paasim.study.execute import Inline, Processes
from paasim.study.execute.evaluate import Failure, Tally, evaluate
from paasim.study.execute.task import Done, Task, attempt
from paasim.study.expected import Times, requests
from paasim.study.point import Outcome, Point, work
from paasim.study.point import evaluate as outcomes_of
from paasim.study.store import Store
from tests.study.scene import RATE, points, tiny


def test_one_answer_whoever_works(tmp_path: Path) -> None:
    """In this process, in two, and replication by replication where there are more workers than points."""
    asked = points(tmp_path, 3, replications=2)
    here = evaluate(asked, crew=Inline())
    assert here == [work(point) for point in asked]
    assert evaluate(asked, crew=Processes(2)) == here
    alone = Counting(2)
    assert evaluate(asked[:1], crew=alone) == here[:1]
    assert alone.submitted == 2, "one task for each replication"


class Counting(Processes):
    submitted = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        return super().submit(fn, *args, **kwargs)


def test_what_is_kept_is_not_done_again(tmp_path: Path) -> None:
    store, asked = Store(tmp_path / "store"), points(tmp_path, 4)
    told: list[tuple[int, int, int]] = []

    def watch(tally: Tally) -> None:
        told.append((tally.cached, tally.done, tally.failed))

    first = evaluate(asked[:3], store=store, watch=watch, jobs=1)
    assert told == [(0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 3, 0)]
    told.clear()
    assert evaluate(asked, store=Store(tmp_path / "store"), watch=watch, jobs=1)[:3] == first
    assert told == [(3, 0, 0), (3, 1, 0)]


def test_equal_points_are_done_once(tmp_path: Path) -> None:
    (point,) = points(tmp_path, 1)
    twin = replace(point, label="the same under another name")
    store = Store(tmp_path / "store")
    first, second = evaluate([point, twin], store=store, jobs=1)
    assert first is second
    assert len((tmp_path / "store" / "times.jsonl").read_text().splitlines()) == 1


def test_the_longest_come_first(tmp_path: Path) -> None:
    short, long = points(tmp_path, 1)[0], points(tmp_path, 1, "run.requests=90")[0]
    order: list[str] = []
    evaluate([short, replace(long, label="long")], crew=Inline(), watch=lambda tally: order.append(tally.label))
    assert order == ["", "long", "1 Gbps"]


def test_learned_times_go_before_sizes(tmp_path: Path) -> None:
    asked = points(tmp_path, 2)
    times = Times(tmp_path)
    assert not times.is_known
    questions = [fingerprint.question(point) for point in asked]
    times.learn(questions[1], 60, 30.0)
    file = tmp_path / "times.jsonl"
    file.write_text("not a line\n" + file.read_text() + "half a li")
    again = Times(tmp_path)
    assert again.expect(questions[1], 60) == 30.0
    assert again.expect(questions[0], 120) == 60.0, "by its size, at the pace of the other"
    file.write_text(file.read_text().removesuffix("half a li"))
    again.learn(questions[0], 60, 3.0)
    order: list[str] = []
    evaluate(asked, crew=Inline(), store=Store(tmp_path), watch=lambda tally: order.append(tally.label))
    assert order == ["", "2 Gbps", "1 Gbps"]


LONG = ["run.requests=null", "run.duration=100 s"]
USERS = "{kind: closed-loop, users: 20, think: 10 s}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [([], 60), (LONG, 200), ([*LONG, f"{RATE}=5 /s"], 500), ([*LONG, f"workload.arrivals={USERS}"], 100)],
)
def test_expected_requests(tmp_path: Path, changes: list[str], expected: float) -> None:
    assert requests(changed(tiny(tmp_path), changes)) == expected


class Poisoned(Processes):
    """Kills the worker of one point."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(poison, *args)


def poison(task: Task) -> Done:
    if task.point.label == "2 Gbps":
        os.kill(os.getpid(), signal.SIGKILL)
    return attempt(task)


def test_a_point_that_kills_its_worker_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    store, asked = Store(tmp_path / "store"), points(tmp_path, 3)
    first, second, third = evaluate(asked, crew=Poisoned(2), store=store)
    assert isinstance(first, Outcome)
    assert isinstance(third, Outcome)
    assert isinstance(second, Failure)
    assert (second.label, second.kind) == ("2 Gbps", "worker died")
    assert "SIGKILL" in second.reason
    assert store.get(store.key(asked[1])) is None
    assert all(isinstance(each, Outcome) for each in evaluate(asked, crew=Inline(), store=store)), "tried again"


def test_a_point_that_cannot_run_fails_alone(tmp_path: Path) -> None:
    good = points(tmp_path, 1)[0]
    lost = {"kind": "mooncake", "path": "not/there.jsonl"}
    bad = Point("lost", changed(good.scenario, [f"workload={lost}"]), 0, 1)
    first, second = evaluate([bad, good], jobs=1)
    assert isinstance(first, Failure)
    assert (first.label, first.kind) == ("lost", "failed")
    assert "there.jsonl" in first.reason
    assert isinstance(second, Outcome)
    with pytest.raises(InputError, match=r"there\.jsonl"):
        outcomes_of([bad, good])


def test_a_worker_with_other_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="something else than was asked"):
        attempt(Task(points(tmp_path, 1)[0], key="0" * 64))


def test_the_simple_form_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    found = outcomes_of(points(tmp_path, 2), progress=lambda *each: told.append(each))
    assert len(found) == 2
    assert told == [(0, 2, ""), (1, 2, "1 Gbps"), (2, 2, "2 Gbps")]
