"""How the codec of a route follows the bandwidth: which level a transfer or a chunk gets, and when text is sent.

Everything that is weighed is what could be known: sizes, the share of the path that one more flow would get now, the
profiles of both engines and the prompts that wait at the decoder. That others come or go later is not.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from paasim.kv.codec.adaptive import TEXT, choose

if TYPE_CHECKING:
    from paasim.core.kernel import Environment, Moment
    from paasim.core.request import Request
    from paasim.kv.codec.adaptive import AdaptiveSpec
    from paasim.kv.codec.codec import CodecSpec
    from paasim.scenario.hop import Hop


class Leveling:
    """An adaptive codec at work on one route.

    Args:
        env: the clock.
        spec: the codec.
        number_bytes: bytes per number of the model's KV format.
        hop: the path of the KV; None where nothing is in its way.
        limits: TTFT limit of each request class, s; infinite where there is none.
    """

    def __init__(
        self, env: Environment, spec: AdaptiveSpec, number_bytes: float, hop: Hop | None, limits: list[float]
    ) -> None:
        self.levels: list[CodecSpec] = list(spec.levels)
        self.names = [level.label for level in spec.levels] + [TEXT]
        """What results call the levels; text comes last."""
        self.first = 0
        """Position of the first level among those of all routes."""
        self.has_text = spec.text and hop is not None
        self._deadline = spec.deadline
        self._env = env
        self._hop = hop
        self._number_bytes = number_bytes
        self._limits = limits

    def due(self, r: Request, after: float) -> float:
        """When the KV of a request should be at the decoder: so long after now, or in time for the limit of its TTFT.

        Args:
            r: the request.
            after: seconds that pass at least from then until its first token is at the user.
        """
        return r.arrival + self._limits[r.klass] - after if self._deadline is None else self._env.now + self._deadline

    def level(self, r: Request, size: float, due: float, moment: Moment | None = None) -> int:
        """Position of the level for what is left to send.

        Args:
            r: the request.
            size: uncompressed bytes of it.
            due: when it should be there.
            moment: the event of its transfer, where that is under way.
        """
        unsent = self._hop.unsent(moment) if self._hop is not None and moment is not None else 0.0

        def expected(wire: float) -> float:
            return 0.0 if self._hop is None else self._hop.expected(wire + unsent, r.device, moment)

        return choose(self.levels, size, self._number_bytes, due - self._env.now, expected)[0]

    def fastest(self, r: Request, size: float) -> float:
        """Seconds that the smallest level should take for a whole cache."""

        def expected(wire: float) -> float:
            return 0.0 if self._hop is None else self._hop.expected(wire, r.device)

        return choose(self.levels, size, self._number_bytes, -inf, expected)[1]

    def note(self, r: Request, level: int) -> None:
        """Write down that a request used a level; the smallest counts."""
        r.kv_level = max(r.kv_level, self.first + level)


class ChunkLevels:
    """Chooses the level of each chunk of one transfer."""

    __slots__ = ("_due", "_leveling", "_request", "moment")

    def __init__(self, leveling: Leveling, request: Request, due: float) -> None:
        self._leveling = leveling
        self._request = request
        self._due = due
        self.moment: Moment | None = None
        """The event of the transfer, once it is under way."""

    def pick(self, size: float) -> int:
        """Position of the level of the next chunk, `size` uncompressed bytes being left with it."""
        level = self._leveling.level(self._request, size, self._due, self.moment)
        self._leveling.note(self._request, level)
        return level
