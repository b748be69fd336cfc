"""Where bundled data stands: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

import os
import re
from pathlib import Path

from paasim.core.errors import InputError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def bundled(folder: str) -> Path:
    """The folder `profiles` or `scenarios` that ships with paasim."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "data" / folder
    return inside if inside.is_dir() else package.parent / folder


def expand(text: str, base: Path | None = None) -> Path:
    """Turn a path as the user wrote it into a path: `${NAME}` from the environment, relative ones from `base`.

    Raises:
        InputError: if a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise InputError.one("", f"'{text}': the variable {name} is not set", f"set it: export {name}=/folder")
        return os.environ[name]

    path = Path(_VARIABLE.sub(value, text)).expanduser()
    return path if path.is_absolute() or base is None else base / path
