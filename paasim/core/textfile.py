"""Reading text files line by line, plain or gzip, with errors that name file and line.

Nothing is held but the line at hand.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from paasim.core.errors import InputError

_GZIP = b"\x1f\x8b"


def wrong(path: Path, line: int, what: str, todo: str = "correct or remove the line") -> InputError:
    """The error for something wrong at a line of a file."""
    return InputError.one(f"{path}:{line}" if line else str(path), what, todo)


def lines(path: Path, home: str = "") -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not blank, with their numbers from 1; gzip is told by its first bytes.

    Args:
        path: the file.
        home: where the data can be had, for the message if the file is missing.

    Raises:
        InputError: if it is missing, cut short, damaged or not text.
    """
    if not path.is_file():
        todo = f"check the path; the data can be had from {home}" if home else "check the path"
        raise InputError.one("", f"trace file '{path}' does not exist", todo)
    number = 0
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                text = line.rstrip()
                if text:
                    yield number, text
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        what = f"the gzip file is cut short or damaged after line {number} ({error})"
        raise wrong(path, number + 1, what, "get the file again") from None
    except UnicodeDecodeError:
        raise wrong(path, number + 1, "is not text in UTF-8", "give a plain or gzip text file") from None


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    if zipped:
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")
