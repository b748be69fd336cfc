"""What codecs that take time have in common: their rates, and where the figures come from."""

from __future__ import annotations

from paasim.core.units import Bandwidth
from paasim.kv.codec.codec import CodecSpec


class RatedSpec(CodecSpec):
    """Base of codecs with an encode and a decode rate."""

    name: str = ""
    """What results call it; a preset's is its own name."""
    encode: Bandwidth | None = None
    """Rate of packing, in uncompressed KV (such as 20 GB/s); left out, packing takes no time."""
    decode: Bandwidth | None = None
    """Rate of unpacking, in uncompressed KV; left out, unpacking takes no time."""
    pipelined: bool = True
    """Whether it works layer by layer beside prefill and transfer; if not, on the whole cache before and after them."""
    quality: str = ""
    """What is known of the quality of answers."""
    source: str = ""
    """Where the figures come from."""
    estimated: bool = False
    """Whether figures are incomplete or derived, such as a codec time that nobody published and that is not counted."""

    @property
    def is_pipelined(self) -> bool:
        """As the block says."""
        return self.pipelined

    def encode_seconds(self, size: float, number_bytes: float) -> float:
        """`size / encode` seconds."""
        return size * 8 / self.encode if self.encode is not None else 0.0

    def decode_seconds(self, size: float, number_bytes: float) -> float:
        """`size / decode` seconds."""
        return size * 8 / self.decode if self.decode is not None else 0.0
