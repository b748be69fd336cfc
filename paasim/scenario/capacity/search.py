"""Which values of some settings let the scenario carry most, by the bounds alone: every combination is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from paasim.core.errors import InputError
from paasim.scenario import ranges
from paasim.scenario.capacity.analysis import Analysis, analyze
from paasim.scenario.loader import changed
from paasim.scenario.scenario import Scenario

MOST_POINTS = 100_000


@dataclass(frozen=True)
class Total:
    """Settings that must add up, such as the instances of two pools."""

    paths: tuple[str, ...]
    total: float

    @classmethod
    def parse(cls, text: str) -> Total:
        """Read `a.instances + b.instances = 8`.

        Raises:
            InputError: if it is not of that form.
        """
        left, _, right = text.partition("=")
        paths = tuple(path.strip() for path in left.split("+"))
        try:
            return cls(paths, float(right))
        except ValueError:
            what = f"'{text}' is not a sum of settings"
            raise InputError.one("--sum", what, "write e.g. PATH+PATH=8, each PATH one of --over") from None


@dataclass(frozen=True)
class Point:
    """One combination, and what it carries."""

    settings: dict[str, Any]
    analysis: Analysis

    def rate(self, by_means: bool) -> float:
        """Requests/s of the whole scenario."""
        return self.analysis.by_means if by_means else self.analysis.max_rate


def axis(text: str) -> tuple[str, list[Any]]:
    """Read `PATH=1,2,3` or `PATH=log(5000, 60000, 100)`; ranges between whole numbers stay in whole numbers.

    Raises:
        InputError: if it is not of that form.
    """
    path, found, written = text.partition("=")
    try:
        if not found or not path.strip():
            raise ValueError(f"'{text}' does not say which values")
        values: list[Any] = []
        for item in ranges.parse(written):
            if not isinstance(item, ranges.Range):
                values.append(item)
                continue
            whole = not item.unit and item.low == round(item.low) and item.high == round(item.high)
            values += item.values(is_whole=whole)
    except ValueError as error:
        raise InputError.one("--over", str(error), "write e.g. --over router.prompt_tokens=1000,2000,4000") from None
    distinct = {json.dumps(value): value for value in values}  # a value may be a whole block, such as a router
    return path.strip(), list(distinct.values())


def search(scenario: Scenario, over: Mapping[str, Sequence[Any]], totals: Sequence[Total] = ()) -> list[Point]:
    """All combinations that keep the totals, in order; ties in a ranking go to the first.

    Raises:
        InputError: if a total names what does not vary, nothing keeps them, or a value does not suit its setting.
    """
    for each in totals:
        for path in each.paths:
            if path not in over:
                raise InputError.one("--sum", f"'{path}' does not vary", "name it in --over, or leave it out")
    found = list(_combinations(over, totals))
    if not found:
        raise InputError.one("--sum", "no combination of the values adds up so", "widen the values, or correct the sum")
    if len(found) > MOST_POINTS:
        raise InputError.one("--over", f"{len(found):,} combinations are too many", f"at most {MOST_POINTS:,}")
    return [Point(each, analyze(_with(scenario, each))) for each in found]


def _with(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    return changed(scenario, [f"{path}={json.dumps(value)}" for path, value in settings.items()])


def _combinations(over: Mapping[str, Sequence[Any]], totals: Sequence[Total]) -> Iterator[dict[str, Any]]:
    for values in product(*over.values()):
        each = dict(zip(over, values, strict=True))
        if all(_sum(each, total) == total.total for total in totals):
            yield each


def _sum(each: Mapping[str, Any], total: Total) -> float:
    try:
        return sum(float(each[path]) for path in total.paths)
    except (TypeError, ValueError):
        raise InputError.one("--sum", "adds up what is not a number", "name settings that are numbers") from None
