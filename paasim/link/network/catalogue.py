"""Finding networks: bundled ones by name, others by path."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paasim.core import yamlfile
from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.core.paths import bundled, expand
from paasim.link.network.spec import NetworkSpec

FOLDER = "networks"
"""Of `profiles`."""


def names() -> list[str]:
    """Names of the bundled networks, sorted."""
    return sorted(path.stem for path in (bundled("profiles") / FOLDER).glob("*.yaml"))


def load(network: str, base: Path | None = None) -> NetworkSpec:
    """Load a network.

    Args:
        network: a bundled name such as `5g-lowband`, or the path of a YAML file, relative to `base`.
        base: folder that relative paths start from.

    Raises:
        InputError: if there is no such network, or its file is wrong.
    """
    if network.endswith((".yaml", ".yml")):
        path = expand(network, base)
        if not path.is_file():
            raise InputError.one("", f"network file '{path}' does not exist", "check the path, or use a bundled name")
        return read(path)
    if network not in names():
        hint = did_you_mean(network, names())
        raise InputError.one("", f"network '{network}' is unknown", f"{hint} (see `paasim network list`)")
    return read(bundled("profiles") / FOLDER / f"{network}.yaml")


@functools.lru_cache(maxsize=64)
def read(path: Path) -> NetworkSpec:
    """Read the file of a network.

    Raises:
        InputError: naming file and line, if it is not one.
    """
    text, data = yamlfile.read(path)
    if not isinstance(data, dict):
        raise InputError.one(f"{path}:1", "is not a network", "make one with `paasim network fit`")
    try:
        return NetworkSpec.model_validate(data)
    except ValidationError as error:
        raise InputError(
            Problem(f"{path}:{_line(text, detail['loc'])}", _what(detail), "correct it, or fit it anew")
            for detail in error.errors()
        ) from None


def _what(detail: Any) -> str:
    name = ".".join(map(str, detail["loc"])) or "network"
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}"


def _line(text: str, steps: tuple[Any, ...]) -> int:
    """The line on which the deepest key of a path begins, as far as it stands there."""
    lines, at = text.splitlines(), 0
    for step in (step for step in steps if isinstance(step, str)):
        found = (n for n in range(at, len(lines)) if lines[n].lstrip(" -").startswith(f"{step}:"))
        at = next(found, at)
    return at + 1


def written(network: NetworkSpec) -> str:
    """The text of a network's file."""
    import yaml

    fields = network.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=112, default_flow_style=None)
