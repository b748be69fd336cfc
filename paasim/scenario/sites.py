"""Sites: where pools of instances and fleets of devices stand, or just users are."""

from __future__ import annotations

from pydantic import Field

from paasim.core.spec import Spec
from paasim.engine.pool import FleetSpec, PoolSpec
from paasim.scenario.names import Name


class SiteSpec(Spec):
    """One place: a datacenter with pools of instances, homes with a fleet of devices, or users with neither (`{}`)."""

    pools: dict[Name, PoolSpec] = Field(default_factory=dict)
    """Pools of instances, by name; a route calls one `site.pool`."""
    fleet: FleetSpec | None = None
    """Devices of users; a route calls it by the site's name."""
