"""The KV cache as it is."""

from __future__ import annotations

from typing import Literal

from paasim.kv.codec.codec import CodecSpec


class NoneSpec(CodecSpec):
    """The KV cache is sent as it is, in no codec time."""

    kind: Literal["none"] = "none"

    @property
    def is_pipelined(self) -> bool:
        """It does nothing that could hold up the next layer."""
        return True

    @property
    def label(self) -> str:
        """Its kind."""
        return self.kind

    def wire_bytes(self, size: float, number_bytes: float) -> float:
        """All bytes."""
        return size
