"""Whether the blocks of a scenario fit together: one small named check each, an error or a warning.

Checks run after validation and before a run. An error is what a run would trip over; a warning is what makes its answer
mean something else than the user may think.
"""

from __future__ import annotations

from collections.abc import Iterable

from paasim.core.errors import InputError, Problem
from paasim.scenario.checks.doubts import DOUBTS, first_token_differs
from paasim.scenario.checks.fits import FITS, workload_can_be_read
from paasim.scenario.checks.names import NAMES
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

__all__ = ["check"]


def check(scenario: Scenario) -> list[Problem]:
    """Check a scenario and those of its variants that fit the overrides.

    Returns:
        Warnings; what a variant shares with the scenario is said once.

    Raises:
        InputError: with every error.
    """
    errors: dict[Problem, None] = {}
    warnings: dict[Problem, None] = {}
    for each in (scenario, *scenario.fitting.values()):
        _check_one(each, errors, warnings)
    for problem in first_token_differs(scenario):
        warnings[problem] = None
    if errors:
        raise InputError(_said_once(errors))
    return _said_once(warnings)


def _check_one(scenario: Scenario, errors: dict[Problem, None], warnings: dict[Problem, None]) -> None:
    """Names first; where they are sound, what they stand for; then whether it carries the load."""
    found = [problem for rule in NAMES for problem in rule(scenario)]
    if not found:
        parts = Parts.of(scenario)
        found = [*parts.problems, *workload_can_be_read(scenario)]
        if not found:
            found = [problem for rule in FITS for problem in rule(scenario, parts)]
        if not found:
            warnings.update(dict.fromkeys(problem for rule in DOUBTS for problem in rule(scenario, parts)))
    errors.update(dict.fromkeys(found))


def _said_once(problems: Iterable[Problem]) -> list[Problem]:
    """Drop what is said of a variant where the same is said of the scenario at the same place."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for problem in problems:
        what = problem.what
        if what.startswith("variants."):
            what = what.split(".", 2)[-1]
        if (problem.where, what) not in seen:
            seen.add((problem.where, what))
            kept.append(problem)
    return kept
