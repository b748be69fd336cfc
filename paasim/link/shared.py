"""A link whose flows share it exactly fairly."""

from __future__ import annotations

from typing import Literal

from paasim.core.kernel import Environment
from paasim.link.link import LinkSpec
from paasim.link.plain.duplex import DuplexLink


class SharedSpec(LinkSpec):
    """Flows share the link fairly (max-min, with each device's access link), again at every start, end and pause.

    Whole flows without access links make it an M/G/1 processor-sharing queue: mean time S/(C(1 - load)) whatever the
    law of sizes. Left out: transport (slow start, loss), headers, and rates that change over time.
    """

    kind: Literal["shared"] = "shared"

    def build(self, env: Environment, name: str) -> DuplexLink:
        """Make the link."""
        return DuplexLink(env, name, self.rates(), self.rtt, shared=True)
