"""When the parts of a KV cache can be sent, of a request that nobody disturbs: a list in place of a simulation.

The same formulas as `paasim.kv.plan` and `paasim.kv.packing`, which the simulator uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paasim.core.release import Release
from paasim.kv.codec.codec import CodecSpec
from paasim.kv.packing import Job, Step, parts_of


def released(release: Release, size: float) -> list[tuple[float, float]]:
    """(when it is ready, bytes) of each part of a staircase of `size` bytes."""
    head = release.head * size
    found = [(release.start, head)] if head > 0.0 else []
    part = (size - head) / release.parts
    return found + [(release.ready_at(i), part) for i in range(release.parts)]


def packed(
    steps: Sequence[Step], there: Callable[[int], float], parts: int, codec: CodecSpec, number_bytes: float
) -> list[Job]:
    """Jobs of a prefill that takes several steps: (when it can be sent, bytes on the wire, seconds to unpack it).

    Args:
        steps: of the prefill, from the first token on.
        there: bytes of the cache that are there to send when so many tokens are computed.
        parts: equal parts of what a step computes.
        codec: of the sender; a flow line with one machine (see `paasim.kv.packing`).
        number_bytes: bytes per number of the KV format.
    """
    prompt = steps[-1][3]
    ready = [(time, size) for step in steps for time, size, _ in parts_of(step, there, parts, prompt)]
    if not codec.is_pipelined:
        ready = [(steps[-1][1], there(prompt))]
    jobs: list[Job] = []
    free = 0.0
    for time, size in ready:
        free = max(time, free) + codec.encode_seconds(size, number_bytes)
        jobs.append((free, codec.wire_bytes(size, number_bytes), codec.decode_seconds(size, number_bytes)))
    return jobs
