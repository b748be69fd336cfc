"""A request: what the workload drew, the stamps that the stages leave on it, and the part of it a router may see."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paasim.core.release import Progress

UNFINISHED, COMPLETED, DROPPED = 0, 1, 2
"""Outcomes. A dropped request also has a reason."""


class Request:
    """One user's request. Slots, not a dataclass: it is made and read in the hot loop.

    All times are absolute seconds of simulated time, NaN until the request gets there; token counts are integers.
    """

    __slots__ = (
        "again",
        "arrival",
        "at_receiver",
        "blocks",
        "cached",
        "codec_end",
        "context",
        "decode_start",
        "decoder",
        "device",
        "done",
        "encode_end",
        "extrapolated",
        "finish",
        "finish_step",
        "first_step",
        "first_token",
        "handover_end",
        "held",
        "index",
        "joined_outside",
        "klass",
        "kv_bytes",
        "kv_level",
        "last_token",
        "left",
        "outcome",
        "output",
        "pins",
        "preempted",
        "preemptions",
        "prefill_end",
        "prefill_start",
        "prefiller",
        "priority",
        "progress",
        "prompt",
        "reason",
        "room",
        "room_pins",
        "route",
        "second_step",
        "second_token",
        "shared",
        "stays",
        "streamed",
        "todo",
        "transfer_end",
        "transfer_start",
        "uplink_end",
        "waits",
    )

    # Kept by the engines; those without a value in the constructor are set when the request gets there.
    todo: int
    """Prompt tokens still to compute at the present engine (after a preemption: tokens to compute again)."""
    done: int
    """Tokens whose KV is at the present engine."""
    left: int
    """Decode steps still to do."""
    context: int
    """Of `engine.decoding`: context less the step counter."""
    finish_step: int
    """Of `engine.decoding`: the step after which it is finished."""
    stays: bool
    """Whether it decodes in the instance that prefills it."""
    streamed: bool
    """Whether its KV leaves while its prefill runs, so that the start of the prefill is waited for, not its end."""
    waits: Any
    """The signal that its life waits for at an engine."""
    held: int
    """Blocks of its own that it holds at the prefill side."""
    pins: Any
    """Prefix entries that it uses there."""
    room: int
    """Blocks of its own that are reserved at the decode side."""
    room_pins: Any
    """Prefix entries that it uses there."""
    at_receiver: int
    """Prompt tokens whose KV the decode side already had when room was reserved: they are not sent."""
    shared: int
    """Tokens of its decode context that lie in shared prefix entries."""
    joined_outside: int
    """Runs outside the profile's box that its decode engine had made when it joined."""
    preempted: float
    """When it had its last token before it was preempted."""

    def __init__(
        self,
        index: int,
        klass: int,
        arrival: float,
        prompt: int,
        output: int,
        blocks: Sequence[int] | None = None,
        device: int = -1,
        priority: int = 0,
    ) -> None:
        # What the workload drew before any policy acted.
        self.index = index
        self.klass = klass
        """Which request class (workload) of the scenario, by position."""
        self.arrival = arrival
        self.prompt = prompt
        self.output = output
        self.blocks = blocks
        """Hashes of the prompt's prefix blocks in order; equal id = equal prefix up to and with that block."""
        self.device = device
        """Which device of the fleet the user sits at; -1 where the scenario has no fleet."""
        self.priority = priority
        # Where it went and how it ended.
        self.route = -1
        self.prefiller: Any = None
        self.decoder: Any = None
        self.outcome = UNFINISHED
        self.reason = ""
        # Stamps, in the order of the road.
        self.uplink_end = self.prefill_start = self.prefill_end = self.encode_end = nan
        self.transfer_start = self.transfer_end = self.codec_end = self.handover_end = nan
        self.decode_start = self.first_step = self.second_step = self.finish = nan
        # At the user, after the downlink.
        self.first_token = self.second_token = self.last_token = nan
        # Work that is left, and memory that it holds, kept by the engines (see the class for those set on the way).
        self.todo = prompt
        self.stays = self.streamed = False
        self.progress: Progress | None = None
        """Where its prefill engine tells its steps, if its KV leaves step by step."""
        self.again = 0
        """How often its context has been computed again: after preemptions, and where text was sent in place of KV."""
        self.room_pins = None
        self.at_receiver = 0
        # Counters.
        self.cached = 0
        """Prompt tokens found in the prefill instance's prefix cache."""
        self.kv_bytes = 0.0
        """KV bytes put on the wire."""
        self.kv_level = -1
        """Position of the codec's level in `Records.levels`, the smallest of those used; -1 if there is no choice."""
        self.preemptions = 0
        self.extrapolated = False
        """Whether any of its steps lay outside its profile's measured box."""


class RequestView:
    """What a router may see of a request: never its true output length."""

    __slots__ = ("_request",)

    def __init__(self, request: Request) -> None:
        self._request = request

    @property
    def prompt_tokens(self) -> int:
        """Prompt length in tokens."""
        return self._request.prompt

    @property
    def blocks(self) -> Sequence[int] | None:
        """Prefix block hashes, or None where the workload has none."""
        return self._request.blocks

    @property
    def klass(self) -> int:
        """Position of the request's class in the scenario."""
        return self._request.klass

    @property
    def device(self) -> int:
        """The user's device, -1 where there is no fleet."""
        return self._request.device
