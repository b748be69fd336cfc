"""A transfer whose bytes become ready nobody knows when, over a link that wants to know it of each flow.

It is sent as whole flows, one after the other: each holds all that was ready when the one before it had left. A flow
enters at the very moment at which the last one leaves, so that shares are those of one flow that is idle whenever it
has sent all that is ready: this is exact, at one flow per piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasim.core.kernel import Moment
from paasim.core.release import Feed, Release

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.link.access import Access
    from paasim.link.plain.direction import Direction


class Pieces:
    """One such transfer.

    Args:
        env: the clock.
        way: the direction of the link.
        feed: what is ready; it is listened to.
        rate: bytes/s that it gets at most.
        device: whose access link it passes.
        delay: seconds from the leaving of the last byte to its arrival.
    """

    __slots__ = ("_delay", "_device", "_env", "_feed", "_is_cancelled", "_piece", "_rate", "_sent", "_way", "event")

    def __init__(
        self, env: Environment, way: Direction, feed: Feed, rate: float, device: Access | None, delay: float
    ) -> None:
        self._env = env
        self._way = way
        self._feed = feed
        self._rate = rate
        self._device = device
        self._delay = delay
        self._sent = 0.0
        """Bytes of the pieces that have left or are leaving."""
        self._piece: Moment | None = None
        self._is_cancelled = False
        self.event = Moment([])
        """The arrival of the last byte; its value is when the first byte left."""
        feed.listener = self.go_on
        self.go_on()

    @property
    def is_sending(self) -> bool:
        """Whether it has a flow under way."""
        return self._piece is not None

    def go_on(self) -> None:
        """Send what is ready, unless a piece is on its way out."""
        if self._piece is not None or self._is_cancelled:
            return
        now, feed = self._env.now, self._feed
        size = feed.ready - self._sent
        if self.event._value is None and (size > 0.0 or feed.closed):
            self.event._value = now
        if size > 0.0:
            self._sent = feed.ready
            self._piece = piece = self._way.send(size, Release(now, 0.0, 0.0, 1), self._rate, self._device, 0.0)
            callbacks = piece.callbacks
            assert callbacks is not None
            callbacks.append(self._on_left)
        elif feed.closed:
            feed.listener = None
            self._env.happen(self.event, now + self._delay)

    def _on_left(self, _: Moment) -> None:
        self._piece = None
        self.go_on()

    @property
    def unsent(self) -> float:
        """Bytes that are ready and have not left."""
        waiting = self._feed.ready - self._sent
        return waiting if self._piece is None else waiting + self._way.unsent(self._piece)

    def cancel(self) -> float:
        """Give it up; returns the bytes that were sent."""
        self._is_cancelled = True
        self._feed.listener = None
        piece, before = self._piece, self._sent
        if piece is None:
            return before
        self._piece = None
        size, sent = self._way.cancel(piece)
        return before - size + sent
