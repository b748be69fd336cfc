"""One class of requests: when they come, how long they are, what they share; or a recorded trace of all three."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from paasim.core.registry import kinds, union
from paasim.core.spec import Spec
from paasim.core.streams import Streams
from paasim.workload.arrivals.arrivals import ArrivalsSpec
from paasim.workload.arrivals.closed_loop import ClosedLoopArrivals
from paasim.workload.arrivals.times import TimesArrivals
from paasim.workload.draw import Body, Draw
from paasim.workload.lengths.lengths import LengthsSpec
from paasim.workload.prefixes.prefixes import PrefixesSpec
from paasim.workload.traces.trace import TraceSpec

if TYPE_CHECKING:
    AnyArrivals = ArrivalsSpec
    AnyLengths = LengthsSpec
    AnyPrefixes = PrefixesSpec
    AnyTrace = TraceSpec
else:
    AnyArrivals, AnyLengths = union("workload.arrivals"), union("workload.lengths")
    AnyPrefixes, AnyTrace = union("workload.prefixes"), union("workload.traces")


class WorkloadSpec(Spec):
    """A class of requests: `arrivals` and `lengths`, and `prefixes` if prompts have something in common.

    Or a recorded trace, `trace: {kind: mooncake, path: ...}`, for which `{kind: mooncake, path: ...}` is short.
    """

    arrivals: AnyArrivals | None = None
    """When requests come."""
    lengths: AnyLengths | None = None
    """How long prompts and outputs are."""
    prefixes: AnyPrefixes | None = None
    """What prompts have in common; nothing if left out."""
    trace: AnyTrace | None = None
    """A recorded workload instead of the three above."""
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    """Higher goes first where a policy looks at it."""
    origin: str | None = None
    """Site that the users are at, where the scenario has more than one place to be."""

    @model_validator(mode="before")
    @classmethod
    def _short_trace(cls, value: Any) -> Any:
        """Read `{kind: azure, path: ...}` as `{trace: {kind: azure, path: ...}}`."""
        if not isinstance(value, dict) or "kind" not in value or "trace" in value:
            return value
        own = {key: entry for key, entry in value.items() if key in cls.model_fields}
        return own | {"trace": {key: entry for key, entry in value.items() if key not in own}}

    @model_validator(mode="after")
    def _whole(self) -> WorkloadSpec:
        parts = (("arrivals", self.arrivals), ("lengths", self.lengths), ("prefixes", self.prefixes))
        given = [name for name, part in parts if part is not None]
        if self.trace is not None and given:
            raise ValueError(f"a trace has its own '{given[0]}'; leave it out, or leave out the trace")
        missing = [name for name in ("arrivals", "lengths") if name not in given]
        if self.trace is None and missing:
            raise ValueError(f"needs {' and '.join(repr(name) for name in missing)}, or a trace (kind: azure, ...)")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Allow the keys of a trace beside the fields, for editors that check a scenario while it is written."""
        result = handler(core)
        schema = handler.resolve_ref_schema(result)
        formats = list(kinds("workload.traces"))
        schema["properties"]["kind"] = {"enum": formats, "description": "Format of a trace, with its keys beside it."}
        for name, field in TraceSpec.model_fields.items():
            kind = "string" if field.annotation is str else "number"
            schema["properties"][name] = {"type": kind, "description": field.description or ""}
        return result

    @property
    def closed_loop(self) -> ClosedLoopArrivals | None:
        """The users of a closed loop, None where requests come by themselves."""
        return self.arrivals if isinstance(self.arrivals, ClosedLoopArrivals) else None

    @property
    def is_finite(self) -> bool:
        """Whether the workload ends by itself, as a file does."""
        return self.trace is not None or isinstance(self.arrivals, TimesArrivals)

    @property
    def block_tokens(self) -> int | None:
        """Tokens per prefix block, None where prompts share nothing."""
        if self.trace is not None:
            return self.trace.block_tokens
        return self.prefixes.block_tokens if self.prefixes is not None else None

    @property
    def longest_prompt(self) -> int | None:
        """Longest prompt that can come, tokens; None where it is not bounded, or not known before a file is read."""
        if self.lengths is None or getattr(self.lengths, "path", None) is not None:
            return None
        return self.lengths.longest()

    def means(self, base: Path | None = None) -> tuple[float, float]:
        """Mean prompt and output lengths, tokens; a trace is read for it."""
        if self.lengths is not None:
            return self.lengths.means(base)
        count = prompts = outputs = 0
        for _, prompt, output, _ in self._traced(base, 0):
            count, prompts, outputs = count + 1, prompts + prompt, outputs + output
        return prompts / count, outputs / count

    def describe(self) -> str:
        """One line for people."""
        if self.trace is not None:
            kind = getattr(self.trace, "kind", "")
            speed = f" at {self.trace.speed:g} times its speed" if self.trace.speed != 1 else ""
            return f"the {kind} trace {self.trace.path}{speed}"
        lengths = self.lengths.about() if self.lengths is not None else ""
        shared = ", with shared prefixes" if self.prefixes is not None else ""
        if self.closed_loop is not None:
            loop = self.closed_loop
            return f"{loop.users:,} users who think {loop.think:g} s between requests; {lengths}{shared}"
        rate = self.arrivals.rate if self.arrivals is not None else None
        kind = getattr(self.arrivals, "kind", "")
        return f"{kind} arrivals{f' at {rate:g}/s' if rate else ''}; {lengths}{shared}"

    def source(self, streams: Streams, name: str, base: Path | None = None, first_block: int = 0) -> Iterator[Draw]:
        """The requests in order of arrival; drawn as asked for, the same for the same streams whoever asks.

        Args:
            streams: the streams of the replication; `workload.<name>.arrivals`, `.lengths` and `.prefixes` are used.
            name: name of the class in the scenario.
            base: folder that relative paths start from.
            first_block: block ids start here, so that two classes never share any.

        Raises:
            ValueError: for a closed loop, which has no arrival times before the run (see `bodies`).
        """
        if self.trace is not None:
            return self._traced(base, first_block)
        if self.closed_loop is not None or self.arrivals is None:
            raise ValueError("a closed loop has no arrivals of its own: use bodies() and closed_loop")
        times = self.arrivals.times(streams.get(f"workload.{name}.arrivals"), base)
        return chain.from_iterable(self._chunks(times, self._columns(streams, name, base, first_block)))

    def bodies(self, streams: Streams, name: str, base: Path | None = None, first_block: int = 0) -> Iterator[Body]:
        """Lengths and prefixes of the requests of a closed loop, without end, in the order in which they are sent."""
        columns = self._columns(streams, name, base, first_block)
        return chain.from_iterable(zip(*column, strict=False) for column in columns)

    def thinks(self, streams: Streams, name: str) -> Iterator[float]:
        """Think times of a closed loop, s, without end (stream `workload.<name>.thinks`).

        Raises:
            ValueError: if this is no closed loop.
        """
        if self.closed_loop is None:
            raise ValueError("only a closed loop has think times")
        return self.closed_loop.thinks(streams.get(f"workload.{name}.thinks"))

    def _traced(self, base: Path | None, first_block: int) -> Iterator[Draw]:
        if self.trace is None:
            raise ValueError("this workload is not a trace")
        return self.trace.requests(base, first_block)

    def _columns(
        self, streams: Streams, name: str, base: Path | None, first_block: int
    ) -> Iterator[tuple[list[int], list[int], Any]]:
        """Chunks of prompts, outputs and block ids."""
        if self.lengths is None:
            raise ValueError("this workload has no lengths")
        columns = self.lengths.columns(streams.get(f"workload.{name}.lengths"), base)
        if self.prefixes is None:
            nothing: Iterator[Sequence[int] | None] = repeat(None)
            return ((prompts, outputs, nothing) for prompts, outputs in columns)
        rng: np.random.Generator = streams.get(f"workload.{name}.prefixes")
        namer = self.prefixes.namer(rng, first_block)
        return ((prompts, outputs, namer(prompts)) for prompts, outputs in columns)

    @staticmethod
    def _chunks(times: Iterator[float], columns: Iterator[tuple[list[int], list[int], Any]]) -> Iterator[Any]:
        for prompts, outputs, blocks in columns:
            arrivals = list(islice(times, len(prompts)))
            yield zip(arrivals, prompts, outputs, blocks, strict=False)
            if len(arrivals) < len(prompts):  # the arrivals come from a file that has ended
                return
