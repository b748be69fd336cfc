"""Problems at a place of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from paasim.core.errors import Problem
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

Found = Iterator[Problem]
NameCheck = Callable[[Scenario], Found]
PartCheck = Callable[[Scenario, Parts], Found]


def at(scenario: Scenario, path: tuple[str | int, ...], what: str, todo: str) -> Problem:
    """A problem with what stands at `path`."""
    return Problem(scenario.where(*path), f"{scenario.label}{'.'.join(map(str, path))}: {what}", todo)
