"""What a transport is to a path: the terms on which a transfer goes.

Terms are worked out once per route and state of its connections, not per transfer.
"""

from __future__ import annotations

from paasim.core.errors import InputError
from paasim.core.spec import Spec
from paasim.link.transport.terms import Terms, last_byte, rounds_to_fill

__all__ = ["Terms", "TransportSpec", "last_byte", "rounds_to_fill"]


class TransportSpec(Spec):
    """Base of every transport."""

    def terms(self, rtt: float, rate: float, loss: float, warm: bool = False) -> Terms:
        """The terms of a transfer.

        Args:
            rtt: seconds of the whole path, last mile included.
            rate: bytes/s of the narrowest link of the path.
            loss: share of packets that are lost for other reasons than a full link, in [0, 1).
            warm: whether its connections were open when it began (`is_warm`).

        Raises:
            InputError: if the path cannot be used with this transport (`fault`).
        """
        raise TypeError(f"{type(self).__name__} does not say on which terms it carries a transfer")

    def is_warm(self, idle: float) -> bool:
        """Whether connections are still open `idle` seconds after the last transfer on the path; infinite if none."""
        return True

    def fault(self, rtt: float, loss: float) -> str:
        """What is wrong with a path of this round trip (s) and loss (share) for this transport; empty if nothing is."""
        return ""

    def refuse_faults(self, rtt: float, loss: float) -> None:
        """Raise an InputError if there is a fault."""
        fault = self.fault(rtt, loss)
        if fault:
            what, _, todo = fault.partition("; ")
            raise InputError.one("", what, todo)
