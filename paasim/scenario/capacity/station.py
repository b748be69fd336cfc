"""A place that requests pass, and what it can carry."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Station:
    """A place that requests pass: a pool, a fleet, or one direction of a link or of the last miles of devices."""

    name: str
    """`site.pool`, a site for its fleet, a link, or `last mile of SITE`; `... backward` or `... up` for the other way.
    """
    kind: str
    """`prefill`, `decode`, `mixed`, `device`, `link` or `access`."""
    path: tuple[str, ...]
    """Where it stands in the scenario."""
    servers: int
    """Instances, devices or last miles; 1 for a link."""
    share: float
    """Share of all requests that pass here; of a link, whose KV cache does, if any."""
    demand: float
    """Seconds of one server that a request of the scenario takes on average, those that do not pass counted as 0."""
    max_rate: float
    """Requests/s of the whole scenario at which it is full: servers / demand; infinite if nothing asks for it."""
    utilisation: float
    """Offered rate over `max_rate`: above 1 its queue grows without bound. 0 where the rate is not known."""
    why: str
    """The numbers behind it."""
    by_means: float = inf
    """`max_rate` if all requests of a flow had its mean lengths, as papers reckon."""
    kv_bytes: float = 0.0
    """Bytes of KV cache that a request of the scenario sends over it (link), or from it (engine), on average."""
    bandwidth: float | None = None
    """Of a link or last mile: what it has for payload, bits/s each; the mean of a rate that changes, others left out.
    """
    kv_bytes_by_means: float = 0.0
    """The same with mean lengths."""

    @property
    def own_rate(self) -> float:
        """Requests/s that pass here when it is full: `max_rate` times `share`."""
        return self.max_rate * self.share

    @property
    def full_bits(self) -> float:
        """Bits/s of KV caches when it is full."""
        return 8 * self.kv_bytes * self.max_rate if self.kv_bytes else 0.0

    def kv_bits(self, rate: float) -> float:
        """Bits/s of KV caches at a rate of the whole scenario."""
        return 8 * self.kv_bytes * rate

    @property
    def resource(self) -> str:
        """What results call it; both directions of a link are one resource there."""
        if self.kind == "link":
            return self.path[2]
        return f"{self.path[2]}: {self.name.removesuffix(' up')}" if self.kind == "access" else self.name

    @property
    def seconds(self) -> float:
        """Seconds of one server that a request takes which passes here."""
        return self.demand / self.share if self.share else 0.0

    @property
    def is_link(self) -> bool:
        """Whether it is a link or last miles."""
        return self.kind in ("link", "access")
