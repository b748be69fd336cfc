"""Reading a YAML file of one's own, with errors that name file, line and column.

Scenarios are read by `paasim.scenario.yaml`, which keeps the place of every key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasim.core.errors import InputError


def read(path: Path) -> tuple[str, Any]:
    """The text of a YAML file, and what it holds.

    Raises:
        InputError: if it cannot be read, or is not YAML.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        return text, _parsed(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", "give a YAML file in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise InputError.one(where, f"is not YAML: {getattr(error, 'problem', error)}", "correct the file") from None


def _parsed(text: str) -> Any:
    """What the text holds; a mistake is looked for again by the loader in Python, whose place is where it was written.

    libyaml says where it gave up, which for a bracket left open at the end is a line that is not there.
    """
    import yaml

    try:
        return yaml.load(text, Loader=loader())
    except yaml.YAMLError:
        return yaml.load(text, Loader=yaml.SafeLoader)


def loader() -> Any:
    """The quickest of PyYAML's safe loaders that is there."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
