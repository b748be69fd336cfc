"""From settings to points: scenarios that can run, or why one cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paasim.core.errors import InputError, Problem
from paasim.scenario import patch
from paasim.scenario.checks.names import NAMES
from paasim.scenario.loader import BASE, changed, chosen
from paasim.scenario.scenario import Scenario
from paasim.scenario.studies import StudySpec
from paasim.scenario.yaml import Node
from paasim.study.fingerprint import question
from paasim.study.point import Point
from paasim.study.sweep.design import Setting, paths, settings, short, text


@dataclass(frozen=True)
class Candidate:
    """A setting, and the point that it makes."""

    setting: Setting
    label: str
    """For people: `bandwidth 10 Gbps, cloud-only`."""
    point: Point | None
    question: str = ""
    """The hash of what the point asks (`paasim.study.fingerprint`)."""
    error: InputError | None = None
    """Why there is no point."""


def candidates(study: StudySpec, scenario: Scenario, places: Mapping[str, str]) -> list[Candidate]:
    """All points of a study, in order.

    Args:
        study: what to vary.
        scenario: with its variants.
        places: where paths were written, for messages.

    Raises:
        InputError: for a path or variant that is not there, and for a value that fits nowhere.
    """
    bases = {name: chosen(scenario, None if name == BASE else name, "--variants") for name in study.variants or [BASE]}
    _know(paths(study), bases.values(), places)
    names = short(paths(study))
    made = [_candidate(setting, bases[setting.variant], study, names, places) for setting in settings(study, scenario)]
    _see_that_values_fit(made, is_sample=study.sample is not None)
    return made


def _candidate(
    setting: Setting, base: Scenario, study: StudySpec, names: Mapping[str, str], places: Mapping[str, str]
) -> Candidate:
    parts = [f"{names[path]} {text(value)}" for path, value in setting.values.items()]
    label = ", ".join(parts + ([setting.variant] if study.variants else []))
    changes = [f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in setting.values.items()]
    try:
        scenario = changed(base, changes)
        if problems := [problem for rule in NAMES for problem in rule(scenario)]:
            raise InputError(problems)
    except InputError as error:
        return Candidate(setting, label, None, error=_placed(error, places))
    point = Point(label, scenario, 0, study.replications or scenario.run.replications)
    return Candidate(setting, label, point, question(point))


def _know(wanted: Iterable[str], bases: Iterable[Scenario], places: Mapping[str, str]) -> None:
    """See that every path leads somewhere."""
    problems: dict[Problem, None] = {}
    for base in bases:
        for path in wanted:
            try:
                patch.nest(path, Node(None, places.get(path, f"--vary {path}")), base.tree, Scenario)
            except InputError as error:
                problems.update(dict.fromkeys(error.problems))
    if problems:
        raise InputError(problems)


def _see_that_values_fit(made: Sequence[Candidate], *, is_sample: bool) -> None:
    """Refuse a value that makes every one of its points impossible: it is a slip, and nothing has been run yet.

    Raises:
        InputError: with what is wrong with each.
    """
    if is_sample:
        if made and all(each.point is None for each in made):
            raise next(each.error for each in made if each.error is not None)
        return
    errors: dict[tuple[str, str], InputError | None] = {}
    for each in made:
        for path, value in each.setting.values.items():
            before = errors.get((path, text(value)), each.error)
            errors[path, text(value)] = before if each.error is not None else None
    problems = dict.fromkeys(problem for error in errors.values() if error for problem in error.problems)
    if problems:
        raise InputError(problems)


def _placed(error: InputError, places: Mapping[str, str]) -> InputError:
    """The same error, which speaks of `--vary` or the study's file and not of `--set`."""

    def where(problem: Problem) -> str:
        change, _, value = problem.where.removeprefix("--set ").partition("=")
        if not problem.where.startswith("--set "):
            return problem.where
        return places.get(change, f"--vary {change}={value.strip(chr(34))}")

    return InputError(Problem(where(each), each.what, each.todo) for each in error.problems)
