"""Where a request's time goes: exposed parts that add up to TTFT, and to TTST.

A request passes stages that may overlap (a KV transfer runs while prefill still computes). Each stage has a time
stamp for its end, and its *exposed* part is what it adds to the road so far:

    part = max(0, stamp - latest earlier stamp)

so that overlap counts once, to the stage that was there first, and the parts telescope to `last stamp - start`.
A NaN stamp is a stage that the request did not pass; its part is zero.

The user has the first token only after its way down. Where both tokens come down the same way, TTST runs from one
end of it to the other, so its stages are seen from there: stamps are moved on by what both ways down have in common.

With `first_token: prefill` the KV stages lie after the first token: they are parts of TTST, not of TTFT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Floats

UP_TO_PREFILL = (("uplink", "uplink_end"), ("prefill_queue", "prefill_start"), ("prefill", "prefill_end"))
KV_STAGES = (
    ("encode", "encode_end"),
    ("transfer_wait", "transfer_start"),
    ("transfer", "transfer_end"),
    ("decode_codec", "codec_end"),
    ("handover", "handover_end"),
    ("decode_queue", "decode_start"),
)
TTFT_ROAD = (*UP_TO_PREFILL, *KV_STAGES, ("first_step", "first_step"), ("downlink", "first_token"))
"""(part, its stamp) in the order of the road to the first token."""
TTST_ROAD = (*KV_STAGES, ("first_step", "first_step"), ("second_step", "second_step"), ("downlink", "second_token"))
"""(part, its stamp) in the order of the road from the first token to the second.

The steps are decode steps: the second token comes from the first of them, or from the second where the first one gave
the first token.
"""

TTFT_PARTS = tuple(part for part, _ in TTFT_ROAD)
TTST_PARTS = tuple(part for part, _ in TTST_ROAD)

_ALWAYS = frozenset(("uplink", "prefill_queue", "prefill", "downlink"))


def from_decoder(columns: Mapping[str, Floats], first_token: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Whether each request's first token comes from the decode side.

    Args:
        columns: the request columns.
        first_token: per route, `prefill` or `decode` (`Records.first_token`).
    """
    by_route = np.array([rule == "decode" for rule in first_token] + [False])  # route -1 reads the last entry
    return by_route[columns["route"].astype(np.int64)]


def ttft_parts(columns: Mapping[str, Floats], first_token: Sequence[str]) -> dict[str, Floats]:
    """Exposed parts of TTFT per request, s; for every request they add up to its TTFT (NaN where it has none)."""
    decoder_first = from_decoder(columns, first_token)
    stamps = (
        (part, columns[stamp] if part in _ALWAYS else np.where(decoder_first, columns[stamp], np.nan))
        for part, stamp in TTFT_ROAD
    )
    return _exposed(columns["arrival"], stamps, columns["first_token"])


def ttst_parts(columns: Mapping[str, Floats], first_token: Sequence[str]) -> dict[str, Floats]:
    """Exposed parts of TTST per request, s: what stood between the first token and the second; they add up to it."""
    decoder_first = from_decoder(columns, first_token)
    shift = _common_way_down(columns, decoder_first)

    def seen(part: str, stamp: str) -> Floats:
        if part == "downlink":
            return columns[stamp]
        moved = columns[stamp] + shift
        return np.where(decoder_first, moved, np.nan) if part == "second_step" else moved

    stamps = ((part, seen(part, stamp)) for part, stamp in TTST_ROAD)
    return _exposed(columns["first_token"], stamps, columns["second_token"])


def _common_way_down(columns: Mapping[str, Floats], decoder_first: npt.NDArray[np.bool_]) -> Floats:
    """The shorter of the ways that the first and the second token take from engine to user, s; zero if unknown."""
    first = columns["first_token"] - np.where(decoder_first, columns["first_step"], columns["prefill_end"])
    second = columns["second_token"] - np.where(decoder_first, columns["second_step"], columns["first_step"])
    common: Floats = np.fmax(np.minimum(first, second), 0.0)  # fmax makes zero of NaN
    return common


def waiting(columns: Mapping[str, Floats]) -> Floats:
    """Exposed time in the waiting queues of both engines, s; NaN for a request whose prefill never started."""
    total = np.zeros_like(columns["arrival"])
    latest = columns["arrival"]
    for part, stamp in (*UP_TO_PREFILL, *KV_STAGES):
        reached = np.fmax(latest, columns[stamp])
        if part in ("prefill_queue", "decode_queue"):
            total += reached - latest
        latest = reached
    total[np.isnan(columns["prefill_start"])] = np.nan
    return total


def _exposed(start: Floats, stamps: Iterator[tuple[str, Floats]], goal: Floats) -> dict[str, Floats]:
    """Split `goal - start` among the stages; a stamp beyond the goal counts up to the goal only."""
    parts: dict[str, Floats] = {}
    latest = start
    for part, stamp in stamps:
        reached = np.fmax(latest, np.minimum(stamp, goal))  # fmax passes over a NaN stamp
        parts[part] = reached - latest
        latest = reached
    none = np.isnan(goal)
    if none.any():
        for values in parts.values():
            values[none] = np.nan
    return parts
