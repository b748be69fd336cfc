"""Whether the block `plan` fits its scenario: every change that it names must lead somewhere and be valid by itself."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.scenario import patch
from paasim.scenario.plan import expand_range
from paasim.scenario.problems import complaints
from paasim.scenario.scenario import Scenario
from paasim.scenario.yaml import Node

BLOCK = "plan"
"""The key of the block."""


def bare(tree: Node) -> Node:
    """The tree without its plan and its variants: what a candidate is made from."""
    return Node({key: node for key, node in tree.keys.items() if key not in (BLOCK, "variants")}, tree.where)


def misplanned(tree: Node, label: str = "") -> list[Problem]:
    """What is wrong with the changes and prices of a tree's plan; each option alone, on the scenario as it is.

    Args:
        tree: of a scenario that is valid as it stands.
        label: `variants.NAME.` for a variant.
    """
    block = tree.keys.get(BLOCK)
    if block is None or not block.keys:
        return []
    found: list[Problem] = []
    root = bare(tree)
    for where, change in _options(block):
        found += _misfits(root, change, f"{label}{BLOCK}.{where}: ")
    return [*found, *_unknown_links(root, block, f"{label}{BLOCK}.prices.bandwidth.")]


def _options(block: Node) -> Iterator[tuple[str, Node]]:
    """Every option of every axis, with its place below the block."""
    for path, values in block.keys.get("over", Node(None, "")).keys.items():
        for each in _values(values):
            yield "over", Node({path: each}, each.where, values.key_where)
    for name, options in block.keys.get("together", Node(None, "")).keys.items():
        for option, changes in options.keys.items():
            yield f"together.{name}.{option}", changes


def _values(node: Node) -> list[Node]:
    if isinstance(node.value, list):
        return node.value
    spread = expand_range(node.value)
    return [Node(value, node.where, node.key_where) for value in spread] if isinstance(spread, list) else []


def _misfits(root: Node, change: Node, label: str) -> list[Problem]:
    """What an option alone makes wrong."""
    try:
        merged = patch.merge(root, patch.undotted(change, root, Scenario))
        Scenario.model_validate(merged.plain())
    except InputError as error:
        return [Problem(each.where, f"{label}{each.what}", each.todo) for each in error.problems]
    except ValidationError as error:
        return [each.problem(label) for each in complaints(error, merged, Scenario)]
    return []


def _unknown_links(root: Node, block: Node, label: str) -> list[Problem]:
    """Priced links that are not there."""
    priced = _below(block, "prices", "bandwidth")
    known = _below(root, "network", "links").keys
    return [
        Problem(node.key_where or node.where, f"{label}{name}: there is no such link", did_you_mean(name, known))
        for name, node in priced.keys.items()
        if name not in known
    ]


def _below(node: Node, *path: str) -> Node:
    steps = list(node.steps(path))
    return steps[-1] if len(steps) == len(path) + 1 else Node(None, "")
