"""What would make an infeasible plan feasible, found by simulation beyond its space.

From the candidate that came nearest, all resources are multiplied. If that does not help, none of them does. If it
does, they are raised one by one, the busiest first, to find one that suffices, and how much of it; else all of them,
each as little as goes with the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from paasim.core.errors import InputError
from paasim.scenario import checks
from paasim.study.plan.min_cost.cost import priced, quote
from paasim.study.plan.min_cost.reasons import missed
from paasim.study.plan.min_cost.search import Search
from paasim.study.plan.min_cost.space import Candidate, with_changes
from paasim.study.plan.min_cost.trial import START, Trial

AMPLE = 4.0
"""Times as much of a resource, from which on more of it is not tried."""
STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, AMPLE)
"""Multiples of bandwidth, and of many instances, that are tried."""
FEW = 16
"""Instances up to which every number is tried."""


@dataclass(frozen=True)
class Remedy:
    """What would help."""

    nearest: Trial
    """The candidate that misses its limits by least."""
    says: list[str]
    """Sentences."""
    needs: Mapping[str, str | int]
    """Path -> value that would do, beyond the space; empty if no amount would."""
    per_hour: float | None
    """What that costs, $/h."""


def remedy(search: Search) -> Remedy | None:
    """What would make a plan feasible whose search found nothing; None if no candidate can be simulated."""
    nearest = _nearest(search)
    if nearest is None:
        return None
    return _Beyond(search, nearest).find()


def _nearest(search: Search) -> Trial | None:
    """The trial that missed by least; where there was none, one of the candidate that its bounds rule out by least."""
    if search.trials:
        stable = [trial for trial in search.trials.values() if trial.is_stable]
        if stable:
            return max(stable, key=lambda trial: trial.margin)
    fits = [each for each in search.space.candidates() if search.costs[each] < float("inf")]
    for candidate in sorted(fits, key=lambda each: _excess(search, each))[:10]:
        try:
            trial = search.trials.get(candidate) or search.trial(candidate)
        except InputError:
            continue
        trial.searched = trial.searched or search.simulate(trial, 0, min(START, search.most))
        return trial
    return None


def _excess(search: Search, candidate: Candidate) -> list[float]:
    """How far its bounds are exceeded, the worst first."""
    bounds = [*search.bounds.stations, *(bound for _, bound in search.bounds.alone)]
    return sorted((search.bounds.at(bound, candidate) for bound in bounds), reverse=True)


class _Beyond:
    """Tries more of the resources than the space has."""

    def __init__(self, search: Search, nearest: Trial) -> None:
        self.search, self.nearest = search, nearest
        self.axes = {axis.name: axis for axis in search.space.axes if axis.is_resource}
        self.amounts = {
            axis.name: axis.options[position].amount or 0.0
            for axis, position in zip(search.space.axes, nearest.candidate, strict=True)
            if axis.is_resource
        }
        """By path: what the nearest candidate has."""

    def find(self) -> Remedy:
        """The least that helps, among one resource alone and all of them together."""
        if not self.amounts:
            return self._nothing(
                "No axis is the instances of a pool or the bandwidth of a link, so that more of it could be tried."
            )
        ample = self._tried(dict.fromkeys(self.amounts, AMPLE))
        if ample.margin < 0:
            return self._hopeless(ample)
        for path in self._busiest_first():
            if len(self.amounts) == 1 or self._tried({path: AMPLE}).margin >= 0:
                return self._needs({path: self._least(path, {})})
        factors = dict.fromkeys(self.amounts, AMPLE)
        for path in reversed(self._busiest_first()):
            factors[path] = self._least(path, factors)
        return self._needs({path: factor for path, factor in factors.items() if factor > 1.0})

    def _busiest_first(self) -> list[str]:
        """The resource axes, that of the bottleneck first."""
        busiest = self.nearest.outcomes[0].variant.bottleneck or ""
        places = (f"network.links.{busiest}.", "sites." + busiest.replace(".", ".pools.") + ".")
        return sorted(self.amounts, key=lambda path: not path.startswith(places))

    def _least(self, path: str, others: Mapping[str, float]) -> float:
        """The smallest factor on one resource that suffices, beside factors on others, where the largest does."""
        steps = self._steps(path)
        low, high = -1, len(steps) - 1
        while high - low > 1:
            middle = (low + high) // 2
            does = self._tried({**others, path: steps[middle]}).margin >= 0
            low, high = (low, middle) if does else (middle, high)
        return steps[high]

    def _steps(self, path: str) -> list[float]:
        """Factors in rising order: one instance more at a time where there are few, else in steps."""
        amount = self.amounts[path]
        if path.startswith("network.") or amount > FEW:
            return list(STEPS)
        return [more / amount for more in range(int(amount), int(AMPLE * amount) + 1)]

    def _changes(self, factors: Mapping[str, float]) -> dict[str, str | int]:
        found: dict[str, str | int] = {}
        for path, factor in factors.items():
            amount = self.amounts[path] * factor
            found[path] = f"{amount / 1e9:g} Gbps" if path.startswith("network.") else ceil(amount - 1e-9)
        return found

    def _tried(self, factors: Mapping[str, float]) -> Trial:
        """A trial of the nearest candidate with more."""
        changes = self.search.space.changes(self.nearest.candidate) | self._changes(factors)
        scenario = priced(with_changes(self.search.space.base, changes), self.search.prices)
        checks.check(scenario)
        trial = Trial(self.nearest.candidate, scenario, self.search.objectives)
        trial.searched = self.search.simulate(trial, 0, min(START, self.search.most))
        return trial

    def _needs(self, factors: Mapping[str, float]) -> Remedy:
        changes = self._changes(factors)
        label = self.search.space.label(self.nearest.candidate)
        wanted = " and ".join(
            f"{self._name(path)} {value} (the space ends at {self.axes[path].options[-1].label})"
            for path, value in changes.items()
        )
        all_changes = self.search.space.changes(self.nearest.candidate) | changes
        per_hour = quote(with_changes(self.search.space.base, all_changes), self.search.prices).total
        says = f"It needs {wanted}, the rest as in the nearest candidate ({label}): {per_hour:,.2f} $/h."
        return Remedy(self.nearest, [says], changes, per_hour)

    def _hopeless(self, ample: Trial) -> Remedy:
        labels = ", ".join(
            f"{self._name(path)} {value}" for path, value in self._changes(dict.fromkeys(self.amounts, AMPLE)).items()
        )
        if not ample.is_stable:
            busiest = ample.outcomes[0].variant.bottleneck
            return self._nothing(f"Even with {labels} queues grow: {busiest} is full, and no axis gives more of it.")
        worst = ample.worst
        found = f"Even with {labels} {missed(worst, ample.value(worst))}"
        if worst.metric in ("ttft", "ttst", "e2el"):
            what = "a faster profile (or a wider one), shorter prompts, or a looser limit would"
        else:
            what = "another profile, another batching, or a looser limit would"
        return self._nothing(f"{found}: no number of instances and no bandwidth helps; {what}.")

    def _nothing(self, says: str) -> Remedy:
        return Remedy(self.nearest, [says], {}, None)

    def _name(self, path: str) -> str:
        names = [axis.name for axis in self.search.space.axes]
        return self.search.space.names[names.index(path)]
