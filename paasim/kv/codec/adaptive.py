"""A codec whose level follows the bandwidth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from paasim.core.registry import others
from paasim.core.units import PositiveDuration
from paasim.kv.codec.codec import CodecSpec
from paasim.kv.codec.presets import by_name

if TYPE_CHECKING:
    AnyLevel = CodecSpec
else:
    AnyLevel = Annotated[others("kv.codec"), BeforeValidator(by_name)]

TEXT = "text"
"""What results call the choice to send the text and compute the KV where it is decoded."""


class AdaptiveSpec(CodecSpec):
    """Each transfer, or each chunk, is sent in the best quality that should meet a deadline at the present bandwidth.

    As CacheGen chooses (SIGCOMM 2024, https://arxiv.org/abs/2310.07240, section 5.3): if what is left of the cache is
    sent at one level from now on, at the share of the path that it would get now, it should end in time; where no level
    does, the smallest is taken. CacheGen measures the rate of the chunk before; here the share is known.
    """

    kind: Literal["adaptive"] = "adaptive"
    levels: list[AnyLevel] = Field(min_length=1)
    """Codecs, the best quality first: blocks, or names such as none, fp8 or cachegen."""
    deadline: PositiveDuration | None = None
    """Time within which the transfer should end; left out, the TTFT limit of the request's SLO counts."""
    text: bool = False
    """Whether to send the text instead, and compute the prompt at the decoder, where that should end before the
    smallest level."""

    @property
    def is_pipelined(self) -> bool:
        """Where all of its levels are."""
        return all(level.is_pipelined for level in self.levels)

    @property
    def label(self) -> str:
        """Its kind."""
        return self.kind

    def smallest(self, number_bytes: float) -> CodecSpec:
        """The level with the fewest bytes, which estimates before a run and routers go by: it is what can be sent."""
        return min(self.levels, key=lambda level: level.wire_bytes(1.0, number_bytes))

    def wire_bytes(self, size: float, number_bytes: float) -> float:
        """Bytes on the wire at the smallest level."""
        return self.smallest(number_bytes).wire_bytes(size, number_bytes)

    def encode_seconds(self, size: float, number_bytes: float) -> float:
        """Seconds at the smallest level."""
        return self.smallest(number_bytes).encode_seconds(size, number_bytes)

    def decode_seconds(self, size: float, number_bytes: float) -> float:
        """Seconds at the smallest level."""
        return self.smallest(number_bytes).decode_seconds(size, number_bytes)


def choose(
    levels: Sequence[CodecSpec], size: float, number_bytes: float, left: float, expected: Callable[[float], float]
) -> tuple[int, float]:
    """The best level that should end in time.

    Args:
        levels: the best quality first.
        size: uncompressed bytes that are still to be sent.
        number_bytes: bytes per number of the KV format.
        left: seconds until the deadline; may be negative.
        expected: seconds that so many bytes would be on their way at the present share.

    Returns:
        Its position and the seconds that it should take, codec and transfer together; of the level with the fewest
        bytes where none ends in time.
    """
    least, fewest, slow = 0, float("inf"), float("inf")
    for i, level in enumerate(levels):
        wire = level.wire_bytes(size, number_bytes)
        seconds = level.seconds(size, number_bytes, expected(wire))
        if seconds <= left:
            return i, seconds
        if wire < fewest:
            least, fewest, slow = i, wire, seconds
    return least, slow
