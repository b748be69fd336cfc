"""Kinds: found by walking a family's folder, so that adding one is adding one file.

A family is a package (for example `paasim.router`). A kind is a `Spec` subclass in one of its modules with a field
`kind: Literal["name"]`. Third parties add kinds through the entry-point group `paasim.<family>`, each naming a Spec.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from importlib import metadata
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import Field

from paasim.core.errors import did_you_mean
from paasim.core.spec import Spec

T = TypeVar("T")


@functools.cache
def kinds(family: str) -> dict[str, type[Spec]]:
    """All kinds of a family, by name, sorted.

    Args:
        family: dotted package name below `paasim`, such as `router` or `workload.arrivals`.

    Raises:
        TypeError: if two Specs claim one name.
    """
    return _walk(family)


def _walk(family: str) -> dict[str, type[Spec]]:
    package = importlib.import_module(f"paasim.{family}")
    found: dict[str, type[Spec]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.ispkg:
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for _, item in inspect.getmembers(module, inspect.isclass):
            if item.__module__ == module.__name__:
                _add(found, item)
    for entry in metadata.entry_points(group=f"paasim.{family}"):
        _add(found, entry.load())
    return dict(sorted(found.items()))


def _add(found: dict[str, type[Spec]], item: type[Any]) -> None:
    if not (issubclass(item, Spec) and "kind" in item.model_fields):
        return
    for name in get_args(item.model_fields["kind"].annotation):
        if found.setdefault(name, item) is not item:
            raise TypeError(f"two specs claim kind '{name}': {found[name].__qualname__} and {item.__qualname__}")


def constants(package: str, name: str, of: type[T]) -> list[T]:
    """What the modules of a package say under one name, those of a type: `FORMAT` of each reader in a folder, say.

    Args:
        package: dotted name of the package.
        name: of the module constant.
        of: its type.
    """
    folder = importlib.import_module(package)
    modules = (importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(folder.__path__))
    return [found for module in modules if isinstance(found := getattr(module, name, None), of)]


def union(family: str) -> Any:
    """The pydantic type of "any kind of this family", told apart by `kind`."""
    specs = tuple(dict.fromkeys(kinds(family).values()))
    if len(specs) == 1:
        return specs[0]
    return Annotated[Union[specs], Field(discriminator="kind")]  # noqa: UP007 - a runtime tuple


def others(family: str) -> Any:
    """As `union`, for a kind that is made of others of its family: called while its own module is being imported."""
    return Annotated[Union[tuple(dict.fromkeys(_walk(family).values()))], Field(discriminator="kind")]  # noqa: UP007


def by_name(family: str, what: str) -> Callable[[Any], Any]:
    """A pydantic validator that takes the bare name of a kind for a block with its defaults.

    Args:
        family: as for `kinds`.
        what: what a kind of it is called in a message, such as `transport`.
    """

    def named(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value in kinds(family):
            return {"kind": value}
        raise ValueError(f"unknown {what} '{value}'; {did_you_mean(value, kinds(family))}")

    return named


def summary(spec: type[Spec]) -> str:
    """The first sentence of a kind's docstring, for listings."""
    return (inspect.getdoc(spec) or "").split("\n\n")[0].replace("\n", " ")
