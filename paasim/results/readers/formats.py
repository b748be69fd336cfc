"""The known formats: each module of this folder that says `FORMAT = Format(...)`, found by walking the folder."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paasim.core.errors import InputError, did_you_mean
from paasim.core.registry import constants
from paasim.profile.importers.formats import the_one
from paasim.results.readers.cautions import caution
from paasim.results.served import Served


@dataclass(frozen=True)
class Format:
    """What a serving benchmark writes."""

    name: str
    """As in `--format`."""
    title: str
    """What it is, in a few words, for messages."""
    recognises: Callable[[Path, str], bool]
    """Whether a file (or folder) with this beginning of its text is of the format; cheap, and never raises."""
    read: Callable[[Path], list[Served]]
    """Read the runs; raises InputError with the reason where it cannot."""


@functools.cache
def formats() -> dict[str, Format]:
    """All formats by name, sorted."""
    return {each.name: each for each in sorted(constants(__package__, "FORMAT", Format), key=lambda each: each.name)}


def recognise(path: Path) -> Format | None:
    """The format of a file, by what stands in it; None if it is no result of serving.

    Raises:
        InputError: if the file cannot be read, or several formats would read it.
    """
    return the_one(formats().values(), path)


def read(path: Path, format: str = "") -> list[Served]:
    """Read every run of a file; an empty `format` is recognised.

    Raises:
        InputError: if the format is unknown, or the file is not of it or holds no run.
    """
    if format and format not in formats():
        raise InputError.one("--format", f"'{format}' is unknown", did_you_mean(format, formats()))
    known = formats()[format] if format else recognise(path)
    if known is None:
        titles = ", ".join(each.title for each in formats().values())
        raise InputError.one(str(path), "is no result of a serving benchmark known here", f"known are: {titles}")
    runs = known.read(path)
    if not runs:
        raise InputError.one(str(path), f"holds no run of {known.title}", "is the file cut?")
    for run in runs:
        caution(run)
    return runs
