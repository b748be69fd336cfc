"""Full attention with its own keys and values per KV head: MHA, GQA (Ainslie et al. 2023, arXiv:2305.13245), MQA."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.model.dtypes import KvDtype
from paasim.model.groups.group import LayerGroup, head_copies, number


class AttentionGroup(LayerGroup):
    """Full attention (MHA, GQA, MQA): 2 · kv_heads · head_dim numbers per token and layer.

    Split by KV head under tensor parallelism; with fewer heads than GPUs each head is kept tp / kv_heads times.
    """

    kind: Literal["attention"] = "attention"
    kv_heads: int = Field(ge=1, le=100_000)
    """Key-value heads per layer (`num_key_value_heads`)."""
    head_dim: int = Field(ge=1, le=100_000)
    """Numbers per head, for keys and for values alike."""
    dtype: KvDtype | None = None
    """Format of the cache in these layers; the model's `kv_dtype` if left out."""

    def growth(self, dtype: KvDtype) -> float:
        """2 · kv_heads · head_dim · bytes, times layers."""
        return self.layers * 2 * self.kv_heads * self.head_dim * number(self.dtype or dtype)

    def copies(self, tp: int) -> float:
        """1 up to one KV head per GPU, then tp / kv_heads."""
        return head_copies(self.kv_heads, tp)
