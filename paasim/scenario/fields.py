"""What keys a place in a scenario may have, read from the models themselves.

Serves messages only: pydantic says that a key is unknown, not which ones are known there.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from paasim.scenario.yaml import Node

Step = str | int


def models_at(root: type[BaseModel], path: Iterable[Step], node: Node) -> list[Any]:
    """The types that may stand at `path`, followed down from a model beside the tree of values.

    Where several kinds may stand at a place, the `kind` written there picks one. The path may also be one of pydantic's
    locations, in which the name of a kind or of a class picks a member of a union.
    """
    here: list[Any] = [root]
    at: Node | None = node
    for step in path:
        inside = [option for kind in here for option in _inside(kind, step)]
        if not inside:
            here = [kind for kind in here if step in (*kinds_of(kind), getattr(kind, "__name__", ""))] or here
            continue
        at = at.keys.get(str(step), at) if at else None
        here = _picked([option for kind in inside for option in _options(kind)], at)
    return here


def keys_at(root: type[BaseModel], path: Iterable[Step], node: Node) -> list[str]:
    """The keys that a mapping at `path` may have; empty where any name may stand."""
    return sorted({name for kind in models_at(root, path, node) for name in names(kind)})


def names(kind: Any) -> list[str]:
    """The keys of a model as the user writes them; empty for other types."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items()]
    return []


def _inside(kind: Any, step: Step) -> list[Any]:
    """The types of what stands under `step` in a value of type `kind`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if step in (name, field.alias):
                return [field.annotation]
        return []
    origin, args = get_origin(kind), get_args(kind)
    if not isinstance(origin, type):
        return []
    if issubclass(origin, Mapping) and len(args) == 2:
        return [args[1]]
    if issubclass(origin, Sequence) and args:
        return [args[0]]
    return []


def _options(kind: Any) -> list[Any]:
    """The members of a union, with annotations taken off."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _options(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [option for member in get_args(kind) for option in _options(member)]
    return [kind]


def _picked(options: list[Any], node: Node | None) -> list[Any]:
    """The options that agree with the `kind` that is written; all of them where none does."""
    written = node.keys.get("kind") if node else None
    if written is None:
        return options
    return [option for option in options if written.value in kinds_of(option)] or options


def kinds_of(option: Any) -> tuple[Any, ...]:
    """The values that the field `kind` of a model takes."""
    if isinstance(option, type) and issubclass(option, BaseModel) and "kind" in option.model_fields:
        annotation = option.model_fields["kind"].annotation
        return get_args(annotation) if get_origin(annotation) is Literal else ()
    return ()
