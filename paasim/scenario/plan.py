"""The block `plan`: what `paasim plan --min-cost` may choose, for which load and limits, and what it pays.

Runs ignore it. Prices of a pool, a fleet or a link stand with them (`price`); here stands only what has no other place:
the price of a GPU of some hardware, so that one axis over profiles is priced, and the rent of bandwidth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from paasim.core.spec import Spec
from paasim.core.units import PricePerHour, Rate
from paasim.scenario.names import Name

MOST_VALUES = 10_000
"""Values of one axis."""

_RANGE = re.compile(r"\s*(\d{1,9})\s*\.\.\s*(\d{1,9})\s*")


def expand_range(value: Any) -> Any:
    """Read `2..5` as the list 2, 3, 4, 5; what is not written so is left as it is.

    Raises:
        ValueError: if it runs backwards or is endless.
    """
    match = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    first, last = int(match[1]), int(match[2])
    if last < first:
        raise ValueError(f"'{value.strip()}' runs backwards; write {last}..{first}")
    if last - first >= MOST_VALUES:
        raise ValueError(f"'{value.strip()}' has more than {MOST_VALUES:,} values; write fewer")
    return list(range(first, last + 1))


Values = Annotated[
    list[Any],
    BeforeValidator(expand_range),
    Field(min_length=1, max_length=MOST_VALUES),
    WithJsonSchema({"anyOf": [{"type": "array", "minItems": 1}, {"type": "string", "examples": ["1..8"]}]}),
]
"""A list of values, or whole numbers such as `1..8`."""

_OBJECTIVE = r"^\s*[a-z0-9_]+\s*(:\s*[a-z0-9.]+\s*)?=\s*\S.*$"


def _objective(value: str) -> str:
    if not re.match(_OBJECTIVE, value):
        raise ValueError("is not of the form METRIC:STATISTIC=LIMIT; write e.g. ttft:p99=800ms or attainment=95%")
    return value


ObjectiveText = Annotated[str, AfterValidator(_objective), WithJsonSchema({"type": "string", "pattern": _OBJECTIVE})]
"""A limit such as `ttft:p99=800ms`."""


class PricesSpec(Spec):
    """Prices that no pool, fleet or link can say for itself."""

    gpus: dict[str, PricePerHour] = Field(default_factory=dict)
    """Of one GPU (or device) and hour, by hardware (`h100-sxm`), or by pool or fleet (`cloud.prefill`), which comes
    first; a `price` of the pool or fleet itself comes before both, one of the profile after."""
    bandwidth: dict[Name, PricePerHour] = Field(default_factory=dict)
    """Of each Gbps of a link's bandwidth and hour, by link; a link's own `price` is per volume sent."""
    source: str = ""
    """Where the prices are published and when they were read, or that they are assumed."""


class PlanSpec(Spec):
    """The space of a capacity plan, its load, its limits and its prices; runs ignore it."""

    over: dict[str, Values] = Field(default_factory=dict)
    """Axes: the path of a field, as `--set` takes it, and its values."""
    together: dict[Name, dict[Name, dict[str, Any]]] = Field(default_factory=dict)
    """Axes that change several fields at once: named options, each a mapping from paths to values."""
    load: float | None = Field(default=None, gt=0, le=1e6)
    """This many times the load of the scenario; else as it is."""
    rate: Rate | None = None
    """Or requests per second over all classes."""
    slo: list[ObjectiveText] = Field(default_factory=list)
    """Limits such as `ttft:p99=800ms`, all of which a plan must keep; else the scenario's `slo`."""
    prices: PricesSpec = Field(default_factory=PricesSpec)
    """Prices besides those of pools, fleets, links and profiles."""

    @model_validator(mode="after")
    def _one_load(self) -> Self:
        if self.load is not None and self.rate is not None:
            raise ValueError("has both 'load' and 'rate'; keep one of them")
        return self

    @model_validator(mode="after")
    def _axes_are_apart(self) -> Self:
        owners: dict[str, str] = {path: path for path in self.over}
        for name, options in self.together.items():
            if not options:
                raise ValueError(f"together.{name} has no options; write e.g. {{small: {{a.b: 1}}, large: {{a.b: 2}}}}")
            for path in dict.fromkeys(path for changes in options.values() for path in changes):
                if path in owners:
                    raise ValueError(f"'{path}' is changed by two axes, {owners[path]} and {name}; keep one of them")
                owners[path] = name
        for path in owners:
            above = next((each for each in owners if path.startswith(f"{each}.")), None)
            if above is not None and owners[above] != owners[path]:
                raise ValueError(f"'{path}' is inside '{above}', which another axis changes; keep one of them")
        return self

    def changes(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """The axes by name, each with its options, each of these a mapping from paths to values."""
        found: dict[str, list[Mapping[str, Any]]] = {path: [{path: v} for v in self.over[path]] for path in self.over}
        return found | {name: list(options.values()) for name, options in self.together.items()}
