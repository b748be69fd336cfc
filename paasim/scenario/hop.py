"""One link on the way from a site to another, with the access link of the device that stands at one end of it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.core.kernel import Moment
    from paasim.core.release import Feed, Release
    from paasim.link.access import Access
    from paasim.link.link import Link, LinkSpec


TOKEN_BYTES = 4.0
"""Bytes of one streamed token: about four characters of text; packet overhead left out."""


class LastMile:
    """The access links of the devices at one end of a link; each is made when its device is first met."""

    def __init__(self, spec: LinkSpec, site: str) -> None:
        self._spec = spec
        self.site = site
        self._links: dict[int, Access | None] = {}

    def of(self, device: int) -> Access | None:
        """The access link of a device."""
        if device not in self._links:
            self._links[device] = self._spec.device_access(self.site)
        return self._links[device]

    def rates(self) -> tuple[float, float]:
        """Bytes per second of each access link, in the link's forward direction and backward."""
        access = self._spec.device_access(self.site)
        return (access.forward, access.backward) if access is not None else (inf, inf)


class Hop:
    """A link in one direction."""

    __slots__ = ("_forward", "_last_mile", "_link", "token_delay")

    def __init__(self, link: Link, forward: bool, last_mile: LastMile | None) -> None:
        self._link = link
        self._forward = forward
        self._last_mile = last_mile
        self.token_delay = link.latency(TOKEN_BYTES, forward) if last_mile is None else None
        """Seconds that a streamed token takes; None where each device has a last mile of its own."""

    def _access(self, device: int) -> Access | None:
        return None if self._last_mile is None else self._last_mile.of(device)

    def delay(self, size: float, device: int) -> float:
        """Seconds that a small message of `size` bytes takes (see `Link.latency`)."""
        return self._link.latency(size, self._forward, self._access(device))

    def send(self, size: float, release: Release | Feed, device: int) -> Moment:
        """Send bytes as they become ready (see `Link.transfer`)."""
        return self._link.transfer(size, release, self._forward, self._access(device))

    def cancel(self, moment: Moment) -> float:
        """Give up the transfer with this event; returns the bytes that were sent (see `Link.cancel`)."""
        return self._link.cancel(moment, self._forward)

    def unsent(self, moment: Moment) -> float:
        """Bytes of a transfer told by a feed that are ready and have not left."""
        return self._link.unsent(moment)

    def expected(self, size: float, device: int, moment: Moment | None = None) -> float:
        """Seconds that `size` bytes would take at the share that one more flow would get now.

        With the event of a transfer under way: at the share that it would get itself.
        """
        access = self._access(device)
        rate = self._link.share(self._forward, access, moment)
        return size / rate + self._link.latency(0.0, self._forward, access)
