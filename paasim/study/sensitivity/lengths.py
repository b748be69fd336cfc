"""How each kind of lengths is made longer or shorter by a factor, prompts and outputs apart."""

from __future__ import annotations

from math import log
from typing import Any

from paasim.study.sensitivity.inputs import Setting, Write
from paasim.workload.lengths.fixed import FixedLengths
from paasim.workload.lengths.lengths import LengthSpec, LengthsSpec
from paasim.workload.lengths.quantiles import QuantileLengths
from paasim.workload.lengths.uniform import UniformLengths


def length_settings(lengths: LengthsSpec, at: str, part: str) -> list[Setting]:
    """What to set; nothing where every length is one token, which stands for "none".

    Args:
        lengths: of a request class.
        at: where they stand in the scenario.
        part: `prompt` or `output`.
    """
    if isinstance(lengths, QuantileLengths):
        scale = f"{part}_scale"
        return [Setting(f"{at}.{scale}", _times(getattr(lengths, scale)))]
    own: Any = getattr(lengths, part, None)
    if isinstance(lengths, FixedLengths):
        return [] if own == 1 else [Setting(f"{at}.{part}", _whole(own))]
    if isinstance(lengths, UniformLengths):
        return [Setting(f"{at}.{part}.{end}", _whole(getattr(own, end))) for end in ("min", "max")]
    if isinstance(own, LengthSpec):
        return _of_law(own, f"{at}.{part}")
    return []


def _of_law(spec: LengthSpec, at: str) -> list[Setting]:
    if spec.fixed is not None:
        return [] if spec.fixed == 1 else [Setting(f"{at}.fixed", _whole(spec.fixed))]
    if spec.mean is not None:
        return [Setting(f"{at}.mean", _times(spec.mean))]
    mu = spec.mu or 0.0
    return [Setting(f"{at}.mu", lambda factor: f"{mu + log(factor):.12g}")]


def _times(value: float) -> Write:
    return lambda factor: f"{value * factor:.12g}"


def _whole(value: int) -> Write:
    return lambda factor: str(max(1, round(value * factor)))
