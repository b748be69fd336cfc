"""One transfer after the prefill."""

from __future__ import annotations

from typing import Literal

from paasim.core.release import Release
from paasim.kv.streaming.streaming import StreamingSpec


class WholeSpec(StreamingSpec):
    """The transfer starts when the prefill is done and everything is packed: `start + T + E`."""

    kind: Literal["whole"] = "whole"

    def release(
        self, start: float, duration: float, layers: int, encode: float, head: float = 0.0, pipelined: bool = True
    ) -> Release:
        """All bytes at once, those of the head too."""
        return Release(start + duration + encode, 0.0, 0.0, 1)
