"""What a sweep is asked to do, from wherever it is written: options, a scenario's `studies`, or a file of its own.

A file of its own, which is also how a finished sweep is kept (`study.yaml`):

    scenario: quickstart            # a name, a path from this file, or a whole scenario
    study: {vary: {run.seed: [1, 2, 3]}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.core.paths import expand
from paasim.scenario import loader, ranges, yaml
from paasim.scenario.problems import complaints
from paasim.scenario.scenario import Scenario
from paasim.scenario.studies import StudySpec
from paasim.scenario.yaml import Node

FILE = "study.yaml"


@dataclass(frozen=True)
class Asked:
    """A scenario and what to vary in it."""

    scenario: Scenario
    study: StudySpec
    name: str = ""
    """Name of the study in the scenario, or of its file."""
    home: Path | None = None
    """The folder of an earlier sweep that this is the study of."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Path -> where it was written."""

    def changed(self, **fields: Any) -> Asked:
        """The same with some fields of the study changed.

        Raises:
            InputError: if they do not go together.
        """
        data = self.study.model_dump(exclude_defaults=True) | fields
        return replace(self, study=study_of(data, "--study"))


def read(source: str, name: str | None = None, overrides: Sequence[str] = ()) -> Asked | Scenario:
    """Read a study, or the scenario alone where none is named.

    Args:
        source: a scenario, a file of a study, or the folder of a sweep.
        name: a study of the scenario.
        overrides: `path=value` texts on top of the scenario.

    Raises:
        InputError: if it is not there or wrong.
    """
    folder = expand(source)
    file = folder / FILE if (folder / FILE).is_file() else loader.find(source)
    tree = yaml.read(file, loader.shown(file))
    if "study" in tree.keys or isinstance(getattr(tree.keys.get("scenario"), "value", None), (str, dict)):
        return _of_file(tree, file, overrides)
    scenario = loader.from_tree(tree, file.parent, overrides)
    return scenario if name is None else named(scenario, name)


def named(scenario: Scenario, name: str) -> Asked:
    """A study of a scenario by name.

    Raises:
        InputError: if there is none of this name.
    """
    if name not in scenario.studies:
        todo = did_you_mean(name, scenario.studies) if scenario.studies else "write one under 'studies', or use --vary"
        raise InputError.one(f"--study {name}", f"there is no study '{name}'", todo)
    places = _places(scenario.tree, ("studies", name)) if scenario.has_tree else {}
    return Asked(scenario, scenario.studies[name], name, places=places)


def of_options(scenario: Scenario, vary: Iterable[str], **fields: Any) -> Asked:
    """A study from `path=values` texts; paths in one text that are separated by `;` change together.

    Raises:
        InputError: for a text of another form, or values that cannot be read.
    """
    data: dict[str, Any] = {key: value for key, value in fields.items() if value}
    for option in vary:
        group = _group(option)
        if len(dict(group)) < len(group):
            raise InputError.one(f"--vary {option}", "names a path twice", "give it all its values at once")
        if len(group) == 1:
            path, values = group[0]
            if path in data.get("vary", {}):
                raise InputError.one(f"--vary {option}", f"varies '{path}' twice", "give it all its values at once")
            data.setdefault("vary", {})[path] = values
        else:
            data.setdefault("zip", []).append(dict(group))
    return Asked(scenario, study_of(data, "--vary"))


def study_of(data: Mapping[str, Any], where: str) -> StudySpec:
    """A study from plain data.

    Raises:
        InputError: if it is none.
    """
    try:
        return StudySpec.model_validate(dict(data))
    except ValidationError as error:
        problems = []
        for detail in error.errors():
            path = next((str(step) for step in reversed(detail["loc"]) if isinstance(step, str)), "")
            place = f"{where} {path}" if path and detail["loc"][0] in ("vary", "zip") else where
            problems.append(Problem(place, detail["msg"].removeprefix("Value error, ")))
        raise InputError(problems) from None


def _group(option: str) -> list[tuple[str, Any]]:
    where = f"--vary {option}"
    try:
        group = []
        for part in ranges.split(option, ";"):
            path, equals, values = part.partition("=")
            if not equals or not path.strip() or not values.strip():
                raise InputError.one(where, "is not of the form path=values", "write e.g. --vary run.seed=1,2,3")
            group.append((path.strip(), ranges.listed(values)))
        return group
    except ValueError as error:
        raise InputError.one(where, str(error)) from None


def _of_file(tree: Node, file: Path, overrides: Sequence[str]) -> Asked:
    problems = [
        Problem(node.key_where, f"{key}: unknown key", "a file of a study has 'scenario' and 'study'")
        for key, node in tree.keys.items()
        if key not in ("scenario", "study")
    ]
    problems += [
        Problem(tree.where, f"needs the key '{key}'", "a file of a study has 'scenario' and 'study'")
        for key in ("scenario", "study")
        if key not in tree.keys
    ]
    if problems:
        raise InputError(problems)
    written = tree.keys["scenario"]
    if isinstance(written.value, str):
        beside = expand(written.value, file.parent)
        scenario = loader.load(beside if beside.is_file() else written.value, overrides)
    else:
        scenario = loader.from_tree(written, file.parent, overrides)
    node = tree.keys["study"]
    try:
        study = StudySpec.model_validate(node.plain())
    except ValidationError as error:
        raise InputError(each.problem("study.") for each in complaints(error, node, StudySpec)) from None
    is_kept = file.name == FILE
    return Asked(
        scenario, study, "" if is_kept else file.stem, file.parent if is_kept else None, _places(tree, ("study",))
    )


def _places(tree: Node, at: tuple[str, ...]) -> dict[str, str]:
    """Where the paths of a study were written."""
    *_, node = tree.steps(at)
    zipped = node.keys["zip"].value if "zip" in node.keys else []
    groups = [node.keys.get("vary"), *(zipped if isinstance(zipped, list) else [])]
    return {path: leaf.key_where for group in groups if group is not None for path, leaf in group.keys.items()}
