"""What every layer group has: how its memory of a sequence grows, where it stops, and what tensor parallelism copies.

A group is described by three numbers: bytes per token, window, fixed state. Kinds differ in where
the numbers come from. Left out: padding of blocks, alignment between groups of one page, and pipeline parallelism
(which splits layers between GPUs and changes no sum).
"""

from __future__ import annotations

from pydantic import Field

from paasim.core.spec import Spec
from paasim.model.dtypes import BYTES, KvDtype


class LayerGroup(Spec):
    """Base of all kinds: `layers` layers of one model that keep the same memory of a sequence."""

    layers: int = Field(ge=1, le=10_000)
    """How many layers of the model are of this kind."""

    def growth(self, dtype: KvDtype) -> float:
        """Bytes that one more token adds, all layers of the group, below the window."""
        return 0.0

    @property
    def window_tokens(self) -> int:
        """Tokens after which the group stops growing; 0 where it never does."""
        return 0

    def state(self, dtype: KvDtype) -> float:
        """Bytes of the fixed state of one sequence, all layers of the group."""
        return 0.0

    def copies(self, tp: int) -> float:
        """Bytes kept by all GPUs of a tensor-parallel group, as a multiple of the bytes of one whole copy."""
        return 1.0


def number(dtype: KvDtype) -> float:
    """Bytes of one number of a KV cache."""
    return BYTES[dtype]


def head_copies(heads: int, tp: int) -> float:
    """Heads are split between GPUs while there are enough of them; beyond that each is copied."""
    return max(1.0, tp / heads)
