"""Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): one compressed vector per token and layer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.model.dtypes import KvDtype
from paasim.model.groups.group import LayerGroup, number


class MlaGroup(LayerGroup):
    """Multi-head latent attention: latent + rope numbers per token and layer, whatever the number of heads.

    There are no heads to split, so tensor parallelism keeps a whole copy on every GPU; it is sent once. Engines that
    run these layers data-parallel keep one copy per token instead: use tp 1 for the capacity of such a replica.
    """

    kind: Literal["mla"] = "mla"
    latent: int = Field(ge=1, le=1_000_000)
    """Compressed numbers per token (`kv_lora_rank`)."""
    rope: int = Field(ge=0, le=1_000_000)
    """Numbers of the shared position key per token (`qk_rope_head_dim`)."""
    dtype: KvDtype | None = None
    """Format of the cache in these layers; the model's `kv_dtype` if left out."""

    def growth(self, dtype: KvDtype) -> float:
        """(latent + rope) · bytes, times layers."""
        return self.layers * (self.latent + self.rope) * number(self.dtype or dtype)

    def copies(self, tp: int) -> float:
        """One per GPU."""
        return float(tp)
