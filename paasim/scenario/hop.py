"""The way from a site to another as a route uses it, with the access link of the device that stands at one end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf
from pathlib import Path as Folder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from paasim.core.kernel import Moment
    from paasim.core.release import Feed, Release
    from paasim.core.streams import Streams
    from paasim.link.access import Access
    from paasim.link.link import LinkSpec
    from paasim.link.mesh.path import Path, Tap
    from paasim.link.plain.duplex import DuplexLink


TOKEN_BYTES = 4.0
"""Bytes of one streamed token: about four characters of text; packet overhead left out."""


class LastMile:
    """The access links of the devices at one end of a link; each is made when its device is first met.

    Args:
        name: of the link.
        spec: of the link.
        site: where the devices are.
        streams: random streams, for what changes by chance.
        base: folder that relative paths of traces start from.
    """

    def __init__(self, name: str, spec: LinkSpec, site: str, streams: Streams, base: Folder | None) -> None:
        self._name = name
        self._spec = spec
        self._streams = streams
        self._base = base
        self.site = site
        self._links: dict[int, Access | None] = {}

    def of(self, device: int) -> Access | None:
        """The access link of a device."""
        if device not in self._links:
            rng = None if self._spec.is_plain else self._streams.get(f"link.{self._name}.access.{device}")
            self._links[device] = self._spec.device_access(self.site, rng, self._base)
        return self._links[device]

    def rates(self) -> tuple[float, float]:
        """Bytes per second of each access link, in the link's forward direction and backward; means if they change."""
        access = self._spec.device_access(self.site, None, self._base)
        return (access.forward, access.backward) if access is not None else (inf, inf)


class Hop(ABC):
    """From one site to another. Base of both kinds."""

    __slots__ = ("token_delay",)

    def __init__(self, token_delay: float | None) -> None:
        self.token_delay = token_delay
        """Seconds that a streamed token takes; None where it depends on the device or on the moment."""

    @abstractmethod
    def delay(self, size: float, device: int) -> float:
        """Seconds that a small message of `size` bytes takes; infinite if it never gets through."""

    @abstractmethod
    def foreseen(self, size: float, device: int) -> float:
        """As `delay`, jitter apart: to look ahead without a draw, which would shift those of real messages."""

    def one_way(self, device: int) -> float:
        """Seconds from a byte's leaving to its arrival, jitter apart."""
        return self.foreseen(0.0, device)

    @abstractmethod
    def send(self, size: float, release: Release | Feed, device: int) -> Moment:
        """Send bytes as they become ready; the event happens when the last one arrives, with the time of the first."""

    @abstractmethod
    def cancel(self, moment: Moment) -> float:
        """Give up the transfer with this event.

        Returns:
            Bytes that were sent; infinite if all had left, and only the event is still to come.
        """

    @abstractmethod
    def unsent(self, moment: Moment) -> float:
        """Bytes of a transfer told by a feed that are ready and have not left."""

    @abstractmethod
    def expected(self, size: float, device: int, moment: Moment | None = None) -> float:
        """Seconds that `size` bytes would take at the share that one more transfer would get now.

        With the event of a transfer under way: at the share that it would get itself.
        """


class LinkHop(Hop):
    """A plain link in one direction."""

    __slots__ = ("_forward", "_last_mile", "_link")

    def __init__(self, link: DuplexLink, forward: bool, last_mile: LastMile | None) -> None:
        super().__init__(link.latency(TOKEN_BYTES, forward) if last_mile is None else None)
        self._link = link
        self._forward = forward
        self._last_mile = last_mile

    def _access(self, device: int) -> Access | None:
        return None if self._last_mile is None else self._last_mile.of(device)

    def delay(self, size: float, device: int) -> float:
        """Seconds that a small message takes (see `DuplexLink.latency`)."""
        return self._link.latency(size, self._forward, self._access(device))

    def foreseen(self, size: float, device: int) -> float:
        """The same: a plain link has no jitter."""
        return self.delay(size, device)

    def send(self, size: float, release: Release | Feed, device: int) -> Moment:
        """Send bytes as they become ready (see `DuplexLink.transfer`)."""
        return self._link.transfer(size, release, self._forward, self._access(device))

    def cancel(self, moment: Moment) -> float:
        """Give up a transfer (see `DuplexLink.cancel`)."""
        return self._link.cancel(moment, self._forward)

    def unsent(self, moment: Moment) -> float:
        """Bytes that are ready and have not left (see `DuplexLink.unsent`)."""
        return self._link.unsent(moment)

    def expected(self, size: float, device: int, moment: Moment | None = None) -> float:
        """Seconds at the present share (see `DuplexLink.share`)."""
        access = self._access(device)
        rate = self._link.share(self._forward, access, moment)
        return size / rate + self._link.latency(0.0, self._forward, access)


class PathHop(Hop):
    """A path in the mesh, of one link or several.

    Args:
        path: the links.
        tap: the access link of a device, in the direction of the path; None without a last mile.
        weight: share of a full link relative to other transfers.
        priority: on a full link the higher one goes first.
        express: bytes up to which a transfer goes before longer ones of its priority.
        restarts: whether an outage undoes what was sent.
    """

    __slots__ = ("_express", "_path", "_rank", "_restarts", "_tap", "_weight")

    def __init__(
        self,
        path: Path,
        tap: Callable[[int], Tap] | None,
        weight: float = 1.0,
        priority: int = 0,
        express: float = 0.0,
        restarts: bool = False,
    ) -> None:
        super().__init__(path.latency(TOKEN_BYTES, None) if tap is None and path.is_constant else None)
        self._path = path
        self._tap = tap
        self._weight = weight
        self._express = express
        self._rank = -2 * priority + 1
        """Of long transfers; the lowest goes first."""
        self._restarts = restarts

    def _at(self, device: int) -> Tap | None:
        return None if self._tap is None else self._tap(device)

    def delay(self, size: float, device: int) -> float:
        """Seconds that a small message takes (see `Path.latency`)."""
        return self._path.latency(size, self._at(device))

    def foreseen(self, size: float, device: int) -> float:
        """The same, without a draw."""
        return self._path.latency(size, self._at(device), False)

    def send(self, size: float, release: Release | Feed, device: int) -> Moment:
        """Send bytes as they become ready (see `Path.transfer`)."""
        tap = self._at(device)
        # How much a feed will bring nobody knows yet: it counts as long.
        rank = self._rank - 1 if size <= self._express and isinstance(release, tuple) else self._rank
        return self._path.transfer(size, release, tap, self._weight, rank, self._restarts)

    def cancel(self, moment: Moment) -> float:
        """Give up a transfer (see `Path.cancel`)."""
        return self._path.cancel(moment)

    def unsent(self, moment: Moment) -> float:
        """Bytes that are ready and have not left."""
        return self._path.unsent(moment)

    def expected(self, size: float, device: int, moment: Moment | None = None) -> float:
        """Seconds at the present share (see `Path.expected`), connection set-up and slow start counted."""
        return self._path.expected(size, self._at(device), self._weight, moment)
