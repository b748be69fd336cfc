"""All requests of a scenario in one stream: the classes merged by arrival time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice, takewhile
from pathlib import Path

from paasim.core.streams import Streams
from paasim.workload.draw import Draw
from paasim.workload.spec import WorkloadSpec

Arrival = tuple[float, int, int, int, Sequence[int] | None]
"""(arrival in s, position of the class, prompt tokens, output tokens, block ids or None)."""

BLOCKS_PER_CLASS = 1 << 44
"""Block ids of a class start at its position times this: classes never share a block."""


def open_loop(
    classes: Mapping[str, WorkloadSpec],
    streams: Streams,
    base: Path | None = None,
    requests: int | None = None,
    duration: float | None = None,
) -> Iterator[Arrival]:
    """The requests of all classes that come by themselves, in order of arrival; drawn as asked for.

    Ties are broken by the position of the class, then by order within it. Classes of closed loops are left out: their
    arrivals depend on the run.

    Args:
        classes: request classes by name, in the order of the scenario.
        streams: the streams of the replication.
        base: folder that relative paths start from.
        requests: stop after this many.
        duration: stop before the first that comes after this time, s.
    """
    flows = [
        _marked(position, spec.source(streams, name, base, position * BLOCKS_PER_CLASS))
        for position, (name, spec) in enumerate(classes.items())
        if spec.closed_loop is None
    ]
    flow: Iterator[Arrival] = flows[0] if len(flows) == 1 else merge(*flows)
    if duration is not None:
        flow = takewhile(lambda arrival: arrival[0] <= duration, flow)
    return flow if requests is None else islice(flow, requests)


def _marked(position: int, draws: Iterator[Draw]) -> Iterator[Arrival]:
    return ((arrival, position, prompt, output, blocks) for arrival, prompt, output, blocks in draws)
