"""Measuring a scenario at some load against objectives, and remembering what was measured.

A replication meets the same requests at every load, so loads differ by their load alone (common random numbers; Law,
"Simulation Modeling and Analysis", 5th ed., ch. 11.2): a queue that met the same requests closer together is never
shorter, and the margin of a replication falls as load grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from paasim.core.recorder import Floats
from paasim.scenario.scenario import Scenario
from paasim.study.execute import Progress
from paasim.study.plan.load import at_load, of_length
from paasim.study.plan.objective import Objective
from paasim.study.point import Facts, Limit, Outcome, Point, evaluate
from paasim.study.store import Store

UNSTEADY = -1.0
"""Slack of a load without a steady state, whatever its latencies: they depend on how long one looks."""
LEAST = 1e-3
"""Of a limit: what is nearer to zero is as good as zero."""


@dataclass(frozen=True)
class Trial:
    """A load that was measured.

    Attributes:
        factor: the load, as a multiple of the scenario's own.
        requests: in each replication.
        outcomes: one per replication, each of a single replication.
        margins: shape (replications, objectives), of each objective.
        is_fresh: whether its replications took no part in finding this load.
    """

    factor: float
    requests: int
    outcomes: list[Outcome]
    margins: Floats = field(compare=False)
    is_fresh: bool = False

    @property
    def facts(self) -> list[Facts]:
        """Of each replication."""
        return [each.replications[0] for each in self.outcomes]

    @property
    def steady(self) -> bool:
        """Whether at least half of the replications look as if they came to a steady state, with something done."""
        shaky = sum(each.unbounded or not each.measured for each in self.facts)
        return 2 * shaky <= len(self.outcomes)

    @property
    def used(self) -> Floats:
        """Per objective, how much of its limit is used: mean over limit, or misses over those that are allowed."""
        used: Floats = np.maximum(1 - self.margins.mean(axis=0), LEAST)
        return used

    @property
    def slack(self) -> float:
        """How far inside the objectives it is, as a logarithm: 0.1 is some 10 % below the limit that is nearest."""
        least = -float(np.log(self.used.max()))
        return least if self.steady else min(least, UNSTEADY)

    @property
    def worst(self) -> int:
        """Which objective is nearest to its limit, or furthest beyond it."""
        return int(np.argmax(self.used))

    @property
    def met(self) -> bool:
        """Whether all objectives are met, in a steady state."""
        return self.slack >= 0


@dataclass
class Bench:
    """Where loads of a scenario are measured.

    Attributes:
        scenario: at its own load.
        objectives: what it is measured against.
        warmup: share of each run that is left out.
        jobs: processes; None = as many as pay.
        store: where outcomes are kept, so that an interrupted plan goes on where it was.
        progress: told after every replication.
        whole: whether loads only make sense as whole numbers of users; then how many users the scenario has.
        done: replications so far.
        simulated: requests so far.
    """

    scenario: Scenario
    objectives: Sequence[Objective]
    warmup: float
    jobs: int | None = 1
    store: Store | None = None
    progress: Progress | None = None
    whole: int | None = None
    done: int = 0
    simulated: int = 0
    _known: dict[tuple[float, int, int], Outcome] = field(default_factory=dict)
    _tried: dict[tuple[float, int, bool], Trial] = field(default_factory=dict)

    @property
    def tried(self) -> list[Trial]:
        """Every load that was measured, in order, each with the most replications that it got."""
        return list(self._tried.values())

    def snapped(self, factor: float) -> float:
        """The nearest load that exists: whole users in a closed loop."""
        return factor if self.whole is None else max(1, round(factor * self.whole)) / self.whole

    def trial(self, factor: float, requests: int, numbers: Iterable[int], *, is_fresh: bool = False) -> Trial:
        """Measure one load with some replications."""
        return self.trials([factor], requests, numbers, is_fresh=is_fresh)[0]

    def trials(
        self, factors: Sequence[float], requests: int, numbers: Iterable[int], *, is_fresh: bool = False
    ) -> list[Trial]:
        """Measure loads, all with the same replications."""
        chosen = list(numbers)
        self._measure([(factor, requests, number) for factor in factors for number in chosen])
        found = []
        for factor in factors:
            outcomes = [self._known[factor, requests, number] for number in chosen]
            margins = [[one.margin(each.replications[0]) for one in self.objectives] for each in outcomes]
            found.append(Trial(factor, requests, outcomes, np.array(margins), is_fresh))
            self._tried[factor, requests, is_fresh] = found[-1]
        return found

    def _measure(self, wanted: Sequence[tuple[float, int, int]]) -> None:
        """Work out what is not known yet, all in one batch."""
        todo = list(dict.fromkeys(key for key in wanted if key not in self._known))
        limits: tuple[Limit, ...] = tuple(limit for each in self.objectives for limit in each.limits)
        scenarios = {
            (factor, requests): of_length(at_load(self.scenario, factor), requests, self.warmup)
            for factor, requests in dict.fromkeys(key[:2] for key in todo)
        }
        points = [
            Point(f"load x{factor:.4g}", scenarios[factor, requests], number, 1, limits)
            for factor, requests, number in todo
        ]
        made = evaluate(points, self.jobs, store=self.store, progress=self._told)
        self._known |= dict(zip(todo, made, strict=True))
        self.done += len(todo)
        self.simulated += sum(each.variant.requests.arrived for each in made)

    def _told(self, done: int, total: int, label: str) -> None:
        """Progress in replications of the whole plan: how many there will be is not known before the end."""
        if self.progress:
            self.progress(self.done + done, self.done + total, label)
