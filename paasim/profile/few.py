"""Where a phase was measured at too few sizes to tell how its time grows: what the forms then are, and what is said.

A published figure is often one prompt length, or one decode rate. Least squares through it would settle on any of the
coefficients. Instead: time of a decode step is shared between weights and KV cache by their bytes, since reading both
is what a step of few sequences does (roofline; Pope et al. 2022, arXiv:2211.05102); a prompt's time grows with its
tokens, and not with their pairs. The measured points stay in the table and are met; only what lies beyond them follows
from this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from paasim.profile.fit import DIGITS
from paasim.profile.form import DecodeForm, Forms, PrefillForm
from paasim.profile.spec import Memory
from paasim.profile.table import Points, Table


class Shape(NamedTuple):
    """What of a model tells how long a step takes that reads its weights and its cache."""

    kv_bytes_per_token: float
    """Bytes of KV cache that one more token adds, all layers."""
    parameters: float | None
    """Weights in all."""
    active_parameters: float | None
    """Weights used per token; None for dense models."""


Shapes = Callable[[str], Shape | None]
"""The shape of a model by its name, None if it is not known. Given by the caller: profiles do not know models."""
LENGTHS = 3
"""Different prompt lengths, or decode contexts, that settle a form."""
SPAN = 1000
"""Tokens between two decode contexts from which on they tell growth from noise."""


def settle(
    forms: Forms, table: Table, header: Mapping[str, Any], shapes: Shapes | None = None
) -> tuple[Forms, list[str]]:
    """Forms of phases that were measured at too few sizes, and a sentence for each that says so.

    Args:
        forms: as fitted to the table.
        table: the measured steps.
        header: fields of `ProfileSpec`, for the model and the size of its weights.
        shapes: where to ask for the model; without it steps do not grow with context.

    Returns:
        The forms, unchanged where there are sizes enough, and remarks for the profile's note.
    """
    prefill, decode = table.points("prefill"), table.points("decode")
    remarks = []
    if decode is not None and len(np.unique(decode.context)) < LENGTHS and np.ptp(decode.context) < SPAN:
        decoding, remark = _decode(decode, _bytes(header, shapes))
        forms = forms.model_copy(update={"decode": decoding})
        remarks.append(remark)
    if prefill is not None and (steps := len(np.unique([prefill.tokens, prefill.pairs], axis=1).T)) < LENGTHS:
        form = _prefill(prefill, decode)
        forms = forms.model_copy(update={"prefill": form})
        growth = "" if form.c else ", without the growth of attention"
        what = "One prefill step" if steps == 1 else "Two prefill steps"
        remarks.append(f"{what}: larger ones are taken to need as long per token{growth}.")
    return forms, remarks


def _decode(points: Points, token: tuple[float, float] | None) -> tuple[DecodeForm, str]:
    b, seconds = points.batch, points.seconds
    first = int(np.argmin(points.total))
    if token is None:
        c, remark = 0.0, "Too few decode contexts to tell growth: the time of a step is taken not to grow."
    else:
        weights, per_token = token
        c = per_token * float(seconds[first]) / (weights + per_token * float(points.total[first]))
        remark = (
            "Too few decode contexts to tell growth: it is an estimate, by the bytes of the KV cache beside those of "
            f"the weights ({per_token / 1e3:,.0f} kB per token, {weights / 1e9:,.2f} GB)."
        )
    a, per_sequence = _line(b, np.maximum(seconds - c * points.total, 0.1 * seconds))
    return DecodeForm.model_construct(a=_short(a), b=_short(per_sequence), c=_short(c), d=0.0, e=0.0), remark


def _prefill(points: Points, decode: Points | None) -> PrefillForm:
    """Time by the token; a step never takes less than a decode step of one sequence, which reads the same weights."""
    n, seconds = points.tokens, points.seconds
    constant = floor = per_pair = 0.0
    if np.any(n <= 1):
        constant, per_token = _line(n, seconds)
    elif np.ptp(points.context) > 0:
        # Two depths of cache: they tell tokens from pairs.
        per_token, per_pair = _plane(points)
    else:
        per_token = float(seconds[np.argmax(n)] / n.max())
    if not constant and decode is not None and np.any(decode.batch == 1):
        floor = min(float(decode.seconds[decode.batch == 1].min()), float(seconds.min()))
    return PrefillForm.model_construct(a=_short(constant), w=_short(floor), b=_short(per_token), c=_short(per_pair))


def _plane(points: Points) -> tuple[float, float]:
    """Least squares on relative error of `b N + c Q`, b and c >= 0."""
    from scipy.optimize import nnls

    terms = np.stack([points.tokens, points.pairs], axis=1) / points.seconds[:, None]
    size = np.linalg.norm(terms, axis=0)
    b, c = nnls(terms / size, np.ones(len(points)))[0] / size
    return float(b), float(c)


def _line(x: Any, y: Any) -> tuple[float, float]:
    """Least squares on relative error of `y = a + b x` with a, b >= 0; constant for one x."""
    from scipy.optimize import nnls

    if len(np.unique(x)) == 1:
        return float(np.mean(y)), 0.0
    found = nnls(np.stack([1 / y, x / y], axis=1), np.ones_like(y))[0]
    return float(found[0]), float(found[1])


def _bytes(header: Mapping[str, Any], shapes: Shapes | None) -> tuple[float, float] | None:
    """Bytes of weights that a step of one sequence reads, and of KV cache per token of context; None if not known."""
    shape = shapes(str(header.get("model", ""))) if shapes else None
    if shape is None:
        return None
    weights = Memory.model_validate(header.get("memory", {})).weight_bytes
    if weights is None:
        bits = re.search(r"\d+", str(header.get("dtype", "")))
        weights = shape.parameters * int(bits[0]) / 8 if bits and shape.parameters else None
    if weights is None:
        return None
    active = shape.active_parameters / shape.parameters if shape.active_parameters and shape.parameters else 1.0
    return weights * active, shape.kv_bytes_per_token


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
