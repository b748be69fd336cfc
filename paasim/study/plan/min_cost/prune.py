"""Which candidates cannot do, before any is simulated.

* A station that the load would fill beyond its capacity has no steady state. Capacities are estimates (within some
  5 %), so a candidate is out only where they are exceeded by `MARGIN`.
* A limit on TTFT that prompts alone in an empty system miss, by prefill alone, is missed by any number of instances.

Neither is believed where a prefix cache may do part of the work: what it saves is not known before a run.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from paasim.core.errors import InputError
from paasim.scenario.ends import ends
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.cost import over
from paasim.study.plan.min_cost.estimates import fullness, lone_prefill
from paasim.study.plan.min_cost.reasons import seconds
from paasim.study.plan.min_cost.space import Axis, Candidate, Space
from paasim.study.plan.objective import Objective

MARGIN = 0.10
"""Share by which an estimate must be exceeded before it counts."""


@dataclass(frozen=True)
class Bound:
    """An estimate of how full something is, over a space: 1 is its limit."""

    name: str
    """A station, or empty for the time of a lone prompt."""
    path: tuple[str, ...]
    """Where the station stands in the scenario."""
    fullness: npt.NDArray[np.float64]
    """In the shape of the space, or spreading over it."""


class Bounds:
    """What can be said of the candidates of a space before a run.

    Instances and bandwidth scale a station, so that it is worked out once for all amounts of them.

    Args:
        space: with the scenario at its load.
        objectives: limits of the plan.
    """

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self._space = space
        self._objectives = objectives
        self._free = [axis for axis in space.axes if not _scales(space.base, axis)]

    @cached_property
    def stations(self) -> list[Bound]:
        """Offered load over capacity, by station; none in a closed loop, whose load is not known."""
        found: dict[str, Bound] = {}
        for place, each in self._scenarios():
            for name, path, full in fullness(each):
                if name not in found:
                    blank = np.zeros([len(axis.options) if axis in self._free else 1 for axis in self._space.axes])
                    found[name] = Bound(name, path, blank)
                found[name].fullness[place] = full
        return [Bound(each.name, each.path, each.fullness * self._scaled(each)) for each in found.values()]

    @cached_property
    def alone(self) -> list[tuple[Objective, Bound]]:
        """Time to prefill a lone prompt over each limit on TTFT, at the limit's percentile."""
        found = []
        for objective in self._objectives:
            if objective.metric == "ttft":
                times = over(self._space, self._free, partial(lone_prefill, percent=objective.percent))
                found.append((objective, Bound("", (), times / objective.limit)))
        return found

    def out(self) -> npt.NDArray[np.bool_]:
        """Which candidates cannot do."""
        worst = np.zeros(self._space.shape)
        for bound in (*self.stations, *(bound for _, bound in self.alone)):
            worst = np.maximum(worst, bound.fullness)
        return worst > 1.0 + MARGIN

    def fullest(self, candidate: Candidate) -> tuple[Bound, float] | None:
        """The station that a candidate fills most, and how much; None if no load is known."""
        full = [(bound, self.at(bound, candidate)) for bound in self.stations]
        return max(full, key=lambda item: item[1], default=None)

    def at(self, bound: Bound, candidate: Candidate) -> float:
        """A bound for one candidate."""
        return float(np.broadcast_to(bound.fullness, self._space.shape)[candidate])

    def reason(self, candidate: Candidate) -> tuple[str, str]:
        """Why a candidate is out: a word for the kind of reason, and a sentence."""
        for objective, bound in self.alone:
            full = self.at(bound, candidate)
            if full > 1.0 + MARGIN:
                time, most = seconds(full * objective.limit), seconds(objective.limit)
                return "slow", f"prefill of a lone prompt alone takes {time} at {objective.statistic}, limit {most}"
        found = self.fullest(candidate)
        assert found is not None
        return "overloaded", f"{found[0].name} would be {found[1]:.0%} full (estimate)"

    def _scenarios(self) -> Iterator[tuple[tuple[int, ...], Scenario]]:
        shape = [len(axis.options) if axis in self._free else 1 for axis in self._space.axes]
        for place in itertools.product(*map(range, shape)):
            with contextlib.suppress(InputError):  # options that do not fit each other: no candidate comes of them
                yield place, self._space.scenario(place, self._free)

    def _scaled(self, bound: Bound) -> npt.NDArray[np.float64]:
        """What the amounts of the axis that scales a station make of its load."""
        factor = np.ones([1] * len(self._space.axes))
        for position, axis in enumerate(self._space.axes):
            path = tuple(axis.name.split("."))
            if axis not in self._free and path[:-1] == bound.path and not bound.name.startswith("last mile"):
                amounts = np.array([option.amount for option in axis.options], dtype=float)
                shape = [1] * len(self._space.axes)
                shape[position] = -1
                factor = factor * (_present(self._space.base, axis) / amounts).reshape(shape)
        return factor


def _scales(base: Scenario, axis: Axis) -> bool:
    """Whether a station's capacity is in proportion to the amounts of an axis."""
    if not axis.is_resource:
        return False
    steps = axis.name.split(".")
    if steps[0] != "network":
        return True
    link = base.network.links[steps[2]]
    extras = (link.capacity, link.backward_capacity, link.backward_bandwidth, link.background, link.outages)
    return all(each is None for each in extras)


def _present(base: Scenario, axis: Axis) -> float:
    """The amount that the scenario has of itself."""
    steps = axis.name.split(".")
    if steps[0] == "network":
        return base.network.links[steps[2]].bandwidth
    return float(ends(base)[f"{steps[1]}.{steps[3]}"].count)
