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

    @property
    def label(self) -> str:
        """What results call it."""
        return "codec"

    def wire_bytes(self, size: float, number_bytes: float) -> float:
        """Bytes that cross the network.

        Args:
            size: bytes of the KV cache.
            number_bytes: bytes per number of the model's KV format (2 for bf16, 1 for fp8).
        """
        raise TypeError(f"{type(self).__name__} does not say what it makes of a KV cache")

    def seconds(self, size: float, number_bytes: float, transfer: float) -> float:
        """Seconds from a cache that is there to one that is unpacked at the other end, if its bytes take `transfer`.

        A pipelined codec is taken to be a line of machines on many small parts: the slowest sets the pace. Any other
        packs, sends and unpacks one after the other.
        """
        encode, decode = self.encode_seconds(size, number_bytes), self.decode_seconds(size, number_bytes)
        return max(encode, transfer, decode) if self.is_pipelined else encode + transfer + decode

    def encode_seconds(self, size: float, number_bytes: float) -> float:
        """Seconds to pack the whole cache."""
        return 0.0

    def decode_seconds(self, size: float, number_bytes: float) -> float:
        """Seconds to unpack the whole cache."""
        return 0.0
