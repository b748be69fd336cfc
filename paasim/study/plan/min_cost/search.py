"""The search for the cheapest candidate that keeps all limits, in few simulations.

Every candidate has a cost and, from the bounds, a guess at how likely it does. The search simulates the candidate that
is expected to settle most: one that fails takes those with less along (`lattice`), one that does makes all that cost
more uninteresting. Clear losers are out after a few replications. When nothing cheaper is open, the cheapest that does
is simulated in all replications, and then confirmed on as many that the search has not seen; if it fails, the search
goes on. So the answer is the cheapest of all, not the first that does, and it does not depend on how many processes
there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from paasim.core.errors import InputError
from paasim.scenario import checks
from paasim.scenario.plan import PricesSpec
from paasim.study.execute import Progress
from paasim.study.plan.min_cost.cost import Costs, Quote, priced
from paasim.study.plan.min_cost.lattice import Lattice, Mask, most_telling
from paasim.study.plan.min_cost.prune import Bounds
from paasim.study.plan.min_cost.reasons import missed
from paasim.study.plan.min_cost.space import Candidate, Space
from paasim.study.plan.min_cost.trial import START, Trial, each_fact
from paasim.study.plan.objective import ATTAINMENT, Objective
from paasim.study.point import Outcome, Point

Evaluate = Callable[[Sequence[Point]], list[Outcome]]
"""Works out points, in their order."""


class Status(IntEnum):
    """What became of a candidate."""

    OPEN = 0
    """Not settled; at the end: it costs more than the one chosen."""
    UNFIT = 1
    """Its options do not fit each other."""
    OUT = 2
    """Out by an estimate of capacity."""
    DOMINATED = 3
    """It has no more than one that missed."""
    MISSED = 4
    """It missed a limit in simulation."""
    UNCONFIRMED = 5
    """It kept all limits in the search, and not on fresh replications."""
    DOES = 6
    """It kept all limits in the search."""
    CHOSEN = 7
    """The cheapest, confirmed."""


@dataclass(frozen=True)
class Settings:
    """How a search goes about it."""

    jobs: int | None = None
    """Processes; None = as many as pay."""
    everything: bool = False
    """Whether to simulate all candidates that bounds let pass, for a whole Pareto front."""
    progress: Progress | None = None
    """Told after every candidate: settled, in all, its label."""


class Search:
    """A search and what it has found.

    Args:
        space: with the scenario at its load.
        objectives: limits that must all be kept.
        prices: besides those of pools and links.
        evaluate: works out points.
        settings: how.
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        prices: PricesSpec,
        evaluate: Evaluate,
        settings: Settings,
    ) -> None:
        self.space, self.objectives, self.prices = space, objectives, prices
        self.costs_of = Costs(space, prices)
        self.costs = self.costs_of.all()
        self.bounds = Bounds(space, objectives)
        self.most = space.base.run.replications
        self.trials: dict[Candidate, Trial] = {}
        self.replications = 0
        self.unfit: dict[Candidate, str] = {}
        self.because: dict[Candidate, Candidate] = {}
        self._evaluate, self._settings = evaluate, settings
        self._lattice = Lattice(space)
        self._rank = np.empty(space.shape, dtype=np.int64)
        self._rank.reshape(-1)[np.argsort(self.costs, axis=None, kind="stable")] = np.arange(len(space))
        self.status = np.full(space.shape, Status.OPEN, dtype=np.int8)
        self.status[self.bounds.out()] = Status.OUT
        self.status[np.isinf(self.costs)] = Status.UNFIT
        self._chance = _chances(self.bounds, space)

    def run(self) -> Candidate | None:
        """Find the cheapest candidate that keeps all limits, confirmed; None if there is none."""
        while True:
            best = self._best()
            open_ = self._open(best)
            if open_.any():
                self._try(self._batch(open_))
            elif best is not None and self.trials[best].done < self.most:
                self._complete(self.trials[best])
            elif best is None or self._confirm(best):
                if self._settings.everything:
                    self._try_everything()
                return best

    def quote(self, candidate: Candidate) -> Quote:
        """What a candidate costs, by resource."""
        return self.costs_of.quote(candidate)

    def in_order_of_cost(self) -> list[Candidate]:
        """All candidates, the cheapest first."""
        order = np.argsort(self._rank, axis=None)
        return [tuple(map(int, np.unravel_index(each, self.space.shape))) for each in order]

    def trial(self, candidate: Candidate) -> Trial:
        """A new trial of a candidate.

        Raises:
            InputError: if its options do not fit each other.
        """
        scenario = priced(self.space.scenario(candidate), self.prices)
        checks.check(scenario)
        return Trial(candidate, scenario, self.objectives)

    def simulate(self, trial: Trial, first: int, count: int) -> list[Outcome]:
        """Replications of a trial: so many, from the one with a number on."""
        return self._simulate([(trial, first, count)])

    def reason(self, candidate: Candidate) -> tuple[str, str]:
        """Why a candidate was not chosen: a word, and a sentence."""
        status = Status(self.status[candidate])
        if status == Status.UNFIT:
            return "unfit", self.unfit.get(candidate, "its options do not fit each other")
        if status == Status.OUT:
            return self.bounds.reason(candidate)
        if status == Status.DOMINATED:
            return "dominated", f"has no more than {self.space.label(self.because[candidate])}, which misses its limits"
        if status in (Status.MISSED, Status.UNCONFIRMED):
            trial = self.trials[candidate]
            said = "queues grow without bound" if not trial.is_stable else missed(trial.worst, trial.value(trial.worst))
            return ("missed", said) if status == Status.MISSED else ("unconfirmed", f"on fresh replications {said}")
        return ("chosen", "") if status == Status.CHOSEN else ("costlier", self._dearer(candidate))

    def _dearer(self, candidate: Candidate) -> str:
        """How much more than the chosen one a candidate costs."""
        chosen = self.status == Status.CHOSEN
        more = float(self.costs[candidate] - self.costs[chosen].sum())
        says = f"costs {more:,.2f} $/h more" if more > 1e-9 else "costs as much as the one chosen"
        return f"keeps all limits, and {says}" if candidate in self.trials else says

    def _best(self) -> Candidate | None:
        does = np.argwhere(self.status == Status.DOES)
        known = [tuple(map(int, each)) for each in does]
        return min(known, key=lambda each: int(self._rank[each]), default=None)

    def _open(self, best: Candidate | None) -> Mask:
        """Candidates that could still be the answer."""
        open_: Mask = self.status == Status.OPEN
        if best is None:
            return open_
        cheaper: Mask = open_ & (self._rank < self._rank[best])
        return cheaper

    def _batch(self, open_: Mask) -> list[Candidate]:
        """What to simulate next: work for two processes, whatever there are."""
        first = most_telling(open_, self._lattice, self._rank, self._chance)
        if self.most >= START:
            return [first]
        does = self._chance[first] >= 0.5
        rest = open_ & (self._rank < self._rank[first] if does else ~self._below(first, "ttft"))
        rest[first] = False
        return [first, most_telling(rest, self._lattice, self._rank, self._chance)] if rest.any() else [first]

    def _try(self, candidates: Sequence[Candidate]) -> None:
        """Simulate candidates until they are decided, and settle what follows."""
        racing = []
        for candidate in candidates:
            try:
                self.trials[candidate] = self.trial(candidate)
                racing.append(self.trials[candidate])
            except InputError as error:
                self.unfit[candidate] = str(error.problems[0])
                self.status[candidate] = Status.UNFIT
        while racing:
            work = [(trial, trial.done, min(self.most, START) if not trial.done else 1) for trial in racing]
            for (trial, *_), outcome in zip(work, self._simulate(work), strict=True):
                trial.searched.append(outcome)
            racing = [trial for trial in racing if not trial.is_decided(self.most)]
        for candidate in candidates:
            if candidate in self.trials:
                self._settle(self.trials[candidate])

    def _complete(self, trial: Trial) -> None:
        """All replications of the search for the cheapest that did in some of them."""
        trial.searched += self.simulate(trial, trial.done, self.most - trial.done)
        self._settle(trial)

    def _settle(self, trial: Trial) -> None:
        if trial.margin >= 0:
            self.status[trial.candidate] = Status.DOES
        else:
            self.status[trial.candidate] = Status.MISSED
            below = self._below(trial.candidate, trial.worst.metric or ATTAINMENT if trial.is_stable else None)
            for each in np.argwhere(below & (self.status == Status.OPEN)):
                self.because[tuple(map(int, each))] = trial.candidate
            self.status[below & (self.status == Status.OPEN)] = Status.DOMINATED
        if self._settings.progress:
            settled = int(self.status.size - self._open(self._best()).sum())
            self._settings.progress(settled, self.status.size, self.space.label(trial.candidate))

    def _below(self, candidate: Candidate, metric: str | None) -> Mask:
        return self._lattice.below(self.space.shape, candidate, metric)

    def _confirm(self, candidate: Candidate) -> bool:
        """Whether it does on replications that the search has not seen."""
        trial = self.trials[candidate]
        trial.fresh = self.simulate(trial, self.most, self.most)
        does = trial.margin >= 0
        self.status[candidate] = Status.CHOSEN if does else Status.UNCONFIRMED
        return does

    def _try_everything(self) -> None:
        """Simulate what was left out because it could not be the answer."""
        left = np.isin(self.status, (Status.OPEN, Status.DOMINATED))
        for candidate in map(tuple, np.argwhere(left).tolist()):
            self._try([candidate])

    def _simulate(self, work: Sequence[tuple[Trial, int, int]]) -> list[Outcome]:
        self.replications += sum(count for *_, count in work)
        limits = tuple(limit for objective in self.objectives for limit in objective.limits)
        return self._evaluate(
            [
                Point(self.space.label(trial.candidate), trial.scenario, first, count, limits=limits)
                for trial, first, count in work
            ]
        )


def is_same_every_time(trial: Trial) -> bool:
    """Whether all its replications came to the same, as where a trace is all there is: fresh ones say nothing new."""
    facts = [each.model_copy(update={"replication": 0}) for each in each_fact([*trial.searched, *trial.fresh])]
    return len(facts) > 1 and all(each == facts[0] for each in facts)


def _chances(bounds: Bounds, space: Space) -> npt.NDArray[np.float64]:
    """A guess at how likely each candidate does: sure up to a third of its capacity, hopeless near all of it."""
    fullest = np.zeros(space.shape)
    for bound in (*bounds.stations, *(bound for _, bound in bounds.alone)):
        fullest = np.maximum(fullest, bound.fullness)
    known = fullest > 0
    return np.where(known, np.clip(1.5 * (1.0 - fullest), 0.05, 0.95), 0.5)
