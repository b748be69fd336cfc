"""The block `studies`: sweeps that belong to a scenario, by name, so that they can be kept and run again."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from paasim.core.spec import Spec
from paasim.scenario import ranges
from paasim.scenario.names import Name

Values = Annotated[
    Any,
    AfterValidator(ranges.listed),
    WithJsonSchema(
        {
            "type": ["array", "string", "number", "boolean"],
            "description": "values of a field: a list, or a range such as lin(1 Gbps, 10 Gbps, 4)",
            "examples": [["1 Gbps", "5 Gbps"], "log(1 Gbps, 100 Gbps, 5)"],
        }
    ),
]
"""A list of values, or a text of `paasim.scenario.ranges`; kept as a list, in which ranges are text."""


class StudySpec(Spec):
    """What to vary: every combination of the values under `vary`, of each group under `zip`, and of the variants."""

    question: str = ""
    """The question it answers, in one sentence."""
    vary: dict[str, Values] = Field(default_factory=dict)
    """Paths such as `network.links.wan.bandwidth`, each with its values; crossed."""
    zip: list[dict[str, Values]] = Field(default_factory=list)
    """Groups of paths that change together: the first values of all, then the second ones, and so on."""
    variants: list[Name] = Field(default_factory=list)
    """Variants of the scenario to vary in turn; `base` is the scenario itself. The scenario itself if empty."""
    sample: int | None = Field(default=None, gt=0, le=ranges.MOST_VALUES)
    """Points of a Latin hypercube over the ranges and lists under `vary`, in place of all combinations of them."""
    sample_seed: int = Field(default=1, ge=0, lt=2**63)
    """Seed of the sample; that of the simulations is `run.seed`."""
    replications: int | None = Field(default=None, gt=0, le=10_000)
    """Replications of every point, if not as many as the scenario says."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        paths = [path for group in (self.vary, *self.zip) for path in group]
        if twice := {path for path in paths if paths.count(path) > 1}:
            raise ValueError(f"varies '{twice.pop()}' twice; name every path once")
        if not paths and len(self.variants) < 2:
            raise ValueError("varies nothing; give 'vary', 'zip', or two 'variants'")
        if repeated := {name for name in self.variants if self.variants.count(name) > 1}:
            raise ValueError(f"names the variant '{repeated.pop()}' twice; name every variant once")
        if self.sample is not None and not self.vary:
            raise ValueError("has a 'sample' of nothing; give 'vary' some ranges")
        for path, values in self.vary.items() if self.sample is None else ():
            if any(isinstance(value, ranges.Range) and value.count is None for value in ranges.parse(values)):
                raise ValueError(f"'{path}' has a range without a number of values: write lin(1, 10, 4), or 'sample'")
        self._are_of_equal_length()
        return self

    def _are_of_equal_length(self) -> None:
        for group in self.zip:
            lengths = {path: sum(_count(value) for value in ranges.parse(group[path])) for path in group}
            if len(set(lengths.values())) > 1:
                shown = ", ".join(f"{path} has {length}" for path, length in lengths.items())
                raise ValueError(f"values that are zipped must be as many on each side: {shown}")


def _count(value: Any) -> int:
    if not isinstance(value, ranges.Range):
        return 1
    if value.count is None:
        raise ValueError("a range that is zipped needs a number of values: lin(1, 10, 4)")
    return value.count
