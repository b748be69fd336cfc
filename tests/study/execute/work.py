"""What helpers are asked to do; light, so that they start quickly."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from paasim.core.errors import InputError, Problem


def square(number: int) -> int:
    print("what a task prints does not get between the answers")  # noqa: T201
    return number * number


def odd(number: int) -> int:
    if number % 2:
        raise InputError([Problem("here", f"{number} is odd", "double it"), Problem("", "truly")])
    return number


def slow(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def deadly(notes: str) -> str:
    """Kills its own process, unless it has done so often enough; notes every start."""
    kind, _, folder = notes.partition(" ")
    with (Path(folder) / kind).open("a") as file:
        file.write("x")
    starts = len((Path(folder) / kind).read_text())
    if kind == "poison" or (kind == "twice" and starts <= 2) or (kind == "once" and starts <= 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return kind


def unsendable(_: object) -> object:
    return lambda: None


@dataclass(frozen=True)
class Light:
    """A unit that imports nothing."""

    number: int

    @property
    def label(self) -> str:
        return f"a #{self.number}"


def named(unit: Light) -> str:
    """Stands for the simulation."""
    return unit.label


def failing(unit: Light) -> float:
    return 1 / 0
