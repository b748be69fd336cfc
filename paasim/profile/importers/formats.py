"""The known formats: each module of this folder that says `FORMAT = Format(...)`, found by walking the folder."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paasim.core.errors import InputError, did_you_mean
from paasim.profile.importers.imported import Imported, Select, head_of


@dataclass(frozen=True)
class Format:
    """A public form of measured steps."""

    name: str
    """As in `--format`."""
    title: str
    """What it is, in a few words, for messages."""
    recognises: Callable[[Path, str], bool]
    """Whether a file (or folder) with this beginning of its text is of the format; cheap, and never raises."""
    read: Callable[[Path, Select], Imported]
    """Read the steps; raises InputError with the reason where it cannot."""
    configurations: Callable[[Path, Select], list[dict[str, str]]] | None = None
    """The selections that leave one configuration each, among what is selected already; None: it holds one."""


@functools.cache
def formats() -> dict[str, Format]:
    """All formats by name, sorted."""
    package = importlib.import_module("paasim.profile.importers")
    found = {}
    for info in pkgutil.iter_modules(package.__path__):
        format = getattr(importlib.import_module(f"{package.__name__}.{info.name}"), "FORMAT", None)
        if isinstance(format, Format):
            found[format.name] = format
    return dict(sorted(found.items()))


def recognise(path: Path) -> Format:
    """The format of a file, by what stands in it.

    Raises:
        InputError: if none or several would read it.
    """
    head = head_of(path)
    fitting = [format for format in formats().values() if format.recognises(path, head)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(format.name for format in fitting)
        raise InputError.one(str(path), f"may be any of {names}", "say which it is (--format)")
    known = ", ".join(format.title for format in formats().values())
    raise InputError.one(str(path), "is of no format that is known here", f"known are: {known}")


def named(name: str) -> Format:
    """The format of that name.

    Raises:
        InputError: if there is none.
    """
    if name not in formats():
        raise InputError.one("", f"format '{name}' is unknown", did_you_mean(name, formats()))
    return formats()[name]


def read(path: Path, format: str, select: Select) -> Imported:
    """Read measured steps from a file; an empty `format` is recognised.

    Raises:
        InputError: if the format is unknown or the file is not of it.
    """
    return (named(format) if format else recognise(path)).read(path, select)


def configurations(path: Path, format: Format, select: Select) -> list[dict[str, str]]:
    """What a file holds: for each configuration, the columns and values that select it (with those of `select`)."""
    if format.configurations is None:
        return [dict(select)]
    return [{**select, **each} for each in format.configurations(path, select)]
