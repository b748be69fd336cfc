"""paasim: a network-aware latency simulator for LLM serving.

The public API; each name is imported when it is first used, so that `import paasim` stays light.

    import paasim

    scenario = paasim.load("quickstart", ["run.seed=7"])
    result = paasim.simulate(scenario)
    result.requests, result.summary(), result.to_json()
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paasim.results.result import Result
    from paasim.scenario.loader import load
    from paasim.study.compare import compare
    from paasim.study.finished import compare_results
    from paasim.study.plan.max_rate.plan import plan
    from paasim.study.run import simulate
    from paasim.study.sensitivity.study import sensitivity
    from paasim.study.sweep.sweep import sweep

__all__ = ["Result", "compare", "compare_results", "load", "plan", "sensitivity", "simulate", "sweep"]

_HOMES = {
    "Result": "paasim.results.result",
    "compare": "paasim.study.compare",
    "compare_results": "paasim.study.finished",
    "load": "paasim.scenario.loader",
    "plan": "paasim.study.plan.max_rate.plan",
    "sensitivity": "paasim.study.sensitivity.study",
    "simulate": "paasim.study.run",
    "sweep": "paasim.study.sweep.sweep",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562).

    Raises:
        AttributeError: for anything else.
    """
    if name not in _HOMES:
        raise AttributeError(f"module 'paasim' has no attribute '{name}'")
    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)


class _Package(ModuleType):
    """This package. Importing the module `paasim.simulate` must not put it in the place of the function."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
