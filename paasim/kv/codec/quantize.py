"""A codec that rounds numbers to fewer bits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.kv.codec.rated import RatedSpec


class QuantizeSpec(RatedSpec):
    """Every number is sent in so many bits: half of bf16 with 8, and nothing gained (nor worked) on a cache in fp8.

    `wire = size · min(1, bits / bits of the KV format)`.
    """

    kind: Literal["quantize"] = "quantize"
    bits: float = Field(gt=0, le=32)
    """Bits per number on the wire, scales and zero points included."""

    @property
    def label(self) -> str:
        """Its name, or its bits."""
        return self.name or f"{self.bits:g}-bit"

    def wire_bytes(self, size: float, number_bytes: float) -> float:
        """Bytes on the wire."""
        return size * min(1.0, self.bits / 8 / number_bytes)

    def encode_seconds(self, size: float, number_bytes: float) -> float:
        """`size / encode` seconds; none if the cache is as narrow already."""
        return super().encode_seconds(size, number_bytes) if self.bits < 8 * number_bytes else 0.0

    def decode_seconds(self, size: float, number_bytes: float) -> float:
        """`size / decode` seconds; none if the cache is as narrow already."""
        return super().decode_seconds(size, number_bytes) if self.bits < 8 * number_bytes else 0.0
