"""Make every shipped network again from the raw data and compare: `python -m tests.link.regenerate`.

`--write` writes what differs. The raw data are found by `PAASIM_DATA`, else beside the checkout; without them nothing
is compared, and that is said.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from paasim.link.network import recipes
from paasim.link.network.catalogue import names, written

ROOT = Path(__file__).resolve().parents[2]
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
    data = Path(os.environ.get("PAASIM_DATA", ROOT.parent / "shared" / "data"))
    if not data.is_dir():
        sys.stdout.write(f"raw data not found at {data}: nothing is compared\n")
        return 0
    found = list(differences(data, write="--write" in sys.argv))
    sys.stdout.write(("\n".join(found) or f"{len(names())} networks are what their recipes make") + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
