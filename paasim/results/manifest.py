"""What a result was made with: versions, command, profile hashes, platform.

The one file of a result folder that may differ between two runs of the same scenario and seed.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError

LIBRARIES = ("simpy", "numpy", "scipy", "pandas", "pydantic", "matplotlib")


def version() -> str:
    """The version of paasim; that of a checkout without installation is `0+unknown`."""
    try:
        return metadata.version("paasim")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def is_compiled() -> bool:
    """Whether the inner loop runs compiled, as `install.sh` leaves it; results are the same, sooner."""
    spec = find_spec("paasim.simulate")
    return spec is not None and not str(spec.origin).endswith(".py")


def manifest(scenario: Mapping[str, Any], base: Path | None, command: Sequence[str]) -> dict[str, Any]:
    """The manifest of a result.

    Args:
        scenario: the expanded scenario.
        base: folder that its relative paths start from.
        command: the command line, or empty for a run from Python.
    """
    return {
        "paasim_version": version(),
        "compiled": is_compiled(),
        "command": list(command),
        "seed": scenario.get("run", {}).get("seed"),
        "profiles": {name: found for name in _named(scenario, "profile") if (found := _profile(name, base))},
        "calibrations": {name: found for name in _named(scenario, "calibration") if (found := _figures(name, base))},
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
        "platform": {"system": platform.system(), "machine": platform.machine(), "byteorder": sys.byteorder},
    }


def _named(scenario: object, wanted: str) -> list[str]:
    """What the scenario and the patches of its variants name under a key, sorted."""

    def names(node: object) -> Iterator[str]:
        if isinstance(node, Mapping):
            for key, value in node.items():
                if isinstance(value, str) and (key == wanted or str(key).endswith(f".{wanted}")):
                    yield value
                elif wanted == "profile" and key == "between" and "tp" in node:
                    yield from (each for each in value if isinstance(each, str))
                else:
                    yield from names(value)
        elif isinstance(node, list):
            for item in node:
                yield from names(item)

    return sorted(set(names(scenario)))


def _figures(name: str, base: Path | None) -> dict[str, Any] | None:
    """What a calibration does; None if it is no longer there."""
    from paasim.profile import calibrations

    try:
        found = calibrations.load(name, base).calibration
    except InputError:
        return None
    return found.model_dump(mode="json", exclude_defaults=True)


def _profile(name: str, base: Path | None) -> dict[str, str] | None:
    """Full name, provenance and hash of a profile; None if it is no longer there."""
    from paasim.profile import load

    try:
        profile = load(name, base)
    except InputError:
        return None
    return {"id": profile.id, "provenance": profile.spec.provenance, "digest": profile.digest()}
