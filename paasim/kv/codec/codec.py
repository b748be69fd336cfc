"""What a codec is to a network: bytes on the wire, and seconds at both ends.

Left out: memory that codecs need, GPU time that they take from prefill and decode, and ratios that depend on content.
"""

from __future__ import annotations

from paasim.core.spec import Spec


class CodecSpec(Spec):
    """Base of every codec. Sizes are bytes of the uncompressed KV cache in the model's own KV format."""

    @property
    def is_pipelined(self) -> bool:
        """Whether it packs one layer while the next is computed, and unpacks one while the next arrives."""
        return False

    def wire_bytes(self, size: float, number_bytes: float) -> float:
        """Bytes that cross the network.

        Args:
            size: bytes of the KV cache.
            number_bytes: bytes per number of the model's KV format (2 for bf16, 1 for fp8).
        """
        raise TypeError(f"{type(self).__name__} does not say what it makes of a KV cache")

    def encode_seconds(self, size: float, number_bytes: float) -> float:
        """Seconds to pack the whole cache."""
        return 0.0

    def decode_seconds(self, size: float, number_bytes: float) -> float:
        """Seconds to unpack the whole cache."""
        return 0.0
