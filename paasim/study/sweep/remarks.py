"""What to know when points are compared: where they do not meet the same requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasim.scenario.scenario import Scenario
from paasim.scenario.studies import StudySpec
from paasim.study.sweep.design import paths
from paasim.study.sweep.points import Candidate

LENGTH = ("run.requests", "run.duration", "run.max_time")


def remarks(study: StudySpec, made: Sequence[Candidate]) -> list[str]:
    """Where common random numbers cannot hold, in sentences; empty where all points meet the same requests."""
    return list(_remarks(study, [each.point.scenario for each in made if each.point is not None]))


def _remarks(study: StudySpec, scenarios: Sequence[Scenario]) -> Iterator[str]:
    varied = paths(study)
    seeds = [path for path in varied if path in ("run", "run.seed")]
    loads = [path for path in varied if path.split(".")[0] in ("workload", "workloads")]
    ends = [path for path in varied if path in LENGTH]
    if seeds:
        yield f"points that differ in {seeds[0]} share no random numbers: chance is part of every difference"
    if loads:
        yield (
            f"points that differ in {' or '.join(loads)} have the same seeds but do not meet the same requests; "
            "all others do"
        )
    elif len({_workload(scenario) for scenario in scenarios}) > 1:
        yield "the variants have workloads of their own: points of different variants do not meet the same requests"
    if ends:
        yield f"points that differ in {' or '.join(ends)} share only the requests that the shorter run has"
    if any(scenario.has_closed_loop for scenario in scenarios[:1]):
        yield "in a closed loop only lengths and think times are the same at every point: users wait for their answers"


def _workload(scenario: Scenario) -> str:
    return "".join(f"{name}{each.model_dump_json()}" for name, each in scenario.classes.items())
