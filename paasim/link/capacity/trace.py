"""A recorded rate."""

from __future__ import annotations

import functools
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from paasim.core.paths import expand
from paasim.core.units import TIME
from paasim.link.capacity.capacity import CapacitySpec
from paasim.link.curve import Curve
from paasim.link.network.trace import Form, Trace, read


def _offset(value: Any) -> Any:
    return value if value == "random" else TIME.parse(value)


def _as_text(value: str | float) -> str:
    return value if isinstance(value, str) else TIME.format(value)


class TraceCapacity(CapacitySpec, Form):
    """The rate of a recorded trace: mahimahi (a line per packet) or rows of time and rate, plain or gzip.

    Links and devices that share a trace begin it at places of their own, unless `offset` says where.
    """

    kind: Literal["trace"] = "trace"
    path: str
    """The file; may name `${VARIABLES}`, and is relative to the scenario."""
    after: Literal["loop", "hold", "end"] = "loop"
    """At its end: begin again, keep the last rate, or nothing passes any more."""
    offset: Annotated[
        Literal["random"] | float,
        BeforeValidator(_offset),
        Field(ge=0),
        PlainSerializer(_as_text),
        WithJsonSchema({"type": "string", "examples": ["random", "20 s"]}),
    ] = "random"
    """Where in the trace the run begins: a time, or `random`, drawn for each link and device (only of a loop)."""
    scale: float = Field(default=1.0, gt=0, le=1e6)
    """Factor of all rates."""

    def build(self, rng: np.random.Generator, limit: float | None = None, base: Path | None = None) -> Curve:
        """The trace from its offset on; its pieces are shared by all that use it with one limit."""
        limit = inf if limit is None else limit
        whole, length = _whole(expand(self.path, base), self._form(), self.after, self.scale, limit)
        if self.offset == "random":
            return whole.turned(length * float(rng.random())) if self.after == "loop" else whole
        return whole.turned(float(self.offset) % length if self.after == "loop" else float(self.offset))

    def mean(self, base: Path | None = None) -> float:
        """Mean over the trace, or what it ends with."""
        whole, length = _whole(expand(self.path, base), self._form(), self.after, self.scale, inf)
        return whole.carried(0.0, length) / length if self.after == "loop" else whole.rate(2 * length)

    def _form(self) -> str:
        return self.model_dump_json(include=set(Form.model_fields))


@functools.lru_cache(maxsize=32)
def _whole(path: Path, form: str, after: str, scale: float, limit: float) -> tuple[Curve, float]:
    """The curve of a whole trace, which links and devices share, and its length."""
    trace = read(path, Form.model_validate_json(form))
    return _curve(trace, after, [min(rate * scale, limit) for rate in trace.rates]), trace.length


def _curve(trace: Trace, after: str, rates: list[float]) -> Curve:
    if after == "loop":
        return Curve(trace.times, rates, trace.length)
    if after == "end":
        return Curve([*trace.times, trace.length], [*rates, 0.0])
    return Curve(trace.times, rates)
