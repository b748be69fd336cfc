"""The network between sites."""

from __future__ import annotations

from pydantic import Field

from paasim.core.spec import Spec
from paasim.link.choice import AnyLink
from paasim.scenario.names import Name


class NetworkSpec(Spec):
    """Links that join sites; pools of one site reach each other over a link from the site to itself, or for free."""

    links: dict[Name, AnyLink] = Field(default_factory=dict)
    """Links by name."""
