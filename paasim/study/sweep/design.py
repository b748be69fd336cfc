"""From a study to its settings: which values every point has, in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from paasim.core.units import dimension_of
from paasim.scenario import fields, ranges
from paasim.scenario.loader import BASE
from paasim.scenario.scenario import Scenario
from paasim.scenario.studies import StudySpec


@dataclass(frozen=True)
class Setting:
    """What one point differs in from the others."""

    variant: str
    """What is changed: `base` is the scenario itself."""
    values: Mapping[str, Any]
    """Path -> value, plain data as YAML gives it."""


def settings(study: StudySpec, scenario: Scenario) -> list[Setting]:
    """The settings of all points: variants change slowest, then what is zipped, then what is crossed, in its order."""
    groups: list[list[dict[str, Any]]] = [list(_zipped(group, scenario)) for group in study.zip]
    groups.append(list(_sampled(study, scenario) if study.sample is not None else _crossed(study.vary, scenario)))
    return [
        Setting(variant, {path: value for part in parts for path, value in part.items()})
        for variant in study.variants or [BASE]
        for parts in product(*groups)
    ]


def paths(study: StudySpec) -> list[str]:
    """What is varied, in the order of the columns of the table."""
    return [path for group in (*study.zip, study.vary) for path in group]


def _crossed(vary: Mapping[str, Any], scenario: Scenario) -> Iterator[dict[str, Any]]:
    listed = [_unique(_listed(values, is_whole(scenario, path))) for path, values in vary.items()]
    for values in product(*listed):
        yield dict(zip(vary, values, strict=True))


def _zipped(group: Mapping[str, Any], scenario: Scenario) -> Iterator[dict[str, Any]]:
    listed = [_listed(values, is_whole(scenario, path)) for path, values in group.items()]
    for values in zip(*listed, strict=True):
        yield dict(zip(group, values, strict=True))


def _sampled(study: StudySpec, scenario: Scenario) -> Iterator[dict[str, Any]]:
    """A Latin hypercube: each of n equal slices of every range is met once (McKay et al., Technometrics 21, 1979)."""
    from scipy.stats.qmc import LatinHypercube

    assert study.sample is not None
    axes = [(path, ranges.parse(values), is_whole(scenario, path)) for path, values in study.vary.items()]
    shares = LatinHypercube(len(axes), rng=study.sample_seed).random(study.sample)
    for row in shares:
        yield {path: _drawn(items, float(share), whole) for (path, items, whole), share in zip(axes, row, strict=True)}


def _drawn(items: Sequence[Any], share: float, whole: bool) -> Any:
    """A value at a share of the way over a range, or over several items of equal weight."""
    position, share = divmod(share * len(items), 1.0)
    item = items[int(position)]
    if not isinstance(item, ranges.Range):
        return item
    if whole and item.scale == "lin":  # every whole number has the same chance, the ends too
        return int(item.low + share * (item.high - item.low + 1)) if item.high > item.low else int(item.at(share))
    return item.at(share, is_whole=whole)


def _listed(values: object, whole: bool) -> list[Any]:
    found: list[Any] = []
    for item in ranges.parse(values):
        found += item.values(is_whole=whole) if isinstance(item, ranges.Range) else [item]
    return found


def _unique(values: list[Any]) -> list[Any]:
    """Each value once: rounding to whole numbers may make two the same."""
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())


def is_whole(scenario: Scenario, path: str) -> bool:
    """Whether a field takes whole numbers only."""
    kinds = fields.models_at(Scenario, path.split("."), scenario.tree)
    return int in kinds and float not in kinds


def short(paths: Sequence[str]) -> dict[str, str]:
    """Names for people: as few last steps of every path as tell them apart."""

    def name(path: str) -> str:
        steps = path.split(".")
        for size in range(1, len(steps)):
            tail = ".".join(steps[-size:])
            if sum(f".{other}".endswith(f".{tail}") for other in paths) == 1:
                return tail
        return path

    return {path: name(path) for path in paths}


def text(value: object) -> str:
    """A value as one writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def in_si(value: object) -> tuple[float, str] | None:
    """A quantity as a number and its SI unit; None if it is no quantity with a unit."""
    if not isinstance(value, str):
        return None
    number, _, unit = value.strip().partition(" ")
    if not unit:
        number = value.strip().rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/$µ")
        unit = value.strip()[len(number) :]
    dimension = dimension_of(unit.strip())
    if dimension is None:
        return None
    try:
        return dimension.parse(value), next(name for name, factor in dimension.units.items() if factor == 1.0)
    except ValueError:
        return None
