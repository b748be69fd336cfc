"""What `paasim sensitivity --json` prints, version 1. Fields are added, never renamed or removed.

Latencies are seconds, rates per second. What does not exist is null, never NaN.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from paasim.core.spec import Spec, document_schema
from paasim.study.sensitivity.inputs import Input

SCHEMA_VERSION: Literal[1] = 1

Interval = tuple[float, float]
Method = Literal["oat", "morris", "sobol"]
Shape = Literal["rises", "falls", "both ways", "none", "cannot tell"]


class InputRange(Spec):
    """An input and how far it is moved."""

    name: str
    kind: Literal["input", "profile error"]
    low: float
    high: float
    is_factor: bool
    """True: `low` and `high` are factors on what the scenario says; false: values as asked for, in `unit`."""
    is_logarithmic: bool
    """Whether it is walked by equal factors, not equal steps: where the ends lie a factor of ten apart."""
    unit: str
    settings: list[tuple[str, str, str]]
    """`[path, text at the low end, text at the high end]` of every place in the scenario."""
    why: str
    """Where the range comes from."""

    @classmethod
    def of(cls, each: Input) -> InputRange:
        """An input as the document has it."""
        return cls(
            name=each.name,
            kind=each.kind,
            low=each.low,
            high=each.high,
            is_factor=each.is_factor,
            is_logarithmic=each.is_logarithmic,
            unit=each.unit,
            settings=[(one.path, one.write(each.low), one.write(each.high)) for one in each.settings],
            why=each.why,
        )


class Moved(Spec):
    """The metric with one input at an end of its range."""

    value: float | None
    """Null where nothing was measured."""
    difference: float | None
    """To the scenario as it is, paired over replications."""
    ci95: Interval | None
    """Of the difference; null with fewer than three replications."""
    steady_state: bool


class OneAtATime(Spec):
    """An input moved alone."""

    input: str
    low: Moved
    high: Moved
    swing: float | None
    """From end to end; where the metric does not just rise or fall, largest value less smallest, the scenario as it is
    included. Null where an end has no value."""
    swing_ci95: Interval | None
    """From end to end, paired over replications; null with fewer than three, and where the shape is `both ways`."""
    elasticity: float | None
    """Per cent of the metric per per cent of the input, over the range; null where one of them is not positive."""
    shape: Shape
    """`both ways`: up (or down) at both ends; `none`: no difference; `cannot tell`: every interval holds zero."""


class Morris(Spec):
    """Elementary effects of an input (Morris, 1991; Campolongo et al., 2007), in the metric's unit per whole range."""

    input: str
    mu_star: float
    """Mean absolute effect: how much it matters."""
    mu_star_conf95: float
    """Half-width of its interval, by bootstrap over trajectories."""
    mu: float
    """Mean effect: with its sign."""
    sigma: float
    """Standard deviation of the effects: above half of mu_star, the effect bends, or depends on other inputs."""


class Sobol(Spec):
    """Shares of the variance of the metric over all ranges (Saltelli et al., 2010)."""

    input: str
    first: float
    """First-order index: what it explains alone."""
    first_conf95: float
    """Half-width of its interval, by bootstrap."""
    total: float
    """Total index: with all interactions."""
    total_conf95: float


class Span(Spec):
    """A variant within the error of its profiles."""

    nominal: float | None
    """The metric with the profiles as they are."""
    low: float | None
    high: float | None
    """Smallest and largest over the samples."""
    best: int
    """Samples in which it is the best of the variants."""


class Flip(Spec):
    """A sample in which another variant is best."""

    factors: dict[str, float]
    """Factor on the step times of each profile."""
    best: str
    value: float


class Survival(Spec):
    """Whether the answer survives the error of the profiles: all step times of a profile times a factor in its band."""

    inputs: list[InputRange]
    samples: int
    """A Latin hypercube over the bands."""
    best: str | None
    """The best variant with the profiles as they are; null where none has a value."""
    stays: int
    """Samples in which it stays the best."""
    variants: dict[str, Span]
    flips: list[Flip]
    """The others, nearest to the profiles as they are first."""


class Study(Spec):
    """A sensitivity study."""

    schema_version: Literal[1] = SCHEMA_VERSION
    paasim_version: str
    scenario: dict[str, Any]
    """With every default filled in; the variant that was asked for stands as the scenario itself."""
    variant: str
    metric: str
    title: str
    """The metric in words."""
    unit: str
    seed: int
    replications: int
    method: Method
    runs: int
    """Replications that were simulated, all of them together."""
    samples: int | None
    """Trajectories (Morris) or base samples (Sobol); null for one at a time."""
    value: float | None
    """The metric of the scenario as it is."""
    inputs: list[InputRange]
    left_out: dict[str, str] = Field(default_factory=dict)
    """Inputs that could not be moved, and why."""
    oat: list[OneAtATime] | None = None
    """What matters most comes first, here and below."""
    morris: list[Morris] | None = None
    sobol: list[Sobol] | None = None
    survival: Survival | None = None
    warnings: list[str] = Field(default_factory=list)

    def to_json(self) -> str:
        """The document as text: same study, same bytes."""
        import json

        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sensitivity_schema() -> dict[str, Any]:
    """The JSON schema of a study."""
    return document_schema(Study, "paasim sensitivity")
