"""What a result was made with: versions, command, profile hashes, platform.

The one file of a result folder that may differ between two runs of the same scenario and seed.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from paasim.core import paths

LIBRARIES = ("simpy", "numpy", "scipy", "pandas", "pydantic", "matplotlib")


def version() -> str:
    """The version of paasim; that of a checkout without installation is `0+unknown`."""
    try:
        return metadata.version("paasim")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def manifest(scenario: Mapping[str, Any], base: Path | None, command: Sequence[str]) -> dict[str, Any]:
    """The manifest of a result.

    Args:
        scenario: the expanded scenario.
        base: folder that its relative paths start from.
        command: the command line, or empty for a run from Python.
    """
    return {
        "paasim_version": version(),
        "command": list(command),
        "seed": scenario.get("run", {}).get("seed"),
        "profiles": {name: digest for name in sorted(set(_profiles(scenario))) if (digest := _digest(name, base))},
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
        "platform": {"system": platform.system(), "machine": platform.machine(), "byteorder": sys.byteorder},
    }


def _profiles(node: object) -> Iterator[str]:
    """Every profile name in the scenario and in the patches of its variants."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(value, str) and (key == "profile" or str(key).endswith(".profile")):
                yield value
            else:
                yield from _profiles(value)
    elif isinstance(node, list):
        for item in node:
            yield from _profiles(item)


def _digest(name: str, base: Path | None) -> str | None:
    """SHA-256 of a profile's YAML and of the tables beside it that share its name; None if it has no file."""
    for file in (paths.bundled("profiles") / f"{name}.yaml", (base or Path()) / name):
        if file.is_file():
            digest = hashlib.sha256(file.read_bytes())
            for table in sorted(file.parent.glob(f"{file.stem}*.csv")):
                digest.update(table.read_bytes())
            return digest.hexdigest()
    return None
