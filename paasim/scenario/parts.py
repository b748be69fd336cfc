"""What a scenario names, looked up: its ends, the profile of each, and the model of each end and request class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from paasim.core.errors import InputError, Problem
from paasim.engine.pool import FleetSpec
from paasim.model.model import Model
from paasim.profile.profile import Profile
from paasim.profile.steps import StepTime
from paasim.scenario import lookup
from paasim.scenario.ends import End, ends
from paasim.scenario.engines import DEFAULT_MAX_SEQS, context_limit, kv_capacity
from paasim.scenario.scenario import Scenario

Loaded = TypeVar("Loaded")
P = ParamSpec("P")


@dataclass
class Parts:
    """The looked-up parts of a scenario; what could not be found is missing from the mappings."""

    ends: dict[str, End]
    profiles: dict[str, Profile] = field(default_factory=dict)
    """By name of the end."""
    models: dict[str, Model] = field(default_factory=dict)
    """By name of the end: the model it serves; and by name of the request class: the model that is asked for."""
    problems: list[Problem] = field(default_factory=list)
    """What could not be loaded."""

    @classmethod
    def of(cls, scenario: Scenario) -> Parts:
        """Load everything that a scenario names, collecting problems on the way."""
        parts = cls(ends(scenario))
        for name, end in parts.ends.items():
            base = scenario.base
            profile = parts._try(scenario, (*end.path, "profile"), lookup.profile, end.spec.profile, base)
            if profile is not None and end.spec.calibration is not None:
                profile = parts._try(scenario, (*end.path, "calibration"), lookup.engine_profile, end.spec, base)
            if profile is not None:
                parts.profiles[name] = profile
            path = (*end.path, "model") if end.spec.model else ("model",)
            loaded = parts._try(scenario, path, lookup.model, end.spec.model or scenario.model, base)
            if loaded is not None:
                parts.models[name] = loaded
        for name in scenario.classes:
            loaded = parts._try(scenario, ("model",), lookup.model, scenario.model, scenario.base)
            if loaded is not None:
                parts.models[name] = loaded
        return parts

    def sound(self) -> Parts:
        """These parts, if all of them were found.

        Raises:
            InputError: with everything that was not.
        """
        if self.problems:
            raise InputError(self.problems)
        return self

    def steps(self, name: str) -> StepTime:
        """Step times of the end of this name."""
        return lookup.steps(self.profiles[name], self.models[name], self.ends[name].spec.speculation)

    def memory_tokens(self, end: End) -> float:
        """Tokens of KV cache that one instance has room for; infinity if nothing limits them."""
        return kv_capacity(end.spec, self.profiles[end.name], self.models[end.name])

    def context_tokens(self, end: End) -> float:
        """Longest prompt in tokens that its engine or model takes; infinity if neither states a limit."""
        return context_limit(self.profiles[end.name], self.models[end.name])

    def most_slots(self, end: End) -> int:
        """Most sequences in service at once at one instance, as far as slots limit them."""
        if isinstance(end.spec, FleetSpec):
            return end.spec.max_seqs or 1
        return end.spec.max_seqs or self.profiles[end.name].spec.limits.max_seqs or DEFAULT_MAX_SEQS

    def _try(
        self,
        scenario: Scenario,
        path: tuple[str, ...],
        load: Callable[P, Loaded],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Loaded | None:
        """Load something that stands at `path`; a failure becomes a problem there."""
        try:
            return load(*args, **kwargs)
        except InputError as error:
            label = scenario.label + ".".join(path)
            for each in error.problems:
                where = each.where or scenario.where(*path)
                what = each.what if each.where else f"{label}: {each.what}"
                problem = Problem(where, what, each.todo)
                if problem not in self.problems:
                    self.problems.append(problem)
            return None
