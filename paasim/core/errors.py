"""Errors that a user can act on: where it is, what is wrong, what to do.

Library code raises these and never exits or prints; only `paasim.cli` turns them into text and an exit code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what the user gave."""

    where: str
    """`file:line:column`, `file:line`, a flag, or empty where there is no place to point at."""
    what: str
    """What is wrong, with the offending value; a path such as `network.links.wan` may stand in front."""
    todo: str = ""
    """What to do about it."""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.todo}" if self.todo else text


class PaasimError(Exception):
    """Base of all errors that paasim raises on purpose. `exit_code` is the process exit code (docs: cli)."""

    exit_code = 1


class InputError(PaasimError):
    """The input is wrong: a scenario, profile, trace or option. Carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[InputError], tuple[Sequence[Problem]], dict[str, object]]:
        """Travel between processes whole, with notes."""
        return type(self), (self.problems,), {"__notes__": getattr(self, "__notes__", [])}

    @classmethod
    def one(cls, where: str, what: str, todo: str = "") -> InputError:
        """Make an error of a single problem."""
        return cls([Problem(where, what, todo)])


LONGEST = 40
"""Characters of what the user wrote that a message repeats."""


def shortened(text: object) -> str:
    """What the user or a file says, as one short line for a message."""
    line = "".join(sign if sign.isprintable() else "?" for sign in " ".join(str(text).split()))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def quoted(text: object) -> str:
    """The same in quotation marks."""
    return f"'{shortened(text)}'"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to `name`, or list the known ones if none is near."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}" if names else "none is defined"
