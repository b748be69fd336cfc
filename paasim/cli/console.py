"""The two consoles: stdout carries the result, stderr the talk.

rich honours `NO_COLOR` and drops colour and width tricks where the output is a pipe. Imported only when a verb prints.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 120
"""Columns of tables where the output is not a terminal and `COLUMNS` says nothing else."""


def out() -> Console:
    """The console on stdout, for results."""
    return _console(False, _width(sys.stdout.isatty()))


def err() -> Console:
    """The console on stderr, for progress, warnings and errors."""
    return _console(True, _width(sys.stderr.isatty()))


def _width(is_terminal: bool) -> int | None:
    """Columns of tables; None: as many as the terminal has."""
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdigit() and int(asked) else None if is_terminal else PIPE_WIDTH


@functools.cache
def _console(is_stderr: bool, width: int | None) -> Console:
    from rich.console import Console

    return Console(stderr=is_stderr, highlight=False, soft_wrap=False, width=width)


def say(text: str = "") -> None:
    """Print plain text on stdout, as it is: no wrapping, no markup."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print plain text on stderr, as it is."""
    sys.stderr.write(text + "\n")


def warn(text: object) -> None:
    """Print a warning on stderr."""
    note(f"warning: {text}")


def say_json(document: Any) -> None:
    """Print one JSON document on stdout.

    Raises:
        ValueError: if it holds NaN or an infinity, which JSON does not know.
    """
    say(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
