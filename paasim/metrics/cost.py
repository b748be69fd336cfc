"""What a run costs: rented servers by the hour, bytes over priced links, energy of servers at work.

A pool, fleet or link that did nothing in the window is not paid for: a variant that sends everything to the devices
does not need the cloud. Servers that were used are paid for all of the window, busy or not.

Energy counts a server's `power` (W) for the time it is at work and `power_idle` for the rest (0 unless given), so
without an idle figure it is a lower bound.
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

    @property
    def rate(self) -> float:
        """Per second."""
        return self.total / self.seconds if self.seconds > 0 else 0.0

    def per(self, amount: float) -> float | None:
        """Per unit of something produced in the window; None if nothing was."""
        return self.total / amount if amount > 0 else None


def cost(levels: list[Levels], usages: list[Usage]) -> Bill | None:
    """Dollars for the window, by resource; None where nothing has a price (`price_per_hour`, `price_per_byte`)."""
    priced = {"price_per_hour", "price_per_byte"}
    if not any(priced & set(level.capacity) for level in levels):
        return None
    bill = {}
    for level, used in zip(levels, usages, strict=True):
        hourly = level.capacity.get("price_per_hour", 0.0) * level.servers * used.length / HOUR
        bill[level.name] = (hourly if _in_use(used) else 0.0) + level.capacity.get("price_per_byte", 0.0) * (
            used.bytes or 0.0
        )
    return _bill(bill, usages)


def energy(levels: list[Levels], usages: list[Usage]) -> Bill | None:
    """Joules for the window, by resource; None where no resource has a `power`."""
    if not any("power" in level.capacity for level in levels):
        return None
    bill = {}
    for level, used in zip(levels, usages, strict=True):
        idle = level.servers * used.length - used.busy if _in_use(used) else 0.0
        bill[level.name] = level.capacity.get("power", 0.0) * used.busy + level.capacity.get("power_idle", 0.0) * idle
    return _bill(bill, usages)


def _in_use(used: Usage) -> bool:
    return bool(used.busy or used.bytes or used.tokens)


def _bill(amounts: dict[str, float], usages: list[Usage]) -> Bill:
    seconds = max((used.length for used in usages), default=0.0)
    return Bill(sum(amounts.values()), {name: value for name, value in amounts.items() if value > 0}, seconds)
