"""How many bytes one number takes, for weights and for the KV cache."""

from __future__ import annotations

from typing import Literal

KvDtype = Literal["fp32", "bf16", "fp16", "fp8", "int8", "int4"]
"""Formats a KV cache or a recurrent state is kept in."""

BYTES: dict[str, float] = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "fp8-block": 1.0,
    "int8": 1.0,
    "int4": 0.5,
    "int4-wo": 0.5,
    # Formats with a scale per block of numbers. OCP MX: 32 four-bit numbers and one scale byte; NVFP4: 16 and one byte;
    # llama.cpp Q4_0 and Q8_0: 32 numbers and a two-byte scale.
    "mxfp4": 17 / 32,
    "nvfp4": 9 / 16,
    "q4-0": 18 / 32,
    "q8-0": 34 / 32,
}
"""Bytes per number. Sources: https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf,
https://github.com/ggml-org/llama.cpp (ggml-common.h). Mixtures such as Q4_K_M have no fixed figure and are left out."""


def bytes_per_number(dtype: str) -> float | None:
    """Bytes of one number in `dtype` (`bf16`, `fp8_block`, `q4_0`, ...), None where the format has no fixed figure."""
    return BYTES.get(dtype.lower().replace("_", "-"))
