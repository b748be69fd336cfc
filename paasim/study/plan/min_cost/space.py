"""The search space of a plan: axes, their options, and the scenario of each combination.

A candidate is a tuple with the position of one option per axis. Scenarios are made only when they are asked for.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paasim.core.errors import InputError
from paasim.core.units import BANDWIDTH
from paasim.scenario.loader import changed, from_tree
from paasim.scenario.plan import PlanSpec
from paasim.scenario.planning import BLOCK, bare
from paasim.scenario.scenario import Scenario

MOST = 200_000
"""Candidates of a space."""

Candidate = tuple[int, ...]
"""The position of an option on every axis."""


@dataclass(frozen=True)
class Option:
    """One choice of an axis."""

    label: str
    """`3`, `100 Gbps`, or its name."""
    changes: Mapping[str, Any]
    """Path -> value."""
    amount: float | None = None
    """How much of a resource it is, where its axis counts one: instances, or bits/s."""


@dataclass(frozen=True)
class Axis:
    """What may be chosen, one option of several."""

    name: str
    """The path of its field, or its name under `together`."""
    options: tuple[Option, ...]
    """In the order written; of a resource, the smallest amount first."""
    is_resource: bool = False
    """Whether its options are amounts of instances of a pool or of the bandwidth of a link, and of nothing else."""

    @property
    def paths(self) -> frozenset[str]:
        """The fields that it changes."""
        return frozenset(path for option in self.options for path in option.changes)

    def touches(self, places: Sequence[str]) -> bool:
        """Whether it changes something at, above or below one of these places."""
        return any(
            path == place or path.startswith(f"{place}.") or place.startswith(f"{path}.")
            for path in self.paths
            for place in places
        )


class Space:
    """All combinations of the options of some axes.

    Attributes:
        base: the scenario that options change, without its plan and variants.
        axes: in the order of the scenario.
        names: the axes as short as can be told apart.
    """

    def __init__(self, base: Scenario, axes: Sequence[Axis]) -> None:
        self.base = base
        self.axes = tuple(axes)
        self.names = short_names([axis.name for axis in axes])

    @classmethod
    def of(cls, scenario: Scenario, plan: PlanSpec) -> Space:
        """The space that a plan spans over a scenario.

        Raises:
            InputError: if there is nothing to choose, or far too much.
        """
        where = scenario.where(BLOCK, "over")
        axes = [_axis(name, path_options) for name, path_options in _options(plan).items()]
        count = 1
        for axis in axes:
            count *= len(axis.options)
        if not axes:
            what = "there is nothing to choose: the plan has no axis"
            todo = "write e.g. plan: {over: {sites.cloud.pools.prefill.instances: 1..8}}, or give --over PATH=1..8"
            raise InputError.one(where, what, todo)
        if count > MOST:
            raise InputError.one(where, f"the space has {count:,} candidates, at most {MOST:,}", "give fewer values")
        return cls(from_tree(bare(scenario.tree), scenario.base), axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Options per axis."""
        return tuple(len(axis.options) for axis in self.axes)

    def __len__(self) -> int:
        count = 1
        for length in self.shape:
            count *= length
        return count

    def candidates(self) -> Iterator[Candidate]:
        """All candidates; the last axis changes fastest."""
        return itertools.product(*map(range, self.shape))

    def chosen(self, candidate: Candidate) -> list[Option]:
        """The options of a candidate."""
        return [axis.options[position] for axis, position in zip(self.axes, candidate, strict=True)]

    def changes(self, candidate: Candidate) -> dict[str, Any]:
        """Path -> value of everything that a candidate sets."""
        return {path: value for option in self.chosen(candidate) for path, value in option.changes.items()}

    def scenario(self, candidate: Candidate, only: Sequence[Axis] | None = None) -> Scenario:
        """The scenario of a candidate.

        Args:
            candidate: which one.
            only: the axes to heed, the others staying as the scenario has them; all of them if not given.

        Raises:
            InputError: if its options do not fit each other.
        """
        heeded = [
            option
            for axis, option in zip(self.axes, self.chosen(candidate), strict=True)
            if only is None or axis in only
        ]
        return with_changes(self.base, {path: value for option in heeded for path, value in option.changes.items()})

    def label(self, candidate: Candidate) -> str:
        """`prefill.instances 3, fabric.bandwidth 100 Gbps`."""
        options = self.chosen(candidate)
        return ", ".join(f"{name} {option.label}" for name, option in zip(self.names, options, strict=True))


def with_changes(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """The scenario with values at paths.

    Raises:
        InputError: if it does not fit with them.
    """
    return changed(scenario, [f"{path}={json.dumps(value)}" for path, value in changes.items()])


def short_names(paths: Sequence[str]) -> list[str]:
    """The shortest ends of paths that tell them apart, two steps long where there are two."""
    found = []
    for path in paths:
        steps = path.split(".")
        others = [other.split(".") for other in paths if other != path]
        length = min(2, len(steps))
        while length < len(steps) and any(other[-length:] == steps[-length:] for other in others):
            length += 1
        found.append(".".join(steps[-length:]))
    return found


def _options(plan: PlanSpec) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
    """Axis -> its options, each with its label."""
    found = {path: [(_shown(value), {path: value}) for value in values] for path, values in plan.over.items()}
    return found | {name: list(options.items()) for name, options in plan.together.items()}


def _shown(value: Any) -> str:
    """A value as a label: text as it is, a mapping by its kind where that says all."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(each)}" for key, each in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _axis(name: str, options: list[tuple[str, Mapping[str, Any]]]) -> Axis:
    made = tuple(Option(label, changes, _amount(changes)) for label, changes in options)
    if any(option.amount is None for option in made):
        return Axis(name, made)
    return Axis(name, tuple(sorted(made, key=lambda option: option.amount or 0.0)), is_resource=True)


def _amount(changes: Mapping[str, Any]) -> float | None:
    """Instances or bits/s, where that is all that an option sets."""
    if len(changes) != 1:
        return None
    ((path, value),) = changes.items()
    steps = path.split(".")
    if steps[0] == "sites" and steps[2:3] == ["pools"] and steps[4:] == ["instances"]:
        return float(value) if isinstance(value, int) else None
    if steps[:2] == ["network", "links"] and steps[3:] == ["bandwidth"]:
        try:
            return BANDWIDTH.parse(value)
        except ValueError:
            return None
    return None
