"""A link that gives every transfer the same rate."""

from __future__ import annotations

from typing import ClassVar, Literal

from paasim.core.kernel import Environment
from paasim.link.link import LinkSpec
from paasim.link.plain.duplex import DuplexLink


class FixedSpec(LinkSpec):
    """Every transfer gets the full rate, however many there are: no sharing, no queue.

    For reference and for links that are never full. Its busy time may exceed the time that has passed.
    """

    kind: Literal["fixed"] = "fixed"
    is_shared: ClassVar[bool] = False

    def build(self, env: Environment, name: str) -> DuplexLink:
        """Make the link."""
        return DuplexLink(env, name, self.rates(), self.rtt, shared=False)
