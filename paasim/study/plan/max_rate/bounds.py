"""How full every place is at the scenario's own load, before any run: where a plan starts, and what checks it."""

from __future__ import annotations

from paasim.scenario.capacity import analyze
from paasim.scenario.scenario import Scenario


def bounds(scenario: Scenario) -> dict[str, float]:
    """Utilisation of pools, fleets and links by name at the scenario's load; empty for closed loops.

    Raises:
        InputError: if a profile or the model cannot be loaded.
    """
    return {each.name: each.utilisation for each in analyze(scenario).stations if each.utilisation > 0}
