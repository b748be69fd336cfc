"""SALib (https://salib.readthedocs.io), which samples and analyses; an extra, since only two methods need it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from paasim.core.errors import InputError
from paasim.core.recorder import Floats

Respond = Callable[[Floats], Floats]
"""From samples, shape (n, inputs), each in [0, 1], to the metric at each."""

INSTALL = 'sh install.sh sensitivity (or: pip install "SALib>=1.5"), or take --method oat'


def module(name: str) -> Any:
    """A module of SALib, such as `sample.morris`.

    Raises:
        InputError: if it is not installed.
    """
    try:
        return importlib.import_module(f"SALib.{name}")
    except ImportError:
        what = "this method needs SALib, which is not installed"
        raise InputError.one(f"--method {name.rsplit('.', 1)[1]}", what, INSTALL) from None


def problem(names: Sequence[str]) -> dict[str, Any]:
    """SALib's description of inputs that all run from 0 to 1."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
