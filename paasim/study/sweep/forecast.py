"""What a sweep will take, without doing it: how many points, how many of them are known, how long the rest takes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pydantic import Field

from paasim.core.errors import InputError
from paasim.core.spec import Spec
from paasim.core.units import TIME
from paasim.scenario.loader import changed
from paasim.study import fingerprint
from paasim.study.execute.task import Task, attempt
from paasim.study.expected import Times, requests, size
from paasim.study.point import Point
from paasim.study.store import Store
from paasim.study.sweep.points import Candidate

PILOT = 200
"""Requests that a pilot simulates at most, about."""


class Forecast(Spec):
    """What `paasim sweep --dry-run --json` prints."""

    points: int
    """In all."""
    cached: int
    """In the store, or equal to another point."""
    impossible: int
    """Points whose values do not fit together; they will fail."""
    replications: int
    """Of the points that are left, in all."""
    seconds: float | None
    """About how long the rest takes; null if not even a pilot could be simulated."""
    workers: int
    """On how many processes."""
    source: str = Field(examples=["a pilot of 200 requests"])
    """Where the figure comes from."""


def forecast(made: Sequence[Candidate], store: Store | None, workers: int) -> Forecast:
    """Foretell a sweep.

    Args:
        made: its points.
        store: where outcomes may be.
        workers: processes that will do it.
    """
    asked = {each.question: each.point for each in made if each.point is not None}
    left = {
        question: point
        for question, point in asked.items()
        if store is None or store.get(fingerprint.sealed(question)) is None
    }
    possible = sum(each.point is not None for each in made)
    times = Times(store.folder if store is not None else None)
    expected, source = _expected(left, times)
    used = max(1, min(workers, sum(point.count for point in left.values())))
    return Forecast(
        points=len(made),
        cached=possible - len(left),
        impossible=len(made) - possible,
        replications=sum(point.count for point in left.values()),
        seconds=None if expected is None else max([sum(expected) / used, *expected]) if expected else 0.0,
        workers=used,
        source=source,
    )


def _expected(left: dict[str, Point], times: Times) -> tuple[list[float] | None, str]:
    """Seconds that each point takes, and how that is known."""
    if not left:
        return [], "nothing is left to do"
    if times.is_known:
        known = "what earlier points of this store took"
        return [times.expect(question, size(point)) for question, point in left.items()], known
    middle = sorted(left.values(), key=size)[len(left) // 2]
    try:
        pace, done = _pilot(middle)
    except Exception as error:
        return None, f"the pilot failed: {' | '.join(str(error).splitlines())}"
    return [pace * size(point) for point in left.values()], f"a pilot of {done:,.0f} requests"


def _pilot(point: Point) -> tuple[float, float]:
    """Seconds per request, and requests, of a short simulation of a point: the second of two, when all is loaded."""
    scenario, most = point.scenario, requests(point.scenario)
    if most > PILOT:
        run = scenario.run
        shorter = (
            f"run.requests={PILOT}"
            if run.duration is None
            else f'run.duration="{TIME.format(float(f"{run.duration * PILOT / most:.6g}"))}"'
        )
        with suppress(InputError):
            scenario = changed(scenario, [shorter, "run.warmup=auto"])
    short = Point("pilot", scenario)
    attempt(Task(short))
    seconds, outcome = attempt(Task(short))
    done = max(outcome.variant.requests.arrived, 1) if hasattr(outcome, "variant") else 1
    return seconds / done, done
