"""From a file to a `Scenario`: read, put overrides on top, validate, and do the same for every variant.

All that is wrong is reported at once, each problem at its line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paasim.core import paths
from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.scenario import patch, yaml
from paasim.scenario.checks.names import NAMES
from paasim.scenario.planning import BLOCK as PLAN
from paasim.scenario.planning import misplanned
from paasim.scenario.problems import Complaint, complaints
from paasim.scenario.scenario import Scenario, Source
from paasim.scenario.yaml import Node

BASE = "base"
"""Name of the scenario itself beside its variants."""

COLLIDES = "the variant fits the file but not --set: leave that option out, or run another variant by name"


def load(path: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario and its variants.

    Args:
        path: a YAML file, a result folder, or the name of a bundled scenario such as `quickstart`.
        overrides: `path=value` texts that are put on top before validation, such as `run.seed=7`.

    Raises:
        InputError: with every problem of the file, its variants and the overrides.
    """
    file = find(str(path))
    return from_tree(yaml.read(file, shown(file)), file.parent, overrides)


def from_dict(data: Mapping[str, Any], base: Path | None = None, overrides: Sequence[str] = ()) -> Scenario:
    """Make a scenario from plain data, as `Scenario.expanded` gives it or a program builds it.

    Args:
        data: what the YAML would hold.
        base: folder that relative paths start from; the working folder if not given.
        overrides: as in `load`.

    Raises:
        InputError: with every problem.
    """
    return from_tree(_tree(data), base, overrides)


def from_tree(tree: Node, base: Path | None, overrides: Sequence[str] = ()) -> Scenario:
    """Validate a tree and its variants.

    A variant that is sound as written but not with the overrides on top is kept as a misfit: it stops only who asks
    for it.

    Raises:
        InputError: with every problem.
    """
    written, found = _with_plain_variants(tree)
    tree = written
    try:
        tree = patch.overrides(overrides, written, Scenario)
    except InputError as error:
        found += error.problems
    root = _alone(tree)
    scenario, own = _validated(tree)
    found += [complaint.problem() for complaint in own]
    if scenario is not None and not overrides:  # with these on top, a plan is checked by who makes it
        found += misplanned(root)
    variants: dict[str, Scenario] = {}
    misfits: dict[str, tuple[Problem, ...]] = {}
    for name, change in _changes(tree).items():
        merged, label = patch.merge(root, change), f"variants.{name}."
        variant, complained = _validated(merged)
        problems = [each.problem(label) for each in complained if not any(map(each.follows_from, own))]
        if variant is not None:
            variant = variant.placed(Source(base, merged, label), {})
            problems = (
                _unknown_names(variant) if overrides else misplanned(merged, label) if PLAN in change.keys else []
            )
        if problems and overrides and _sound(written, name):
            misfits[name] = tuple(Problem(each.where, each.what, COLLIDES) for each in problems)
        elif variant is not None:
            variants[name] = variant
        else:
            found += problems
    if found or scenario is None:
        raise InputError(dict.fromkeys(found))
    return scenario.placed(Source(base, tree), variants, misfits)


def chosen(scenario: Scenario, variant: str | None, option: str = "--variant") -> Scenario:
    """The scenario itself, or one of its variants by name; `option` is what gave the name, for the message.

    Raises:
        InputError: if there is no such variant, or it does not fit the overrides.
    """
    if variant is None or variant == BASE:
        return scenario
    if variant in scenario.misfits:
        raise InputError(scenario.misfits[variant])
    if variant not in scenario.fitting:
        what = f"there is no variant '{variant}'"
        known = [BASE, *scenario.fitting, *scenario.misfits]
        raise InputError.one(f"{option} {variant}", what, did_you_mean(variant, known))
    return scenario.fitting[variant]


def changed(scenario: Scenario, changes: Sequence[str]) -> Scenario:
    """The scenario with `path=value` texts put on top, as `--set` does, and without variants; takes half a millisecond.

    Raises:
        InputError: if a text is wrong, or the scenario does not fit with it.
    """
    tree = patch.overrides(changes, _alone(scenario.tree), Scenario)
    made, complained = _validated(tree)
    if made is None:
        raise InputError(dict.fromkeys(each.problem(scenario.label) for each in complained))
    return made.placed(Source(scenario.base, tree, scenario.label), {})


def find(name: str) -> Path:
    """The file that a user means by a path, a result folder or the name of a bundled scenario.

    A folder that happens to have the name of a bundled scenario is not meant, unless written as a path: `./azure`.

    Raises:
        InputError: if there is none, with the nearest bundled name.
    """
    path = paths.expand(name)
    known = bundled()
    if name in known and not path.is_file():
        return known[name]
    if path.is_dir() and (path / "scenario.yaml").is_file():
        return path / "scenario.yaml"
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    if name not in known:
        raise InputError.one(name, "no such file, and no bundled scenario of this name", did_you_mean(name, known))
    return known[name]


def bundled() -> dict[str, Path]:
    """The scenarios that ship with paasim, by name."""
    return {file.stem: file for file in sorted(paths.bundled("scenarios").glob("*.yaml"))}


def shown(file: Path) -> str:
    """A path as messages show it: relative to the working folder where it is inside."""
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _with_plain_variants(tree: Node) -> tuple[Node, list[Problem]]:
    """Spread the dotted keys of the variants out, and collect what is wrong with the variants as such."""
    variants = tree.keys.get("variants")
    if variants is None or not isinstance(variants.value, dict):
        return tree, []
    found: list[Problem] = []
    plain: dict[str, Node] = {}
    for name, change in variants.value.items():
        if name == BASE:
            what = f"variants.{name}: '{BASE}' is the name of the scenario itself"
            found.append(Problem(change.key_where, what, "choose another name"))
        if isinstance(change.value, dict) and "variants" in change.value:
            what = f"variants.{name}.variants: a variant has no variants"
            found.append(Problem(change.value["variants"].key_where, what, "leave it out"))
        try:
            plain[name] = patch.undotted(change, tree, Scenario) if isinstance(change.value, dict) else change
        except InputError as error:
            found += [Problem(each.where, f"variants.{name}: {each.what}", each.todo) for each in error.problems]
    entries = {**tree.keys, "variants": Node(plain, variants.where, variants.key_where)}
    return Node(entries, tree.where, tree.key_where), found


def _alone(tree: Node) -> Node:
    """The scenario without its variants and studies."""
    return Node({key: node for key, node in tree.keys.items() if key not in ("variants", "studies")}, tree.where)


def _sound(written: Node, name: str) -> bool:
    """Whether a variant is valid as the file has it, without overrides."""
    change = _changes(written).get(name)
    if change is None:
        return False
    variant, _ = _validated(patch.merge(_alone(written), change))
    return variant is not None and not _unknown_names(variant)


def _unknown_names(scenario: Scenario) -> list[Problem]:
    """What the checks of names say."""
    return [problem for rule in NAMES for problem in rule(scenario)]


def _changes(tree: Node) -> dict[str, Node]:
    """The patches of the variants; what is no mapping is left to validation."""
    variants = tree.keys.get("variants")
    return {name: node for name, node in variants.keys.items() if isinstance(node.value, dict)} if variants else {}


def _validated(tree: Node) -> tuple[Scenario | None, list[Complaint]]:
    try:
        return Scenario.model_validate(tree.plain()), []
    except ValidationError as error:
        return None, complaints(error, tree, Scenario)


def _tree(value: Any) -> Node:
    """Plain data as a tree without places."""
    if isinstance(value, Mapping):
        return Node({str(key): _tree(item) for key, item in value.items()}, "")
    if isinstance(value, (list, tuple)):
        return Node([_tree(item) for item in value], "")
    return Node(value, "")
