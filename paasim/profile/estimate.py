"""Profiles that nobody measured: rooflines from a data sheet, or another profile scaled by stated ratios.

Of a step, what reads weights or KV caches goes by memory bandwidth and bytes, what multiplies them goes by arithmetic
(Williams et al., Roofline, CACM 2009, https://doi.org/10.1145/1498765.1498785). All figures are the caller's, and the
header says them; the result is `estimated` and has no measured box. Left out: launches, collectives between GPUs, and
that real kernels reach only a part of the peak, unless the caller states which part.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from paasim.core.errors import InputError
from paasim.core.units import COMPUTE
from paasim.profile.form import SATURATION, DecodeForm, Forms, MixedForm, PrefillForm
from paasim.profile.profile import Profile
from paasim.profile.spec import ProfileSpec

FLOPS_PER_WEIGHT = 2.0
"""Per token and weight: a multiplication and an addition."""
FLOPS_PER_PAIR = 4.0
"""Per attended pair of tokens and unit of query width: the same, for scores and for values."""


@dataclass(frozen=True)
class DataSheet:
    """What a data sheet says of one GPU or device."""

    compute: float
    """Peak arithmetic at the model's number format, FLOP/s (dense)."""
    bandwidth: float
    """Memory bandwidth, bytes/s."""
    memory: float
    """Memory, bytes."""
    compute_share: float = 1.0
    """Share of the peak arithmetic that is reached."""
    bandwidth_share: float = 1.0
    """Share of the peak bandwidth that is reached."""


@dataclass(frozen=True)
class Weights:
    """What a roofline asks of a model."""

    model: str
    """Its id."""
    dtype: str
    """Number format of the weights."""
    parameters: float
    """Number of weights."""
    active: float
    """Weights that one token is multiplied with: all but the idle experts."""
    size: float
    """Bytes of the weights."""
    kv_read: float
    """Bytes of KV cache that a decode step reads per token of context."""
    kv_kept: float | None
    """Bytes of KV cache per token over all GPUs, copies counted; None where it is not one figure."""


@dataclass(frozen=True)
class Ratios:
    """What another GPU or precision has, as multiples of what a profile was measured with."""

    compute: float = 1.0
    """Arithmetic."""
    bandwidth: float = 1.0
    """Memory bandwidth."""
    weight_bytes: float = 1.0
    """Bytes of the weights."""
    kv_bytes: float = 1.0
    """Bytes of the KV cache per token."""


def roofline(
    weights: Weights, sheet: DataSheet, header: dict[str, Any], gpus: int = 1, query_width: float | None = None
) -> ProfileSpec:
    """The header of a profile with the roofline's times as its form.

    Args:
        weights: of the model.
        sheet: of one GPU.
        header: fields of the header: id, hardware, source, ...
        gpus: tensor-parallel GPUs, which share the work evenly.
        query_width: layers times query heads times their size; None leaves the arithmetic of attention out.

    Raises:
        InputError: if the weights do not fit, no source is given, or a field of the header is wrong.
    """
    fits = math.ceil(weights.size / sheet.memory)
    if fits > gpus:
        what = f"{weights.size / 1e9:.4g} GB of weights do not fit into {gpus} x {sheet.memory / 1e9:.4g} GB"
        raise InputError.one("--memory", what, f"it takes {fits:,} GPUs at least (--gpus), or a smaller --dtype")
    compute = sheet.compute * sheet.compute_share * gpus
    bandwidth = sheet.bandwidth * sheet.bandwidth_share * gpus
    read, per_token = weights.size / bandwidth, FLOPS_PER_WEIGHT * weights.active / compute
    pair = FLOPS_PER_PAIR * query_width / compute if query_width else 0.0
    forms = Forms.model_construct(
        prefill=PrefillForm.model_construct(a=0.0, w=read, b=per_token, c=pair),
        decode=_decode(read, weights.active / weights.parameters, per_token, weights.kv_read / bandwidth),
        mixed=None,
    )
    memory = {"device_bytes": f"{sheet.memory:.15g} B", "weight_bytes": f"{weights.size:.15g} B"}
    if weights.kv_kept is not None:
        memory["kv_bytes_per_token"] = f"{weights.kv_kept:.15g} B"
    note = (
        f"Roofline, not measured: {COMPUTE.format(sheet.compute)} at {sheet.compute_share:.0%} and "
        f"{sheet.bandwidth / 1e9:,.6g} GB/s at {sheet.bandwidth_share:.0%} per GPU, "
        f"{weights.size / 1e9:.4g} GB of weights, {weights.kv_read:,.6g} B of KV cache per token. "
        + ("" if query_width else "The arithmetic of attention is left out: long prompts take longer. ")
        + "Launches and collectives are left out: a lower bound."
    )
    known = {"model": weights.model, "dtype": weights.dtype, "tp": gpus}
    return _checked({"engine": "roofline", **header, **known}, forms, note, memory)


def _decode(all_weights: float, active: float, per_token: float, per_context: float) -> DecodeForm:
    """Decode: the weights that one token needs are read once, the other experts as more tokens need them."""
    # The rate whose single token touches the share of the experts that is nearest to the model's.
    slow, fast = SATURATION
    many = active < ((1 - slow) * (1 - fast)) ** 0.5
    # One token reads the active weights, a great many read all.
    first = max(0.0, all_weights * (1 - (1 - active) / (slow if many else fast)))
    rest = all_weights - first if active < 1 else 0.0
    return DecodeForm.model_construct(
        a=all_weights - rest, b=per_token, c=per_context, d=rest if many else 0.0, e=0.0 if many else rest
    )


def scaled(profile: Profile, ratios: Ratios, header: dict[str, Any]) -> ProfileSpec:
    """The header of a profile whose times are those of another, term by term, at other ratios.

    Reading weights (prefill w; decode a, d, e; mixed a) scales with their bytes over bandwidth; reading KV caches (c of
    decode and mixed) with theirs; arithmetic (prefill b and c; b of decode and mixed; d of mixed) with compute. The
    fixed part of a prefill step stays. Measured points cannot be split so: only the form is scaled.
    """
    weights, kv, work = ratios.weight_bytes / ratios.bandwidth, ratios.kv_bytes / ratios.bandwidth, 1 / ratios.compute
    spec, form = profile.spec, profile.spec.form
    p, d, m = form.prefill, form.decode, form.mixed
    make: dict[str, Any] = {
        "prefill": p and PrefillForm.model_construct(a=p.a, w=p.w * weights, b=p.b * work, c=p.c * work),
        "decode": d
        and DecodeForm.model_construct(a=d.a * weights, b=d.b * work, c=d.c * kv, d=d.d * weights, e=d.e * weights),
        "mixed": m and MixedForm.model_construct(a=m.a * weights, b=m.b * work, c=m.c * kv, d=m.d * work),
    }
    said = ", ".join(f"{name.replace('_', ' ')} x {value:g}" for name, value in asdict(ratios).items())
    note = f"Not measured: the form of {spec.id} ({spec.provenance}), scaled term by term by {said}."
    kept = {name: getattr(spec, name) for name in ("model", "dtype", "engine", "tp", "ep", "pp", "limits")}
    return _checked({**kept, **header}, Forms.model_construct(**make), note, header.get("memory", {}))


def _checked(header: dict[str, Any], forms: Forms, note: str, memory: dict[str, str]) -> ProfileSpec:
    from paasim.profile.write import header_of

    if not header.get("source"):
        raise InputError.one("--source", "an estimate needs the source of its figures", "name the data sheet, as a URL")
    return header_of({**header, "provenance": "estimated", "note": note, "memory": memory, "form": forms})
