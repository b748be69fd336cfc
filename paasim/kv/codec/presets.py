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
_SLOWER = "; a decode step on it takes {more} longer (https://github.com/v-code01/kvquant: 0.5B and 1.5B models)"
_COSINE = "cosine similarity of vectors 0.983"
_TURBO = "https://arxiv.org/abs/2504.19874"
_MI300X = (
    "https://github.com/Bobliuuu/amd-experiments, results/bench_compress_decompress.json: 4,096 vectors of 128 numbers "
    "on an MI300X, in 52 bytes each; its GB/s count what is read and written, here only the 16-bit side"
)
_BINS = (
    "https://github.com/UChi-JCL/CacheGen (cachegen_basics.py, Mistral-7B): log2 of the bins, mean over layers, keys "
    "and values; entropy coding, which makes it smaller, and codec rates are not counted"
)


def _measured(encode: str, decode: str) -> Mapping[str, Any]:
    """A 3-bit format of that benchmark: 256 bytes to 52, kernels alone."""
    rates = {"encode": encode, "decode": decode}
    return {"kind": "ratio", "ratio": 256 / 52, "of_bits": 16, **rates, "quality": _COSINE, "source": _MI300X}


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "fp8": {
        "kind": "quantize",
        "bits": 8,
        "source": "by the format: https://arxiv.org/abs/2209.05433; one scale per tensor is left out",
        "estimated": True,
    },
    "fp8-mla": {
        "kind": "ratio",
        "ratio": 1152 / 656,
        "of_bits": 16,
        "quality": "positions stay in 16 bits",
        "source": "DeepSeek V3.2 in vLLM (docs.vllm.ai, v1.attention.backends.mla.flashmla_sparse): 512 numbers in "
        "fp8, four scales and 64 numbers in bf16 are 656 bytes per token and layer, not 1,152; rates not given",
        "estimated": True,
    },
    "int8": {"kind": "quantize", "bits": 8, "source": "by the format, scales left out", "estimated": True},
    "int4": {"kind": "quantize", "bits": 4, "source": "by the format, scales left out", "estimated": True},
    "q8-0": {"kind": "quantize", "bits": 8.5, "source": _GGML + _SLOWER.format(more="13 to 14 %"), "estimated": True},
    "q4-0": {"kind": "quantize", "bits": 4.5, "source": _GGML + _SLOWER.format(more="15 to 16 %"), "estimated": True},
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
        "source": _TURBO,
        "estimated": True,
    },
    "turboquant-2.5bit": {
        "kind": "quantize",
        "bits": 2.5,
        "quality": "LongBench average 49.44 instead of 50.06",
        "source": _TURBO,
        "estimated": True,
    },
    "turboquant-3bit": _measured("2.37 GB/s", "3.69 GB/s"),
    "isoquant-3bit": _measured("18.09 GB/s", "31.80 GB/s"),
    "planarquant-3bit": _measured("15.56 GB/s", "29.45 GB/s"),
    "rotorquant-3bit": _measured("14.36 GB/s", "28.92 GB/s"),
    "cachegen": {
        "kind": "ratio",
        "ratio": 3.5,
        "of_bits": 16,
        "quality": "accuracy loss of at most 2 %",
        "source": "https://arxiv.org/abs/2310.07240: 3.5 to 4.3 times smaller than in earlier systems that reuse KV; "
        "the low end is taken, against 16 bits; codec rates are not given and not counted",
        "estimated": True,
    },
    "cachegen-small": {
        "kind": "ratio",
        "ratio": 4.3,
        "of_bits": 16,
        "quality": "accuracy loss of at most 2 %",
        "source": "as cachegen, the high end",
        "estimated": True,
    },
    "cachegen-l3": {"kind": "quantize", "bits": 5, "source": _BINS, "estimated": True},
    "cachegen-l2": {"kind": "quantize", "bits": 4.1875, "source": _BINS, "estimated": True},
    "cachegen-l1": {"kind": "quantize", "bits": 3.7276, "source": _BINS, "estimated": True},
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
