"""pydantic's complaints in plain words, each at the line of the nearest node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from paasim.core.errors import Problem, did_you_mean
from paasim.scenario import fields
from paasim.scenario.yaml import Node

_SHAPES = {
    "string_type": "text",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "mapping_type": "a mapping of keys",
    "list_type": "a list",
    "tuple_type": "a list",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def complaints(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Complaint]:
    """Every complaint of a validation, without those that only echo another.

    Args:
        error: what pydantic raised.
        root: the tree that was validated.
        model: the model that it was validated against, for "did you mean".
    """
    all_ = [Complaint(item, root, model) for item in error.errors(include_url=False)]
    return [each for position, each in enumerate(all_) if not each.is_echo(all_, position)]


class Complaint:
    """One of pydantic's complaints, with the path to its node as the user wrote it."""

    def __init__(self, item: Mapping[str, Any], root: Node, model: type[BaseModel]) -> None:
        self.type: str = item["type"]
        self.message: str = item["msg"]
        self.context: Mapping[str, Any] = item.get("ctx", {})
        self.loc: tuple[str | int, ...] = tuple(item["loc"])
        self.root, self.model = root, model
        self.path, self.node, self.missing = self._follow(self.loc, root)

    def _follow(self, loc: Sequence[str | int], root: Node) -> tuple[tuple[str | int, ...], Node, str]:
        """Walk down a pydantic location, which also holds names of kinds and of union members."""
        path: list[str | int] = []
        node, missing = root, ""
        for depth, step in enumerate(loc):
            *_, last = steps = list(node.steps((step,)))
            if len(steps) == 2:
                path.append(step)
                node = last
            elif self.type == "missing" and depth == len(loc) - 1:
                missing = str(step)
        return tuple(path), node, missing

    def is_echo(self, others: Sequence[Complaint], position: int) -> bool:
        """Whether it only says that the value has not the shape of one member of a union, where others say more."""
        if not self._is_about_shape():
            return False
        said_more = any(
            other.path[: len(self.path)] == self.path and not other._is_about_shape()
            for other in others
            if other is not self
        )
        said_before = any(other.path == self.path and other._is_about_shape() for other in others[:position])
        return said_more or said_before

    def _is_about_shape(self) -> bool:
        return self.type in _SHAPES or self._is_text_literal()

    def _is_text_literal(self) -> bool:
        return self.type == "literal_error" and not isinstance(self.node.value, str)

    def follows_from(self, other: Complaint) -> bool:
        """Whether the other, of the scenario that a variant changes, says the same or makes this one idle."""
        above = bool(other.path) and self.path[: len(other.path)] == other.path
        return above or (self.path, self.type, self.missing) == (other.path, other.type, other.missing)

    def problem(self, prefix: str = "") -> Problem:
        """The complaint in plain words, with `prefix` in front of its path, such as `variants.fast.`."""
        what, todo = self._say()
        where = self.node.where
        if self.type == "extra_forbidden" or "[key]" in self.message:
            where = self.node.key_where or where
        path = prefix + ".".join(map(str, self.path))
        return Problem(where, f"{path.rstrip('.')}: {what}" if path else what, todo)

    def _say(self) -> tuple[str, str]:
        say = getattr(self, f"_{self.type}", None)
        if say is not None:
            return say()  # type: ignore[no-any-return]
        shown = _shown(self.node)
        if self.type in _BOUNDS:
            bound, words = _BOUNDS[self.type]
            return f"is {shown}", f"it must be {words} {self.context[bound]}"
        if self.type in _SHAPES and self.node.value is None:
            return "is empty", f"write {self._wanted()}"
        if self.type in _SHAPES:
            return f"{shown} is not {_SHAPES[self.type]}", f"write {self._wanted()}"
        return f"{shown}: {self.message[:1].lower()}{self.message[1:]}", ""

    def _wanted(self) -> str:
        """What may stand here, over all members of a union."""
        shape = _SHAPES[self.type]
        for option in fields.models_at(self.model, self.path, self.root):
            keys = fields.names(option)
            if keys:
                example = f"keys such as '{keys[0]}: ...'"
                return example if shape == "a mapping of keys" else f"{shape} or {example}"
        return shape

    def _int_parsing_size(self) -> tuple[str, str]:
        return f"{_shown(self.node)} is beyond any sensible number", "write a smaller one"

    def _missing(self) -> tuple[str, str]:
        if isinstance(self.node.value, list):
            return f"has only {len(self.node.value)} entries", "write the missing ones"
        keys = fields.keys_at(self.model, self.loc[:-1], self.root)
        return f"needs the key '{self.missing}'", f"keys here: {', '.join(keys)}" if keys else ""

    def _extra_forbidden(self) -> tuple[str, str]:
        known = fields.keys_at(self.model, self.loc[:-1], self.root)
        return "unknown key", did_you_mean(str(self.path[-1]), known)

    def _union_tag_not_found(self) -> tuple[str, str]:
        if not isinstance(self.node.value, dict):
            return f"{_shown(self.node)} is not a mapping of keys", f"write {{kind: ...}} with {self._kinds()}"
        return "needs the key 'kind'", self._kinds()

    def _union_tag_invalid(self) -> tuple[str, str]:
        tags = str(self.context.get("expected_tags", "")).replace("'", "").split(", ")
        tag = str(self.context.get("tag", ""))
        return f"unknown kind '{tag}'", did_you_mean(tag, tags)

    def _literal_error(self) -> tuple[str, str]:
        allowed = _choices(str(self.context["expected"]))
        if self.path and self.path[-1] == "kind":
            return f"unknown kind {_shown(self.node)}", did_you_mean(str(self.node.value), allowed)
        return f"{_shown(self.node)} is not one of {', '.join(allowed)}", did_you_mean(str(self.node.value), allowed)

    def _value_error(self) -> tuple[str, str]:
        return str(self.context["error"]), ""

    def _string_pattern_mismatch(self) -> tuple[str, str]:
        return f"'{self.path[-1]}' is not a name", "use letters, digits, '-' and '_' (no dots or spaces)"

    def _too_long(self) -> tuple[str, str]:
        return f"has {self.context['actual_length']} entries", f"at most {self.context['max_length']} are allowed"

    def _too_short(self) -> tuple[str, str]:
        return f"has {self.context['actual_length']} entries", f"at least {self.context['min_length']} are needed"

    def _string_too_short(self) -> tuple[str, str]:
        return "is empty", "write some text"

    def _kinds(self) -> str:
        """The kinds that may stand here."""
        options = fields.models_at(self.model, self.path, self.root)
        known = sorted({str(kind) for option in options for kind in fields.kinds_of(option)})
        return f"one of {', '.join(known)}" if known else ""


def _choices(expected: str) -> list[str]:
    """The choices in pydantic's text `'a', 'b' or 'c'`."""
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]


def _shown(node: Node) -> str:
    """A value as a message shows it."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "nothing"
    text = str(node.value) if not isinstance(node.value, bool) else str(node.value).lower()
    return f"'{text[:60]}'"
