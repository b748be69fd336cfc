"""Layers known only by their bytes, as published or fitted, where the shapes behind them are not public."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.core.units import Size
from paasim.model.dtypes import KvDtype
from paasim.model.groups.group import LayerGroup


class StatedGroup(LayerGroup):
    """Layers known by their bytes alone: so many per token and so many fixed, each per layer.

    The bytes are as stated, in whatever format they were stated: `kv_dtype` does not change them.
    """

    kind: Literal["stated"] = "stated"
    bytes_per_token: Size = 0.0
    """Bytes that one more token adds to one layer."""
    fixed: Size = 0.0
    """Bytes of the fixed state of one layer."""
    window: int = Field(default=0, ge=0, le=100_000_000)
    """Tokens after which a layer stops growing; 0 = never."""
    copied: bool = False
    """Whether tensor parallelism keeps a whole copy on every GPU (as for MLA) or splits it."""

    def growth(self, dtype: KvDtype) -> float:
        """As stated, times layers."""
        return self.layers * self.bytes_per_token

    @property
    def window_tokens(self) -> int:
        """The window, 0 = none."""
        return self.window

    def state(self, dtype: KvDtype) -> float:
        """As stated, times layers."""
        return self.layers * self.fixed

    def copies(self, tp: int) -> float:
        """One per GPU where each keeps a copy, else 1."""
        return float(tp) if self.copied else 1.0
