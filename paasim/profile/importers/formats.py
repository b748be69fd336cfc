"""The known formats: each module of this folder that says `FORMAT = Format(...)`, found by walking the folder."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from paasim.core.errors import InputError, did_you_mean
from paasim.core.registry import constants
from paasim.profile.importers.imported import Imported, Select, head_of
from paasim.profile.table import implausible


@dataclass(frozen=True)
class Format:
    """A public form of measured steps."""

    name: str
    """As in `--format`."""
    title: str
    """What it is, in a few words, for messages."""
    recognises: Callable[[Path, str], bool]
    """Whether a file (or folder) with this beginning of its text is of the format; cheap, and never raises."""
    reader: Callable[[Path, Select], Imported]
    """Reads the steps; raises InputError with the reason where it cannot."""
    configurations: Callable[[Path, Select], list[dict[str, str]]] | None = None
    """The selections that leave one configuration each, among what is selected already; None: it holds one."""

    def read(self, path: Path, select: Select) -> Imported:
        """Read the steps, each of which an engine can have run.

        Raises:
            InputError: with the reason where it cannot.
        """
        found = self.reader(path, select)
        for row in found.table.rows:
            if why := implausible(row):
                what = f"{why} ({row.phase}) is beyond any engine"
                raise InputError.one(str(path), what, "is the file damaged, or a column in another unit?")
        return found


class Recognising(Protocol):
    """A format of any kind, as far as recognising goes."""

    @property
    def name(self) -> str:
        """As in `--format`."""

    @property
    def recognises(self) -> Callable[[Path, str], bool]:
        """As `Format.recognises`."""


F = TypeVar("F", bound=Recognising)


@functools.cache
def formats() -> dict[str, Format]:
    """All formats by name, sorted."""
    return {each.name: each for each in sorted(constants(__package__, "FORMAT", Format), key=lambda each: each.name)}


def recognise(path: Path) -> Format:
    """The format of a file, by what stands in it.

    Raises:
        InputError: if none or several would read it.
    """
    fitting = the_one(formats().values(), path)
    if fitting is None:
        known = ", ".join(format.title for format in formats().values())
        raise InputError.one(str(path), "is of no format that is known here", f"known are: {known}")
    return fitting


def the_one(formats: Iterable[F], path: Path) -> F | None:
    """The one of some formats that recognises a file; None if none does.

    Raises:
        InputError: if the file cannot be read, or several do.
    """
    head = head_of(path)
    fitting = [format for format in formats if format.recognises(path, head)]
    if len(fitting) > 1:
        names = ", ".join(format.name for format in fitting)
        raise InputError.one(str(path), f"may be any of {names}", "say which it is (--format)")
    return fitting[0] if fitting else None


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
