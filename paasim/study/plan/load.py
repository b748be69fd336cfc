"""A scenario at another load: the same requests, closer together or further apart.

* *Open loops*: the rate of arrivals times the factor. Gaps scale as a whole, so that the same replication draws the
  same requests in the same order at every load.
* *Recorded traces and arrival times*: `speed` times the factor.
* *Closed loops*: users times the factor, to the nearest whole user and at least one. Think times stay.

Several classes are scaled alike, so that their mix stays. The number of requests stays too: a run given by duration
gets a duration that shrinks as the rate grows. So every load is known equally well, and from the same requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paasim.core.streams import Streams
from paasim.core.units import RATE, TIME
from paasim.scenario.classes import RequestClassSpec
from paasim.scenario.loader import changed
from paasim.scenario.run import Share
from paasim.scenario.scenario import Scenario

WARMUP = 0.1
"""Share of a run that a plan leaves out at its start where the scenario does not say: the rule `auto` decides anew in
each run, which would make loads differ by chance."""
MOST_WARMUP = 0.5


@dataclass(frozen=True)
class Length:
    """How long a plan's runs are."""

    requests: int
    """Requests that arrive in a run."""
    warmup: float
    """Share of them that is left out at the start."""
    is_fixed: bool
    """Whether some come from files, so that there are no more of them."""
    is_recorded: bool
    """Whether all do, so that every replication meets the same."""


def at_load(scenario: Scenario, factor: float) -> Scenario:
    """The scenario at `factor` times its load, without variants.

    Raises:
        InputError: if a rate becomes absurd.
    """
    texts = [text for name, each in scenario.classes.items() for text in _scaled(scenario, name, each, factor)]
    if scenario.run.duration is not None:
        texts.append(f"run.duration={TIME.format(scenario.run.duration / factor)}")
    return changed(scenario, texts)


def of_length(scenario: Scenario, requests: int, warmup: float) -> Scenario:
    """The scenario with runs of so many requests, served to their end, the first share of them left out."""
    run = f"duration: null, max_time: null, drain: true, requests: {requests}, warmup: {100 * warmup:.15g} %"
    return changed(scenario, [f"run={{{run}}}"])


def length(scenario: Scenario, fewest: int, most: int) -> Length:
    """How long the runs of a plan are at first: as the scenario says, within bounds that traces do not keep to.

    Args:
        scenario: at its own load.
        fewest: requests that the objective's percentile needs.
        most: requests that a run may have at most.
    """
    run, rate = scenario.run, offered_rate(scenario)
    finite = [each.is_finite for each in scenario.classes.values()]
    asked = run.requests or (round(run.duration * rate) if run.duration and rate else 0)
    if all(finite):
        requests = min(asked, _recorded(scenario)) or _recorded(scenario)
    else:
        requests = asked if any(finite) and asked else min(max(asked, fewest), most)
    if isinstance(run.warmup, Share):
        share = float(run.warmup)
    elif run.warmup == "auto":
        share = WARMUP
    else:
        share = float(run.warmup) * (rate or 0.0) / requests
    return Length(requests, min(share, MOST_WARMUP), any(finite), all(finite))


def offered_rate(scenario: Scenario) -> float | None:
    """Requests/s that come by themselves, all classes together; None where a closed loop decides."""
    rates = [_rate(scenario, name, each) for name, each in scenario.classes.items()]
    return None if any(rate is None for rate in rates) else sum(rate or 0.0 for rate in rates)


def users(scenario: Scenario) -> int | None:
    """Users of all closed loops; None where some requests come by themselves."""
    loops = [each.closed_loop for each in scenario.classes.values()]
    return None if any(loop is None for loop in loops) else sum(loop.users for loop in loops if loop is not None)


def _scaled(scenario: Scenario, name: str, workload: RequestClassSpec, factor: float) -> Iterator[str]:
    """What to change about one class, as `--set` takes it."""
    path = ("workload",) if scenario.workload is not None else ("workloads", name)
    at = ".".join(path)
    if workload.trace is not None:
        *_, node = scenario.tree.steps(path)
        yield f"{at}.{'trace.' if 'trace' in node.keys else ''}speed={workload.trace.speed * factor!r}"
    elif workload.closed_loop is not None:
        yield f"{at}.arrivals.users={max(1, round(workload.closed_loop.users * factor))}"
    elif workload.arrivals is not None and workload.arrivals.rate is not None:
        yield f"{at}.arrivals.rate={RATE.format(workload.arrivals.rate * factor)}"
    else:
        yield f"{at}.arrivals.speed={getattr(workload.arrivals, 'speed', 1.0) * factor!r}"


def _rate(scenario: Scenario, name: str, workload: RequestClassSpec) -> float | None:
    """Requests/s of a class; of a recording, between its first request and its last."""
    if workload.closed_loop is not None:
        return None
    rate = workload.arrivals.rate if workload.arrivals is not None else None
    if rate is not None:
        return rate
    first, last, n = 0.0, 0.0, 0
    for n, draw in enumerate(workload.source(Streams(scenario.run.seed), name, scenario.base), start=1):
        first, last = (draw[0], draw[0]) if n == 1 else (first, draw[0])
    return (n - 1) / (last - first) if last > first else 0.0


def _recorded(scenario: Scenario) -> int:
    """Requests of the recordings of a scenario, together."""
    return sum(
        sum(1 for _ in each.source(Streams(scenario.run.seed), name, scenario.base))
        for name, each in scenario.classes.items()
        if each.is_finite
    )
