"""Make every shipped profile again from the raw data and compare: `python -m tests.profile.regenerate`.

The raw data are found by `PAASIM_DATA`, else beside the checkout; without them nothing is compared, and that is said.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from paasim.cli.profile.options import shape
from paasim.profile import names
from paasim.profile.importers import recipes
from tests.remade import ROOT, compare


def differences(data: Path, only: str | tuple[str, ...] = "") -> Iterator[str]:
    """What differs between the profiles made from `data` and those that ship, one sentence each.

    Args:
        data: the folder of raw measured data.
        only: compare only profiles whose id begins with this, or with one of these.
    """
    shipped = ROOT / "profiles"
    with tempfile.TemporaryDirectory() as folder:
        made: set[str] = set()
        for profile in recipes.run(shipped / "recipes", data, Path(folder), only, shape):
            if profile.id in made:
                yield f"{profile.id}: two recipes make it"
            made.add(profile.id)
        for path in sorted(each for each in Path(folder).rglob("*") if each.is_file()):
            name = path.relative_to(folder)
            if not (shipped / name).is_file():
                yield f"{name}: is made by a recipe, but does not ship"
            elif (shipped / name).read_bytes() != path.read_bytes():
                yield f"{name}: differs from what its recipe makes"
    for name in names():
        if name.startswith(only) and name not in made:
            yield f"{name}: ships, but no recipe makes it"


def main() -> int:
    """Compare all, print what differs, and return the exit code."""
    return compare(differences, len(names()), "profiles")


if __name__ == "__main__":
    sys.exit(main())
