"""What is full first at the maximum load: by simulation, and by the capacity bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paasim.study.plan.max_rate.bench import Trial


@dataclass(frozen=True)
class Bottleneck:
    """The place nearest to its limit.

    Attributes:
        name: of a pool, fleet or link.
        load: how near it is to its limit in the simulation (`resources` in `result.json`), 0 to 1.
        bound: its utilisation by the capacity bounds at the same load; None where they do not tell.
        bound_first: the place that the bounds expect to be full first; None where they do not tell.
    """

    name: str
    load: float
    bound: float | None
    bound_first: str | None


def loads(trial: Trial) -> dict[str, float]:
    """How near every resource is to its limit, mean over replications."""
    variants = [each.variant for each in trial.outcomes]
    names = dict.fromkeys(name for each in variants for name in each.resources)
    return {
        name: sum(each.resources[name].load for each in variants if name in each.resources) / len(variants)
        for name in names
    }


def bottleneck(trial: Trial, bounds: Mapping[str, float]) -> Bottleneck | None:
    """The resource with the highest load; None if nothing did any work.

    Args:
        trial: the load in question.
        bounds: utilisation by name at the scenario's own load.
    """
    found = loads(trial)
    name = max(sorted(found), key=lambda each: found[each], default=None)
    if name is None or not found[name]:
        return None
    first = max(bounds, key=lambda each: bounds[each], default=None)
    return Bottleneck(name, found[name], bounds[name] * trial.factor if name in bounds else None, first)
