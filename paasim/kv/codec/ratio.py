"""A codec known by its ratio."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.kv.codec.rated import RatedSpec


class RatioSpec(RatedSpec):
    """The KV cache shrinks by a ratio.

    `wire = size / ratio`, or with `of_bits` `size · of_bits / (ratio · bits of the KV format)`, never above `size`.
    """

    kind: Literal["ratio"] = "ratio"
    ratio: float = Field(ge=1)
    """Uncompressed bytes over bytes on the wire, 1 or more."""
    of_bits: float | None = Field(default=None, gt=0)
    """Bits per number of the KV cache that the ratio was measured on; left out, it holds for the model's own format."""

    @property
    def label(self) -> str:
        """Its name, or its ratio."""
        return self.name or f"ratio-{self.ratio:g}"

    def wire_bytes(self, size: float, number_bytes: float) -> float:
        """Bytes on the wire; a ratio that was measured on wider numbers helps less on narrow ones."""
        if self.of_bits is None:
            return size / self.ratio
        return size * min(1.0, self.of_bits / 8 / number_bytes / self.ratio)
