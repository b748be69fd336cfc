"""Routes: which engine prefills, which one decodes, and how the KV cache gets from one to the other."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.core.spec import Spec
from paasim.core.units import Duration
from paasim.kv.plan import KvSpec
from paasim.link.transports import AnyTransport


class RouteSpec(Spec):
    """Engine -> path -> engine. Both ends the same pool or fleet: the request stays where it is."""

    prefill: str
    """Where the prompt is computed: `site.pool`, or the name of a site for its fleet."""
    decode: str
    """Where the answer is generated: `site.pool`, or the name of a site for its fleet."""
    kv: KvSpec = Field(default_factory=KvSpec)
    """How the KV cache is packed and when it is sent; without meaning where nothing is sent."""
    first_token: Literal["prefill", "decode"] = "prefill"
    """Who emits the first token: the prefill side at the end of the prompt, or the decode side in a step of its own."""
    transport: AnyTransport | None = None
    """How its KV cache is sent, where the links of its path do not say it or do not agree."""
    handover: Duration = 0.0
    """Fixed time besides the bytes: registration, scheduling and re-layout of the KV cache at the receiver."""

    @property
    def ships_kv(self) -> bool:
        """Whether a KV cache moves between two engines."""
        return self.prefill != self.decode
