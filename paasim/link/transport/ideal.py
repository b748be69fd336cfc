"""No transport at all."""

from __future__ import annotations

from typing import Literal

from paasim.link.transport.terms import Terms
from paasim.link.transport.transport import TransportSpec


class IdealSpec(TransportSpec):
    """Nothing but the rate of the path: open connections, windows that never bind, loss that costs nothing."""

    kind: Literal["ideal"] = "ideal"

    def terms(self, rtt: float, rate: float, loss: float, warm: bool = False) -> Terms:
        """No terms."""
        return Terms(round_trip=rtt)
