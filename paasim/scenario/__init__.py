"""The user's YAML as frozen models: strict loading with places, whole-scenario checks, the JSON schema."""

from paasim.scenario.checks import check
from paasim.scenario.loader import bundled, from_dict, load
from paasim.scenario.scenario import Scenario

__all__ = ["Scenario", "bundled", "check", "from_dict", "load"]
