"""What a run costs: rented servers by the hour, bytes over priced links, energy of servers at work.

A pool, fleet or link that did nothing in the window is not paid for: a variant that sends everything to the devices
does not need the cloud. Servers that were used are paid for all of the window, busy or not.

Energy counts a server's `power` (W) for the time it is at work and `power_idle` for the rest (0 unless given), so
without an idle figure it is a lower bound.

A price that is missing is not zero: whoever gives prices and leaves out one of a pool that is used gets no total.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paasim.core.recorder import Levels
from paasim.metrics.levels import Usage

HOUR = 3600.0


@dataclass(frozen=True)
class Bill:
    """Amounts for a window: dollars, or joules."""

    total: float
    by_resource: Mapping[str, float]
    seconds: float
    unpriced: tuple[str, ...] = ()
    """Pools and fleets that were used but have no price: `total` is without them."""

    @property
    def rate(self) -> float:
        """Per second."""
        return self.total / self.seconds if self.seconds > 0 else 0.0

    def per(self, amount: float) -> float | None:
        """Per unit of something produced in the window; None if nothing was."""
        return self.total / amount if amount > 0 else None


def cost(levels: list[Levels], usages: list[Usage]) -> Bill | None:
    """Dollars for the window, by resource.

    None where no price is given (`price_per_hour`, or a `price_per_byte` above zero), or nothing was measured.
    """
    given = any("price_per_hour" in level.capacity or level.capacity.get("price_per_byte") for level in levels)
    if not given or not any(used.length > 0 for used in usages):
        return None
    bill: dict[str, float] = {}
    unpriced = []
    for level, used in zip(levels, usages, strict=True):
        if not _in_use(used):
            continue
        hourly = level.capacity.get("price_per_hour")
        if hourly is None and level.kind in ("pool", "fleet"):
            unpriced.append(level.name)
        per_byte = level.capacity.get("price_per_byte", 0.0)
        bill[level.name] = (hourly or 0.0) * level.servers * used.length / HOUR + per_byte * (used.bytes or 0.0)
    return _bill(bill, usages, tuple(unpriced))


def energy(levels: list[Levels], usages: list[Usage]) -> Bill | None:
    """Joules for the window, by resource; None where no resource has a `power`, or nothing was measured."""
    if not any("power" in level.capacity for level in levels) or not any(used.length > 0 for used in usages):
        return None
    bill = {}
    for level, used in zip(levels, usages, strict=True):
        idle = level.servers * used.length - used.busy if _in_use(used) else 0.0
        bill[level.name] = level.capacity.get("power", 0.0) * used.busy + level.capacity.get("power_idle", 0.0) * idle
    return _bill(bill, usages)


def _in_use(used: Usage) -> bool:
    return bool(used.busy or used.bytes or used.tokens)


def _bill(amounts: dict[str, float], usages: list[Usage], unpriced: tuple[str, ...] = ()) -> Bill:
    seconds = max((used.length for used in usages), default=0.0)
    above_zero = {name: value for name, value in amounts.items() if value > 0}
    return Bill(sum(amounts.values()), above_zero, seconds, unpriced)
