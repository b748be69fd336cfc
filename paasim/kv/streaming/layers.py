"""Layer by layer, beside the prefill."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.core.release import Release
from paasim.kv.streaming.streaming import StreamingSpec


class LayersSpec(StreamingSpec):
    """Each layer is sent as soon as it is computed and packed; where a prompt takes several steps, those of each step.

    With l parts, prefill T and codec E, a pipelined codec is the second machine of a two-machine flow line whose jobs
    are alike: part i (from 1) is computed at `i·T/l` and packed at `T/l + E/l + (i − 1)·max(T, E)/l`. Without codec
    that is `i·T/l`. A codec that is not pipelined packs the whole cache after the prefill, and nothing overlaps.
    """

    kind: Literal["layers"] = "layers"
    per_release: int = Field(default=1, ge=1)
    """How many layers are sent together. If they do not divide the layers, parts are `layers / per_release` rounded
    up and equal."""

    @property
    def overlaps(self) -> bool:
        """It does."""
        return True

    def parts(self, layers: int) -> int:
        """Of what a prefill step computes: the layers, some together."""
        return -(-layers // self.per_release)

    def release(
        self, start: float, duration: float, layers: int, encode: float, head: float = 0.0, pipelined: bool = True
    ) -> Release:
        """A staircase of equal parts; the head, which needs no prefill, is packed first, in its share of `encode`.

        The parts then wait for the later of their computation and the codec. Exact where packing the head takes no
        longer than computing a part, or packing a part no less than that; else late by less than the head's packing.
        """
        if encode and not pipelined:
            return Release(start + duration + encode, 0.0, 0.0, 1)
        parts = -(-layers // self.per_release)  # as `parts`, without a call per request
        packing = head * encode
        compute, pack = duration / parts, (encode - packing) / parts
        first = max(compute - packing, 0.0) + pack
        return Release(start + packing, first, max(compute, pack), parts, head)
