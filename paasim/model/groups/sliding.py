"""Sliding-window attention (Beltagy et al. 2020, arXiv:2004.05150; Mistral 7B, arXiv:2310.06825)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.model.dtypes import KvDtype
from paasim.model.groups.group import LayerGroup, head_copies, number


class SlidingWindowGroup(LayerGroup):
    """Attention to the last `window` tokens only: grows like full attention, then stays at the window.

    Engines that keep these layers as full attention (one pool of blocks for all layers) hold more than this says.
    """

    kind: Literal["sliding-window"] = "sliding-window"
    kv_heads: int = Field(ge=1, le=100_000)
    """Key-value heads per layer (`num_key_value_heads`)."""
    head_dim: int = Field(ge=1, le=100_000)
    """Numbers per head, for keys and for values alike."""
    window: int = Field(ge=1, le=100_000_000)
    """Tokens a layer looks back (`sliding_window`)."""
    dtype: KvDtype | None = None
    """Format of the cache in these layers; the model's `kv_dtype` if left out."""

    def growth(self, dtype: KvDtype) -> float:
        """2 · kv_heads · head_dim · bytes, times layers, while the window is not full."""
        return self.layers * 2 * self.kv_heads * self.head_dim * number(self.dtype or dtype)

    @property
    def window_tokens(self) -> int:
        """The window."""
        return self.window

    def copies(self, tp: int) -> float:
        """1 up to one KV head per GPU, then tp / kv_heads."""
        return head_copies(self.kv_heads, tp)
