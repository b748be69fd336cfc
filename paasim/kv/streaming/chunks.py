"""Chunk by chunk, as the steps of the prefill end."""

from __future__ import annotations

from typing import Literal

from paasim.core.release import Release
from paasim.kv.streaming.streaming import StreamingSpec


class ChunksSpec(StreamingSpec):
    """The KV of each prefill step is sent when the step is over, from the first one on.

    Chunks are as unequal as the steps that computed them: later ones attend more and take longer. A prompt that fits
    into one step is one chunk: then all is sent after it, but room at the receiver is asked for at its start.
    """

    kind: Literal["chunks"] = "chunks"

    @property
    def overlaps(self) -> bool:
        """It does, where the prompt takes several steps or the sender has its beginning."""
        return True

    def parts(self, layers: int) -> int:
        """One."""
        return 1

    def release(
        self, start: float, duration: float, layers: int, encode: float, head: float = 0.0, pipelined: bool = True
    ) -> Release:
        """Of a prompt that one step holds: the head is packed first, and the rest after the step."""
        if encode and not pipelined:
            return Release(start + duration + encode, 0.0, 0.0, 1)
        packing = head * encode
        return Release(start + packing, max(duration - packing, 0.0) + encode - packing, 0.0, 1, head)
