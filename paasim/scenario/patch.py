"""Changing a tree before it is validated: `--set a.b=c` and the patches of variants.

A patch is a mapping whose keys may be dotted paths. Keys merge into the base; a mapping whose `kind` the patch changes
is replaced whole, since the keys of one kind mean nothing to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.scenario import fields, yaml
from paasim.scenario.yaml import Node


def merge(base: Node | None, patch: Node) -> Node:
    """The base with the patch on top; both stay as they are."""
    if base is None or not isinstance(base.value, dict) or not isinstance(patch.value, dict):
        return patch
    kind, new_kind = base.value.get("kind"), patch.value.get("kind")
    if new_kind is not None and (kind is None or kind.value != new_kind.value):
        return patch
    merged = dict(base.value)
    for key, node in patch.value.items():
        merged[key] = merge(merged.get(key), node)
    return Node(merged, base.where, base.key_where)


def overrides(texts: Sequence[str], base: Node, model: type[BaseModel]) -> Node:
    """Put `a.b=c` texts on top of a tree.

    Args:
        texts: one `path=value` each; the value is YAML. Later ones win.
        base: the tree of the scenario.
        model: what the tree is to become, which says what paths there may be.

    Raises:
        InputError: for a text without `=`, a value that is not YAML, or a path that does not exist.
    """
    problems: list[Problem] = []
    patch = Node({}, "--set")
    for text in texts:
        where = f"--set {text}"
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            problems.append(Problem(where, "is not of the form path=value", "write e.g. --set run.seed=7"))
            continue
        try:
            leaf = yaml.parse(value, where, lines=False)
            patch = merge(patch, nest(path.strip(), leaf, base, model))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return merge(base, patch)


def undotted(patch: Node, base: Node, model: type[BaseModel]) -> Node:
    """A variant's patch with its dotted keys spread out into mappings.

    Raises:
        InputError: for every dotted key that leads to nothing.
    """
    problems: list[Problem] = []
    result = Node({}, patch.where, patch.key_where)
    for key, node in patch.keys.items():
        try:
            spread = nest(key, Node(node.value, node.where, node.key_where), base, model)
            result = merge(result, spread)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return Node(result.value, patch.where, patch.key_where)


def nest(path: str, leaf: Node, base: Node, model: type[BaseModel]) -> Node:
    """Wrap a value into the mappings that a dotted path names: `a.b` and 1 give `{a: {b: 1}}`.

    Raises:
        InputError: if the path leads through a name that is not there.
    """
    steps = path.split(".")
    where = leaf.key_where or leaf.where
    if len(steps) > 1:
        _check_path(steps, where, base, model)
    node = leaf
    for step in reversed(steps):
        node = Node({step: Node(node.value, node.where, where)}, where, where)
    return node


def _check_path(steps: Sequence[str], where: str, base: Node, model: type[BaseModel]) -> None:
    """Every step but the last must exist: as a key of the model, or as a name in the scenario."""
    for depth, step in enumerate(steps[:-1]):
        above = tuple(steps[:depth])
        *_, node = base.steps(above)
        reached = len(list(base.steps(above))) == depth + 1
        present: Iterable[str] = node.keys if reached else ()
        known = fields.keys_at(model, above, base)
        if step in present or step in known:
            continue
        place = ".".join(above) or "the scenario"
        what = f"{'.'.join(steps)}: there is no '{step}' in {place}"
        raise InputError.one(where, what, did_you_mean(step, [*present, *known]))
