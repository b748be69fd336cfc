"""Pools of instances and fleets of devices: what a site has, as the user writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Discriminator, Field, Tag

from paasim.core.registry import union
from paasim.core.spec import Spec
from paasim.core.units import PricePerHour, Size
from paasim.engine.batching.chunked import ChunkedSpec
from paasim.engine.batching.one_at_a_time import OneAtATimeSpec
from paasim.engine.batching.policy import BatchingSpec
from paasim.engine.batching.token_budget import TokenBudgetSpec
from paasim.profile.service import Speculation, Thermal
from paasim.profile.spec import BetweenSpec, Calibration, ProfileSpec, form_of

if TYPE_CHECKING:
    AnyBatching = BatchingSpec
    AnyProfile = str | BetweenSpec | ProfileSpec
else:
    AnyBatching = union("engine.batching")
    # Told apart by hand, so that a slip in one form is not also reported as a slip in the others.
    AnyProfile = Annotated[
        Annotated[str, Tag("a name")]
        | Annotated[BetweenSpec, Tag("a width between two")]
        | Annotated[ProfileSpec, Tag("a header")],
        Discriminator(form_of),
    ]

Role = Literal["prefill", "decode", "mixed", "device"]
"""What an instance does: `prefill` lets a request go after its prompt, `decode` takes it with its KV, `mixed` does
both with continuous batching, `device` does both for one user, one sequence at a time."""


class EngineSpec(Spec):
    """What pools and fleets have in common: one serving engine, many times."""

    profile: AnyProfile
    """Hardware profile: a bundled name, the path of a YAML file, `{between: [NAME, NAME], tp: 2}` for a tensor-parallel
    width between two measured ones, or an inline header with form coefficients."""
    calibration: str | Calibration | None = None
    """From kernel times to an engine in service: a shipped one such as `vllm` (docs/fidelity.md), the path of a YAML
    file, or `{scale: 1.1, overhead: 1 ms}`; else the profile's own."""
    slowdown: float = Field(default=1.0, gt=0, le=100)
    """Every step takes this many times what the profile (with its calibration) says: what if the profile is wrong?"""
    model: str | None = None
    """Model it serves, where it is not the scenario's."""
    max_seqs: int | None = Field(default=None, gt=0)
    """Most sequences in service at once; else the profile's limit, else 256 (a device: 1)."""
    kv_memory: Size | None = None
    """Memory for KV caches over all GPUs of an instance; else what the profile says, else unlimited."""
    block_tokens: int = Field(default=16, gt=0)
    """KV memory is handed out in blocks of this many tokens (vLLM's default is 16)."""
    prefix_cache: bool = False
    """Whether finished KV blocks are kept for later prompts with the same prefix (least recently used go first)."""
    price: PricePerHour | None = None
    """Price of one instance per hour; else the profile's."""
    speculation: Speculation | None = None
    """Speculative decoding, such as `{tokens_per_step: 2.5, step_cost: 1.2, source: assumed}`; else the profile's."""
    noise: float = Field(default=0.0, ge=0, le=1)
    """Standard deviation of the logarithm of step times; each step with prompt tokens and each run of decode steps
    draws a factor of mean 1."""
    thermal: bool | Thermal = False
    """Whether the hardware slows down as it gets warm: `true` as the profile says, or how."""


class PoolSpec(EngineSpec):
    """Some instances of one engine at one site."""

    role: Literal["prefill", "decode", "mixed"]
    """What its instances do."""
    instances: int = Field(default=1, gt=0, le=100_000)
    """How many instances; each is one engine over its tensor-parallel group."""
    batching: AnyBatching | None = None
    """What a step holds; else token-budget for prefill pools and chunked for decode and mixed ones."""
    balance: Literal["least-loaded", "round-robin", "shared-queue"] = "least-loaded"
    """Which instance a request gets; `shared-queue`: instances take from one common queue (not for decode pools)."""

    def batching_or_default(self) -> BatchingSpec:
        """The batching policy that applies."""
        if self.batching is not None:
            return self.batching
        return TokenBudgetSpec() if self.role == "prefill" else ChunkedSpec()


class FleetSpec(EngineSpec):
    """Many devices, each serving its own user, one sequence at a time."""

    devices: int = Field(default=1, gt=0, le=10_000_000)
    """How many devices; each request comes from one of them at random."""
    role: Literal["device"] = "device"
    """Always `device`."""

    def batching_or_default(self) -> BatchingSpec:
        """One prompt at a time."""
        return OneAtATimeSpec()
