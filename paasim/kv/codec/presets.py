"""Codecs by name, with the figures that their authors published.

Rates stand only where they were published. Elsewhere codec time is not counted, which flatters the codec: such presets
are `estimated`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasim.core.errors import did_you_mean
from paasim.core.registry import kinds

_GGML = "block formats of https://github.com/ggml-org/llama.cpp (ggml-common.h): 32 numbers and a two-byte scale"

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "fp8": {
        "kind": "quantize",
        "bits": 8,
        "source": "by the format: https://arxiv.org/abs/2209.05433; one scale per tensor is left out",
        "estimated": True,
    },
    "int8": {"kind": "quantize", "bits": 8, "source": "by the format, scales left out", "estimated": True},
    "int4": {"kind": "quantize", "bits": 4, "source": "by the format, scales left out", "estimated": True},
    "q8-0": {"kind": "quantize", "bits": 8.5, "source": _GGML, "estimated": True},
    "q4-0": {"kind": "quantize", "bits": 4.5, "source": _GGML, "estimated": True},
    "kivi-2bit": {
        "kind": "quantize",
        "bits": 3,
        "quality": "see the paper's LongBench tables",
        "source": "https://arxiv.org/abs/2402.02750: two bits, and a 16-bit scale and zero point per 32 numbers; the "
        "newest tokens, which stay in 16 bits, are left out",
        "estimated": True,
    },
    "turboquant-3.5bit": {
        "kind": "quantize",
        "bits": 3.5,
        "quality": "LongBench average 50.06, as in full precision",
        "source": "https://arxiv.org/abs/2504.19874",
        "estimated": True,
    },
    "isoquant-3bit": {
        "kind": "ratio",
        "ratio": 4.92,
        "of_bits": 16,
        "encode": "21.8 GB/s",
        "source": "https://huggingface.co/datasets/Bobliu/amd-experiments (MI300X, shapes of Mistral-7B); the rate of "
        "unpacking is not given and not counted",
        "estimated": True,
    },
    "cachegen": {
        "kind": "ratio",
        "ratio": 3.5,
        "of_bits": 16,
        "quality": "accuracy loss of at most 2 %",
        "source": "https://arxiv.org/abs/2310.07240: 3.5 to 4.3 times smaller than in earlier systems that reuse KV; "
        "the low end is taken, against 16 bits; codec rates are not given and not counted",
        "estimated": True,
    },
}
"""Blocks that a name stands for."""


def by_name(value: Any) -> Any:
    """The block of a codec that was given by name: a preset, or a kind that needs no more; anything else as it is."""
    if not isinstance(value, str):
        return value
    if value in PRESETS:
        return {"name": value, **PRESETS[value]}
    if value in kinds("kv.codec"):
        return {"kind": value}
    raise ValueError(f"unknown codec '{value}'; {did_you_mean(value, [*PRESETS, *kinds('kv.codec')])}")
