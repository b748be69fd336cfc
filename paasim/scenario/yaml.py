"""Strict YAML that remembers where everything stands.

Text becomes a tree of `Node`s. Each node knows its line and column, so that any later complaint can point at it. The
traps of YAML 1.1 are closed: a repeated key is an error, `1e6` is a number, `no`, `on` and `yes` are text, `12:30` and
`010` stay as written; tags are refused. Anchors and aliases work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from paasim.core.errors import InputError, Problem

Scalar = str | int | float | bool | None

MOST_BYTES = 4 * 2**20
"""A larger file is taken for data that was named by mistake."""
MOST_NODES = 100_000
"""Bound on the tree after aliases, against a file that expands without end."""

_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,300})")
_NUMBER = re.compile(r"[-+]?(\d+\.\d*|\.\d+|(0|[1-9]\d*)(?=[eE.]|$)\.?\d*)([eE][-+]?\d+)?")
_NOT_FINITE = re.compile(r"[-+]?\.?(nan|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class Node:
    """A value and the place it was written at: a scalar, a list of nodes, or a mapping from keys to nodes."""

    value: Scalar | list[Node] | dict[str, Node]
    where: str
    """`file:line:column`, or the option that gave the value."""
    key_where: str = ""
    """The place of its key; empty at the root and in lists."""

    @property
    def keys(self) -> dict[str, Node]:
        """The entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def plain(self) -> Any:
        """The value without places, as `yaml.safe_load` would give it."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def steps(self, path: tuple[str | int, ...]) -> Iterator[Node]:
        """The nodes on the way down a path, from this one to the last that exists."""
        yield self
        node = self
        for step in path:
            inner = node.value
            if isinstance(inner, dict) and step in inner:
                node = inner[str(step)]
            elif isinstance(inner, list) and isinstance(step, int) and step < len(inner):
                node = inner[step]
            else:
                return
            yield node


def read(path: Path, shown: str | None = None) -> Node:
    """Read a YAML file whose root is a mapping.

    Args:
        path: the file.
        shown: how to call the file in messages; the path if not given.

    Raises:
        InputError: if the file is missing, not readable, not text, empty, or not sound YAML; with all repeated keys.
    """
    name = shown or str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError.one(name, "no such file", "check the name; 'paasim init NAME' writes a first one") from None
    except IsADirectoryError:
        raise InputError.one(name, "is a folder, not a file", "name a YAML file") from None
    except OSError as error:
        raise InputError.one(name, f"cannot be read: {error.strerror}", "check its permissions") from None
    if len(raw) > MOST_BYTES:
        raise InputError.one(name, f"is too large for YAML to be read here ({len(raw) >> 20} MiB)", "is it a trace?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError.one(name, "is not a text file in UTF-8", "name a YAML file") from None
    root = parse(text, name)
    if root.value is None:
        raise InputError.one(name, "is empty", "'paasim init NAME' writes a first scenario to start from")
    if not isinstance(root.value, dict):
        raise InputError.one(root.where, "must be a mapping such as 'name: ...' at the top level", "write 'key: value'")
    return root


def parse(text: str, name: str, *, lines: bool = True) -> Node:
    """Turn YAML text into a tree.

    Args:
        text: the YAML.
        name: the file name for messages.
        lines: whether places are `name:line:column`; for one-line options `name` alone is clearer.

    Raises:
        InputError: if the YAML is not sound, with all repeated keys and tags.
    """
    builder = _Builder(name, lines)
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise InputError([_syntax_problem(error, builder)]) from None
    except RecursionError:
        raise InputError.one(name, "is nested too deeply", "write it with fewer levels") from None
    node = Node(None, name) if root is None else builder.build(root)
    if builder.problems:
        raise InputError(builder.problems)
    return node


def scalar(text: str) -> Scalar:
    """The value of an unquoted scalar: a word, a number, or the text itself.

    Stricter than YAML 1.1: no octal, no sexagesimal, no yes/no; and wider: `1e6` is a number.
    """
    if text.lower() in _WORDS and (text.islower() or text.istitle() or text.isupper() or text in _WORDS):
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


class _Builder:
    """Turns yaml's nodes into ours and collects what is wrong with keys and tags."""

    def __init__(self, name: str, lines: bool) -> None:
        self.name = name
        self.lines = lines
        self.problems: list[Problem] = []
        self._count = 0

    def place(self, mark: yaml.Mark | None) -> str:
        if mark is None or not self.lines:
            return self.name
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}"

    def build(self, node: yaml.Node, key_where: str = "", depth: int = 0) -> Node:
        where = self.place(node.start_mark)
        self._count += 1
        if self._count > MOST_NODES or depth > 50:
            raise InputError.one(where, "is nested too deeply or repeats itself by aliases", "write it out")
        self._refuse_tag(node, where)
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, depth), where, key_where)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.build(item, "", depth + 1) for item in node.value], where, key_where)
        quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
        return Node(node.value if quoted else scalar(node.value), where, key_where)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        result: dict[str, Node] = {}
        for key, value in node.value:
            where = self.place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem(where, "a key must be text", "write 'key: value'"))
                continue
            if key.value in result:
                first = result[key.value].key_where.removeprefix(f"{self.name}:").split(":")[0]
                what = f"the key '{key.value}' is given twice (first in line {first})"
                self.problems.append(Problem(where, what, "keep one of them"))
                continue
            result[key.value] = self.build(value, where, depth + 1)
        return result

    def _refuse_tag(self, node: yaml.Node, where: str) -> None:
        if not re.fullmatch(r"tag:yaml\.org,2002:(str|seq|map)", node.tag):
            shown = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.append(Problem(where, f"the YAML tag '{shown}' is not supported", "leave it out"))


def _syntax_problem(error: yaml.YAMLError, builder: _Builder) -> Problem:
    """Say in plain words what YAML's parser did not like."""
    if isinstance(error, yaml.reader.ReaderError):
        return Problem(builder.name, "is not a text file: it holds control characters", "name a YAML file")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or str(error)
    if "'\\t'" in said:
        return Problem(builder.place(mark), "a tab is used to indent", "indent with spaces")
    if "mapping values are not allowed" in said:
        return Problem(builder.place(mark), "a ':' stands where none may", "quote text with a colon, or fix the indent")
    if "another document" in said or "document start" in said:
        return Problem(builder.place(mark), "a second YAML document starts here", "keep one document per file")
    return Problem(builder.place(mark), f"is not sound YAML: {said}", "check brackets, quotes and indent near here")


class _Dumper(yaml.SafeDumper):
    """Writes what `parse` reads back to the same values."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated values out."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quote text that would be read as a number or a word."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if scalar(text) == text else "'")


_Dumper.add_representer(str, _represent_text)


def dump(data: Any) -> str:
    """Plain data as YAML text that `parse` reads back to the same data."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
