"""The `kv` block of a route: how its KV cache is packed and when it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from paasim.core.registry import by_name, union
from paasim.core.release import Release
from paasim.core.spec import Spec
from paasim.core.units import PositiveDuration, Size
from paasim.kv.codec.codec import CodecSpec
from paasim.kv.codec.none import NoneSpec
from paasim.kv.codec.presets import by_name as codec_by_name
from paasim.kv.streaming.streaming import StreamingSpec
from paasim.kv.streaming.whole import WholeSpec
from paasim.model.dtypes import BYTES

if TYPE_CHECKING:
    AnyCodec = CodecSpec
    AnyStreaming = StreamingSpec
else:
    AnyCodec = Annotated[union("kv.codec"), BeforeValidator(codec_by_name)]
    AnyStreaming = Annotated[union("kv.streaming"), BeforeValidator(by_name("kv.streaming", "way of streaming"))]


class KvSpec(Spec):
    """How a KV cache is packed and sent. Sizes are bytes of the cache in the model's KV format."""

    codec: AnyCodec = Field(default_factory=NoneSpec)
    """Codec: a block, or a name such as none, fp8 or cachegen."""
    streaming: AnyStreaming = Field(default_factory=WholeSpec)
    """When bytes are sent: a block, or just whole, layers or chunks."""
    weight: float = Field(default=1.0, ge=1e-6, le=1_000_000)
    """Share of a full link relative to other transfers."""
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    """Higher goes first on a full link, and the rest waits; equal ones share."""
    express: Size | None = None
    """Caches of at most this many bytes on the wire go before longer ones of the same priority on a full link."""
    after_outage: Literal["resume", "restart"] = "resume"
    """Whether a transfer goes on after an outage with the bytes that are missing, or sends all of them again."""
    timeout: PositiveDuration | None = None
    """Longest time for the KV to come once all of it could be sent; then the request is dropped."""

    @property
    def streams(self) -> bool:
        """Whether bytes leave while the prefill runs."""
        return self.streaming.overlaps

    def wire_bytes(self, size: float, kv_dtype: str) -> float:
        """Bytes that cross the network for a cache of `size` bytes in format `kv_dtype` (`bf16`, `fp8`, ...)."""
        return self.codec.wire_bytes(size, BYTES[kv_dtype])

    def release(
        self, start: float, duration: float, layers: int, size: float, kv_dtype: str, head: float = 0.0
    ) -> Release:
        """When the bytes on the wire become ready.

        Args:
            start: when the prefill begins, s.
            duration: how long it takes, s.
            layers: layers that hold KV.
            size: bytes of the cache before the codec.
            kv_dtype: format of the cache.
            head: fraction of the bytes that the sender had before.
        """
        encode = self.codec.encode_seconds(size, BYTES[kv_dtype])
        return self.streaming.release(start, duration, layers, encode, head, self.codec.is_pipelined)

    def decode_tail(self, size: float, kv_dtype: str, layers: int, received_over: float) -> float:
        """Seconds that the receiver's codec needs after the last byte: the part of its time that does not overlap.

        Args:
            size: bytes of the cache before the codec.
            kv_dtype: format of the cache.
            layers: layers that hold KV.
            received_over: seconds from the first byte's arrival to the last one's.

        Returns:
            D, the whole codec time, if the codec is not pipelined. Else `max(D/l, D − X·(l − 1)/l)`: l equal layers
            arrive evenly over X, and the codec is the second machine of a two-machine flow line (see `layers`).
        """
        whole = self.codec.decode_seconds(size, BYTES[kv_dtype])
        if not whole or not self.codec.is_pipelined:
            return whole
        return max(whole / layers, whole - received_over * (layers - 1) / layers)
