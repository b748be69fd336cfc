"""Facts of a run in columns: one row per request, decode runs for inter-token gaps, levels of resources over time.

The simulator only writes here; every metric is worked out afterwards (`paasim.metrics`). Two kinds of recording are
kept apart: a *tally* has one value per event (requests, gaps), a *level* holds for a time (queue length, busy
servers) and is recorded as its time integral, so that its mean is time-weighted by construction.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from paasim.core.request import Request

Floats = npt.NDArray[np.float64]

COLUMNS = (
    "index",
    "class",
    "route",
    "outcome",
    "reason",
    "device",
    "prefill_instance",
    "decode_instance",
    "prompt_tokens",
    "output_tokens",
    "cached_tokens",
    "kv_bytes",
    "kv_level",
    "preemptions",
    "extrapolated",
    "arrival",
    "uplink_end",
    "prefill_start",
    "prefill_end",
    "encode_end",
    "transfer_start",
    "transfer_end",
    "codec_end",
    "handover_end",
    "decode_start",
    "first_step",
    "second_step",
    "finish",
    "first_token",
    "second_token",
    "last_token",
)
"""Columns of `Records.requests`. Times are absolute seconds (NaN = never reached); `class`, `route`, `reason`,
`kv_level` and the instances are positions in `Records.classes`, `.routes`, `.reasons`, `.levels` and `.instances`
(-1 = none)."""

GAP_COLUMNS = ("start", "first", "growth", "steps", "sequences")
"""Columns of `Records.gaps`: a run of `steps` decode steps from time `start`, the j-th (from 0) taking
`first + j * growth` seconds and giving each of `sequences` sequences one token."""


@dataclass
class Levels:
    """Cumulative levels of one resource, sampled over time: the mean of a level in a window is its difference over dt.

    Attributes:
        name: such as `cloud.prefill` or `internet`.
        kind: `pool`, `fleet`, `link`, or `access`: the access links of a fleet's devices together.
        servers: instances of a pool, devices of a fleet, access links; 1 for a link.
        times: sample times, s.
        totals: cumulative values at those times, by name: `busy` (server-seconds at work; for a link, seconds of
            full capacity used), `queue` (waiting requests x s), `running` (requests in service x s), `kv_tokens`
            (tokens of KV memory in use x s), `tokens` (tokens computed), `bytes` (payload bytes sent). Of a link `busy`
            and `bytes` are those forward; `busy_backward` and `bytes_backward` those the other way.
        capacity: limits that the totals may be held against, such as `kv_tokens` or `bytes_per_s`.
    """

    name: str
    kind: str
    servers: int
    times: Floats
    totals: Mapping[str, Floats]
    capacity: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Records:
    """Everything one replication recorded.

    Attributes:
        requests: column name -> values, one per arrived request in the order of arrival (see `COLUMNS`).
        gaps: column name -> values, one per run of decode steps (see `GAP_COLUMNS`).
        resources: levels of pools, fleets and links.
        classes, routes, reasons, instances: names that the columns point to.
        first_token: per route, `prefill` or `decode`: which side emits the first token.
        end: time at which the run ended, s; `arrivals_end`: time of the last arrival, s.
        events: SimPy events scheduled in the run.
        levels: names of codec levels that `kv_level` points to.
    """

    requests: Mapping[str, Floats]
    gaps: Mapping[str, Floats]
    resources: list[Levels]
    classes: list[str]
    routes: list[str]
    first_token: list[str]
    reasons: list[str]
    instances: list[str]
    end: float
    arrivals_end: float
    events: int = 0
    levels: list[str] = field(default_factory=list)


class Recorder:
    """Collects rows in flat buffers (one extend per request), turned into columns at the end."""

    def __init__(self) -> None:
        self._rows = array("d")
        self.gaps = array("d")
        """Flat rows of `GAP_COLUMNS`, then `new` and `stall`; engines extend it directly.

        In the first step of a row, `new` sequences end no gap between tokens, and that of the others is `stall` seconds
        longer than the step."""
        self.reasons: list[str] = []
        self.instances: list[str] = []

    def name_instance(self, name: str) -> int:
        """Give an engine instance its number in the instance columns."""
        self.instances.append(name)
        return len(self.instances) - 1

    def _reason(self, reason: str) -> int:
        if not reason:
            return -1
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason)

    def request(self, r: Request) -> None:
        """Write one request's row; called once per request, when it ends or when the run does."""
        self._rows.extend(
            (
                r.index,
                r.klass,
                r.route,
                r.outcome,
                self._reason(r.reason) if r.reason else -1,
                r.device,
                -1 if r.prefiller is None else r.prefiller.number,
                -1 if r.decoder is None else r.decoder.number,
                r.prompt,
                r.output,
                r.cached,
                r.kv_bytes,
                r.kv_level,
                r.preemptions,
                r.extrapolated,
                r.arrival,
                r.uplink_end,
                r.prefill_start,
                r.prefill_end,
                r.encode_end,
                r.transfer_start,
                r.transfer_end,
                r.codec_end,
                r.handover_end,
                r.decode_start,
                r.first_step,
                r.second_step,
                r.finish,
                r.first_token,
                r.second_token,
                r.last_token,
            )
        )

    def columns(self) -> dict[str, Floats]:
        """The request rows as columns, in the order of arrival."""
        table = np.frombuffer(self._rows, dtype=np.float64).reshape(-1, len(COLUMNS))
        table = table[np.argsort(table[:, 0], kind="stable")]
        return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(COLUMNS)}

    def gap_columns(self) -> dict[str, Floats]:
        """The decode runs as columns, in the order of time; first steps unlike the rest are rows of their own."""
        table = np.frombuffer(self.gaps, dtype=np.float64).reshape(-1, len(GAP_COLUMNS) + 2)
        start, first, growth, steps, sequences, new, stall = table.T
        stall = np.where(stall > 1e-9, stall, 0.0)  # less is rounding
        split = (new > 0) | (stall > 0)
        apart, after = table[split], split & (steps > 1)
        firsts = np.column_stack(
            (start - stall, first + stall, np.zeros_like(first), np.ones_like(first), sequences - new)
        )[split]
        rests = np.column_stack((start + first, first + growth, growth, steps - 1, sequences))[after]
        rows = np.concatenate([table[~split, : len(GAP_COLUMNS)], firsts[apart[:, 4] > apart[:, 5]], rests])
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        return {name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(GAP_COLUMNS)}
