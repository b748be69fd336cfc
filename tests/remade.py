"""What the commands share that make again what ships from the raw data, and compare."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def compare(differences: Callable[[Path], Iterable[str]], count: int, what: str) -> int:
    """Compare all, print what differs, and return the exit code.

    Args:
        differences: what differs from what is made of the raw data, one sentence each.
        count: how many ship.
        what: what they are, such as `profiles`.
    """
    data = Path(os.environ.get("PAASIM_DATA", ROOT.parent / "shared" / "data"))
    if not data.is_dir():
        sys.stdout.write(f"raw data not found at {data}: nothing is compared\n")
        return 0
    found = list(differences(data))
    sys.stdout.write(("\n".join(found) or f"{count} {what} are what their recipes make") + "\n")
    return 1 if found else 0
