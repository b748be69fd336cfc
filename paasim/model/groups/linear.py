"""Linear attention and state-space layers: a state of fixed size instead of a growing cache.

Kimi Delta Attention (arXiv:2510.26692), Gated DeltaNet (arXiv:2412.06464), Mamba-2 (arXiv:2405.21060). All keep, per
layer, one matrix per head and the last inputs of a short convolution.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.model.dtypes import KvDtype
from paasim.model.groups.group import LayerGroup, head_copies, number


class LinearGroup(LayerGroup):
    """Linear attention or state space: heads · key_dim · value_dim numbers of state, and a convolution tail.

    The state stands for one exact position: it can be reused only at a position where a snapshot was kept.
    """

    kind: Literal["linear"] = "linear"
    heads: int = Field(ge=1, le=100_000)
    """Heads that keep a state matrix."""
    key_dim: int = Field(ge=1, le=100_000)
    """Rows of the matrix: key dimension, or the state size of a state-space layer."""
    value_dim: int = Field(ge=1, le=100_000)
    """Columns of the matrix: value dimension, or the head dimension of a state-space layer."""
    state_dtype: KvDtype = "fp32"
    """Format of the matrix; engines keep it in fp32 unless told otherwise."""
    conv_channels: int = Field(default=0, ge=0, le=10_000_000)
    """Channels of the short convolution."""
    conv_kernel: int = Field(default=1, ge=1, le=1_000)
    """Its width; the last `conv_kernel` − 1 inputs are kept, in the model's `kv_dtype`."""

    def state(self, dtype: KvDtype) -> float:
        """(heads · key_dim · value_dim · bytes + channels · (kernel − 1) · bytes), times layers."""
        matrix = self.heads * self.key_dim * self.value_dim * number(self.state_dtype)
        tail = self.conv_channels * (self.conv_kernel - 1) * number(dtype)
        return self.layers * (matrix + tail)

    def copies(self, tp: int) -> float:
        """1 up to one head per GPU, then tp / heads."""
        return head_copies(self.heads, tp)
