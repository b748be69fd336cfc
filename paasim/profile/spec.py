"""The header of a profile: what was measured, on what, by whom, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from paasim.core.spec import Spec
from paasim.core.units import Duration, Power, PricePerHour, Size
from paasim.profile.form import Forms
from paasim.profile.service import Speculation, Thermal

Provenance = Literal["measured", "composed", "fitted", "estimated"]
"""`measured` end to end on the hardware; `composed` from measured kernels; `fitted`: published coefficients, or a form
through published points; `estimated`: from a data sheet, or recovered from another result."""
Place = Literal["datacenter", "device"]
"""Where such hardware stands: in a rack, or with its user (phone, laptop, desktop, board, workstation card)."""
PHASES = ("prefill", "decode", "mixed")


class Memory(Spec):
    """Memory of an instance."""

    device_bytes: Size | None = None
    """Memory of one GPU or device."""
    weight_bytes: Size | None = None
    """Weights over all GPUs of the instance."""
    kv_bytes_per_token: Size | None = None
    """KV cache of one token over all GPUs of the instance, replicas counted, as the source states it."""
    kv_capacity_tokens: int | None = Field(default=None, gt=0)
    """Tokens of KV cache that the instance has room for."""


class Limits(Spec):
    """What the engine refuses to exceed."""

    max_seqs: int | None = Field(default=None, gt=0)
    """Most sequences decoded in one step."""
    max_batch_tokens: int | None = Field(default=None, gt=0)
    """Most new prompt tokens in one step."""
    max_context: int | None = Field(default=None, gt=0)
    """Longest context of a request, in tokens."""


class Calibration(Spec):
    """From the table's time t to the time of a step in service: `scale * t + overhead`, and `request` once a request.

    Where `prompt` is given, what the prompt tokens of a step add is scaled by that instead: their kernels and the
    scheduler's work for them differ from those of decoding more than one factor can say.
    """

    scale: float = Field(default=1.0, gt=0, le=1000)
    """Factor on every step."""
    overhead: Duration = 0.0
    """Added to every step: scheduler, sampling."""
    prompt: float | None = Field(default=None, gt=0, le=1000)
    """Factor on what the prompt tokens of a step take; the same as `scale` if left out."""
    request: Duration = 0.0
    """Before a request joins the queue of the engine that prefills it: HTTP, tokenizer, hand-over to the scheduler."""
    note: str = ""
    """What it was fitted to."""

    def slowed(self, factor: float) -> Calibration:
        """The same with every step `factor` times as long; what a request takes before it queues stays."""
        prompt = None if self.prompt is None else self.prompt * factor
        changed = {"scale": self.scale * factor, "overhead": self.overhead * factor, "prompt": prompt}
        return self.model_copy(update=changed)


class MeasuredFraction(Spec):
    """Of a composed profile: mean share of a step's time that comes straight from measured kernels."""

    prefill: float | None = Field(default=None, ge=0, le=1)
    """Of prefill steps."""
    decode: float | None = Field(default=None, ge=0, le=1)
    """Of decode steps."""


class PhaseError(Spec):
    """Relative error of one phase against its own table (after the monotone clean-up)."""

    points: int = Field(ge=0)
    """Rows of the table."""
    cleaned: float = Field(ge=0)
    """Largest relative change that the monotone clean-up made to a row."""
    median: float | None = Field(default=None, ge=0)
    """Median error on rows held out (four times a random quarter); None where there are too few rows."""
    p95: float | None = Field(default=None, ge=0)
    """95th percentile of the same."""
    form_median: float = Field(ge=0)
    """Median error of the form alone, as used outside the box."""


class FitError(Spec):
    """Errors by phase."""

    prefill: PhaseError | None = None
    """Of prefill."""
    decode: PhaseError | None = None
    """Of decode."""
    mixed: PhaseError | None = None
    """Of mixed steps."""


class ProfileSpec(Spec):
    """A hardware profile: the header of `profiles/<id>.yaml`, or written inline in a scenario with a form only."""

    id: str = "inline"
    """`hardware/model/dtype/engine/tpN`, the path below `profiles/`."""
    hardware: str = "unnamed"
    """GPU or device, such as `h100-sxm`."""
    place: Place | None = None
    """Where it stands; None if not said."""
    model: str = "unnamed"
    """Model it was measured with: an id of the model catalogue, or the name in the source."""
    dtype: str = "unstated"
    """Number format of the weights."""
    engine: str = "unstated"
    """Serving engine."""
    version: str = "unstated"
    """Version of the engine."""
    tp: int = Field(default=1, gt=0)
    """Tensor-parallel GPUs."""
    ep: int = Field(default=1, gt=0)
    """Expert-parallel width, over the same GPUs."""
    pp: int = Field(default=1, gt=0)
    """Pipeline stages."""
    provenance: Provenance = "estimated"
    """How the times came to be."""
    measured_fraction: MeasuredFraction | None = None
    """Of composed profiles."""
    source: str = ""
    """Where the figures come from, as a URL."""
    licence: str = ""
    """Licence of the source."""
    date: str | None = None
    """When it was measured or published, as far as known: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`."""
    note: str = ""
    """What a user must know."""
    memory: Memory = Memory()
    """Memory of an instance."""
    limits: Limits = Limits()
    """Limits of the engine."""
    calibration: Calibration = Calibration()
    """From the table to steps in service."""
    speculation: Speculation | None = None
    """Speculative decoding that the engine runs with; the table holds plain steps."""
    thermal: Thermal | None = None
    """How the device slows down as it gets warm; at work only where a pool or fleet says `thermal: true`."""
    price: PricePerHour | None = None
    """Price of one instance per hour."""
    price_source: str = ""
    """Where the price is published."""
    power: Power | None = None
    """Power of one instance at work."""
    power_source: str = ""
    """Where the power is published."""
    table: str | None = None
    """CSV beside the YAML file; without it the forms alone are the profile."""
    form: Forms = Forms()
    """Coefficients of the forms."""
    error: FitError | None = None
    """How well the forms and the table agree."""

    @property
    def gpus(self) -> int:
        """GPUs (or devices) per instance."""
        return self.tp * self.pp

    @model_validator(mode="after")
    def _has_times(self) -> ProfileSpec:
        if self.form.prefill is None and self.form.decode is None:
            raise ValueError("has neither form.prefill nor form.decode: write e.g. form: {prefill: {b: 20 us}}")
        return self


class BetweenSpec(Spec):
    """A tensor-parallel width between two measured ones: the time of a step is taken as x + y/tp, and is estimated."""

    between: tuple[str, str]
    """The narrower and the wider profile, by name or path; they differ in tensor-parallel width alone."""
    tp: int = Field(gt=1)
    """The width asked for, between theirs."""


def form_of(profile: object) -> str:
    """Which of its forms a profile is written in: `a name`, `a width between two`, or `a header`."""
    if isinstance(profile, BetweenSpec) or (isinstance(profile, Mapping) and "between" in profile):
        return "a width between two"
    return "a header" if isinstance(profile, (ProfileSpec, Mapping)) else "a name"
