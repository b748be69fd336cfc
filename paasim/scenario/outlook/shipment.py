"""The KV cache of one request that nobody disturbs: its bytes, and when each part of them can be sent.

Times are seconds from the start of the prefill. Nothing is cached at either end, the engine computes this prompt alone,
neither noise nor heat changes its pace, and an adaptive codec sends its smallest level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paasim.engine.batching.chunked import ChunkedSpec
from paasim.kv.packing import Step, decode_tail
from paasim.kv.schedule import packed, released
from paasim.link.lone import Part
from paasim.model.dtypes import BYTES
from paasim.scenario.parts import Parts
from paasim.scenario.routes import RouteSpec


@dataclass(frozen=True)
class Shipment:
    """What is to be sent."""

    prompt: int
    size: float
    """Bytes of the KV cache that the receiver lacks."""
    prefill: float
    """Seconds of the prefill."""
    encode: float
    """Seconds that the codec needs for the whole cache."""
    asked: float
    """When the transfer may begin: the start of the prefill if the route streams, else its end."""
    parts: list[Part]
    """Bytes on the wire, and when they are ready."""
    unpack: Callable[[float, float], float]
    """Seconds of the receiver's codec after the last byte, by when the first byte and the last byte left."""
    is_extrapolated: bool
    """Whether the prefill is outside of what the profile was measured on."""

    @property
    def wire(self) -> float:
        """Bytes on the wire."""
        return sum(size for _, size in self.parts)

    @property
    def overlaps(self) -> bool:
        """Whether anything can leave before the last part is made."""
        return len(self.parts) > 1


def shipment(parts: Parts, route: RouteSpec, prompt: int) -> Shipment:
    """What a prompt of so many tokens sends on a route."""
    kv, model = route.kv, parts.models[route.prefill]
    steps = _steps(parts, route, prompt)
    size, prefill = model.sent_bytes(prompt), steps[-1][1]
    number_bytes, layers = BYTES[model.kv_dtype], model.stream_layers
    outside = any(_prefill(parts, route, step, True) for step in steps)
    encode, asked = kv.codec.encode_seconds(size, number_bytes), 0.0 if kv.streams else prefill
    if kv.streams and len(steps) > 1:
        count = kv.streaming.parts(layers)
        jobs = packed(steps, lambda tokens: model.sent_by(prompt, 0, tokens), count, kv.codec, number_bytes)
        sent = [(ready, wire) for ready, wire, _ in jobs]
        pieces = layers if count == 1 else 1

        def unpack(first: float, left: float) -> float:
            return decode_tail(jobs, left, pieces, kv.codec.is_pipelined)
    else:
        release = kv.release(asked, prefill - asked, layers, size, model.kv_dtype)
        sent = released(release, kv.wire_bytes(size, model.kv_dtype))

        def unpack(first: float, left: float) -> float:
            return kv.decode_tail(size, model.kv_dtype, layers, left - first)

    return Shipment(prompt, size, prefill, encode, asked, sent, unpack, outside)


def _steps(parts: Parts, route: RouteSpec, prompt: int) -> list[Step]:
    """The steps in which the prefill engine computes a prompt; only chunked engines cut one."""
    end = parts.ends[route.prefill]
    batching = end.spec.batching_or_default()
    chunk = batching.chunk if isinstance(batching, ChunkedSpec) else prompt
    steps: list[Step] = []
    time = 0.0
    for done in range(0, prompt, chunk):
        step = (time, time, done, min(done + chunk, prompt))
        time += _prefill(parts, route, step, False)
        steps.append((step[0], time, *step[2:]))
    return steps


def _prefill(parts: Parts, route: RouteSpec, step: Step, asks_for_outside: bool) -> float:
    """Seconds of a step that holds this prompt alone; or whether it is outside of what was measured."""
    engine, (_, _, before, after) = parts.steps(route.prefill), step
    new = after - before
    pairs = new * (before + new / 2)
    return engine.prefill_outside(new, pairs) if asks_for_outside else engine.prefill(new, pairs)
