"""What a streaming plan is: it turns a prefill's time line into the staircase of bytes that a link sends."""

from __future__ import annotations

from paasim.core.release import Release
from paasim.core.spec import Spec


class StreamingSpec(Spec):
    """Base of every streaming plan."""

    @property
    def overlaps(self) -> bool:
        """Whether bytes leave while the prefill runs, so that a sender must begin at its start."""
        return False

    def parts(self, layers: int) -> int:
        """Into how many parts what a prefill step computes is cut, where it is sent step by step."""
        return 1

    def release(
        self, start: float, duration: float, layers: int, encode: float, head: float = 0.0, pipelined: bool = True
    ) -> Release:
        """When the bytes become ready.

        Args:
            start: when the prefill begins, s.
            duration: how long it takes, s; its layers take equal shares of it.
            layers: layers that hold KV, with equal bytes.
            encode: seconds that the codec needs for the whole cache.
            head: fraction of the bytes that the sender had before (its prefix cache).
            pipelined: whether the codec packs one layer while the next is computed.
        """
        raise TypeError(f"{type(self).__name__} does not say when bytes become ready")
