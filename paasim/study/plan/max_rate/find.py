"""The maximum load of a scenario: search, choose the length of the runs, confirm on fresh replications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from paasim.scenario.scenario import Scenario
from paasim.study.execute import Progress
from paasim.study.plan.load import Length, length, offered_rate, users
from paasim.study.plan.max_rate.bench import Bench, Trial
from paasim.study.plan.max_rate.bounds import bounds
from paasim.study.plan.max_rate.confirm import Confirmed, confirm, drift, needed, spread
from paasim.study.plan.max_rate.search import Bracket, narrowed, search
from paasim.study.plan.objective import Objective
from paasim.study.store import Store

BEYOND = 20
"""Requests beyond a percentile that a replication of the search has at least, so that its share means something."""
FEWEST, MOST = 2_000, 30_000
"""Requests of a replication: at least, and at most unless the scenario has more."""
FULL = 0.7
"""Share of the capacity bound at which the search starts."""
COARSE = 2.5
"""The search stops at so many times the tolerance: the line between loads that met the same requests is straight."""
LONGER = 2
"""How often runs are doubled where the maximum depends on their length."""


@dataclass(frozen=True)
class Settings:
    """How a plan is made.

    Attributes:
        tolerance: half-width of the interval to aim at, relative.
        replications: most of them per load in the search.
        confirm: fresh replications for the answer.
        requests: fewest in a replication.
        jobs: processes; None = as many as pay.
        store: where outcomes are kept.
        progress: told after every replication.
    """

    tolerance: float = 0.02
    replications: int = 6
    confirm: int = 12
    requests: int = FEWEST
    jobs: int | None = 1
    store: Store | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class Found:
    """The maximum load of a scenario, and how it was found. Loads are multiples of the scenario's own.

    Attributes:
        bench: where all was measured.
        length: of the runs of the search.
        bracket: where the search ended.
        confirmed: the answer of fresh replications; None where there is nothing to confirm: no load is good enough,
            none is too much, queues grow before an objective is missed, or every replication meets the same requests.
        drift: by how much the maximum would look higher in runs of half the length, relative; 0 where it would not.
    """

    bench: Bench
    length: Length
    bracket: Bracket
    confirmed: Confirmed | None
    drift: float

    @property
    def factor(self) -> float:
        """The maximum; where there is nothing to confirm, the highest load that was measured and good enough."""
        if self.confirmed is not None:
            return self.confirmed.factor
        return self.bracket.low.factor if self.bracket.low is not None else 0.0

    @property
    def at(self) -> Trial | None:
        """The load nearest to the maximum that was measured; None if no load is good enough."""
        return self.confirmed.at if self.confirmed is not None else self.bracket.low


def find(scenario: Scenario, objectives: Sequence[Objective], settings: Settings) -> Found:
    """Find the most load at which all objectives are met.

    Raises:
        InputError: if the scenario names something that is not there.
    """
    runs = length(scenario, fewest(objectives, settings.requests), MOST)
    bench = Bench(scenario, objectives, runs.warmup, settings.jobs, settings.store, settings.progress, users(scenario))
    replications = 1 if runs.is_recorded else settings.replications
    bracket = search(bench, start(scenario), runs.requests, replications, settings.tolerance * COARSE)
    if bracket.is_unsteady or runs.is_recorded:
        bracket = narrowed(bench, bracket, runs.requests, replications, settings.tolerance)
    if bracket.low is None or bracket.high is None or bracket.is_unsteady or runs.is_recorded:
        return Found(bench, runs, bracket, None, 0.0)
    confirmed, moved = _confirmed(bench, bracket, runs, replications, settings)
    return Found(bench, runs, bracket, confirmed, moved)


def start(scenario: Scenario) -> float:
    """The load to try first: well inside the capacity bound; the scenario's own where a closed loop has none."""
    full = max(bounds(scenario).values(), default=0.0)
    return FULL / full if full and offered_rate(scenario) else 1.0


def fewest(objectives: Sequence[Objective], least: int) -> int:
    """Requests that a replication needs for the rarest misses that are asked about to be there."""
    shares = [each.share for each in objectives if each.share is not None and each.share < 1]
    return max([least, *(ceil(BEYOND / (1 - share)) for share in shares)])


def _confirmed(
    bench: Bench, bracket: Bracket, runs: Length, replications: int, settings: Settings
) -> tuple[Confirmed, float]:
    """The answer of fresh replications, of runs long enough for the tolerance, and for a steady state."""
    estimate = bench.trial(bench.snapped(bracket.estimate), runs.requests, range(replications))
    wide = spread(estimate, bracket.slope, settings.confirm)
    requests = runs.requests
    most = requests if runs.is_fixed else max(MOST, requests)
    requests = needed(requests, wide, settings.tolerance, most)
    at, first = bracket.estimate, replications
    for _ in range(LONGER + 1):
        numbers = range(first, first + settings.confirm)
        found = confirm(bench, at, bracket.slope, requests, numbers)
        moved = drift(bench, found)
        if moved <= settings.tolerance or 2 * requests > most:
            break
        at, first, requests = found.factor, first + settings.confirm, 2 * requests
    return found, moved
