"""Whatever stands at whatever place, the answer is a scenario or an error that names a place; never a traceback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paasim.core.errors import InputError
from paasim.scenario import check, yaml
from paasim.scenario.loader import from_tree
from paasim.scenario.yaml import Node

JUNK = [
    "~",
    "-1",
    "0",
    "x",
    "''",
    "[]",
    "{}",
    ".nan",
    "1e400",
    "true",
    "1e30",
    "10 Gbps",
    "-1 s",
    "[a, {b: c}]",
    "{kind: x}",
]


def places(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place in a tree of mappings."""
    if path:
        yield path
    for key, child in node.keys.items():
        yield from places(child, (*path, key))


def put(node: Node, path: tuple[str, ...], value: Node) -> Node:
    """The tree with the value at a place replaced, or its key renamed to junk where the value is None."""
    if not path:
        return Node(value.value, "f.yaml:1:1")
    entries = {key: put(child, path[1:], value) if key == path[0] else child for key, child in node.keys.items()}
    return Node(entries, node.where, node.key_where)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_at_any_place(scene, junk: str) -> None:
    tree = yaml.read(scene.write())
    value = yaml.parse(junk, "f.yaml")
    for path in places(tree):
        try:
            check(from_tree(put(tree, path, value), None))
        except InputError as error:
            for problem in error.problems:
                assert problem.where, (path, problem)
                assert len(str(problem)) < 600, problem
