"""Make every shipped network again from the raw data and compare: `python -m tests.link.regenerate`.

`--write` writes what differs. The raw data are found by `PAASIM_DATA`, else beside the checkout; without them nothing
is compared, and that is said.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from paasim.link.network import recipes
from paasim.link.network.catalogue import names, written
from tests.remade import ROOT, compare

NETWORKS = ROOT / "profiles" / "networks"


def differences(data: Path, only: str = "", write: bool = False) -> Iterator[str]:
    """What differs between the networks made from `data` and those that ship, one sentence each."""
    made = set()
    for recipe in sorted((NETWORKS / "recipes").glob("*.yaml")):
        for network in recipes.run(recipe, data, only):
            made.add(network.id)
            path, text = NETWORKS / f"{network.id}.yaml", written(network)
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                yield f"{path.name}: differs from what its recipe makes"
                if write:
                    path.write_text(text, encoding="utf-8")
    for name in names():
        if name.startswith(only) and name not in made:
            yield f"{name}: ships, but no recipe makes it"


def main() -> int:
    """Compare all, print what differs, and return the exit code."""
    return compare(lambda data: differences(data, write="--write" in sys.argv), len(names()), "networks")


if __name__ == "__main__":
    sys.exit(main())
