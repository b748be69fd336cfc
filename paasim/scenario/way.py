"""A route at work: the engine that prefills, the engine that decodes, and the network path between them.

Prompt text and streamed tokens are small beside a KV cache: they take a closed-form time on the path (half a round
trip and their own bytes at the path's rate) and no share of it from others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasim.core.release import Release

if TYPE_CHECKING:
    from simpy.events import Event

    from paasim.core.request import Request
    from paasim.engine.group import Fleet, Pool
    from paasim.link.link import Link
    from paasim.model.model import Model
    from paasim.scenario.routes import RouteSpec

    Hop = tuple[Link, bool] | None
    """A link and whether it is taken forward; None where both ends are at one place."""

PROMPT_BYTES_PER_TOKEN = 4.0
"""Bytes of prompt text per token: about four characters of English text (OpenAI, help.openai.com/en/articles/4936856)."""
TOKEN_BYTES = 4.0
"""Bytes of one streamed token, by the same rule; packet overhead left out."""


class Way:
    """One route of the scenario, wired. Positions in `up`, `from_prefill`, `from_decode` are request classes."""

    def __init__(
        self,
        number: int,
        name: str,
        spec: RouteSpec,
        *,
        prefill: Pool | Fleet,
        decode: Pool | Fleet,
        model: Model,
        kv: Hop,
        up: list[Hop],
        from_prefill: list[Hop],
        from_decode: list[Hop],
    ) -> None:
        self.number = number
        self.name = name
        self.prefill = prefill
        self.decode = decode
        self.stays = prefill is decode
        """Whether the request decodes in the engine that prefilled it."""
        self.decode_first = spec.first_token == "decode"
        self.streams = kv is not None and spec.kv.streams
        """Whether KV leaves while the prefill runs."""
        self.handover = spec.handover
        self._spec = spec.kv
        self._model = model
        self._kv = kv
        self._up = up
        self._from_prefill = from_prefill
        self._from_decode = from_decode

    # ---- what the life of a request calls ------------------------------------------------------------------------

    def fits(self, r: Request) -> bool:
        """Whether both engines could hold the request at all."""
        return self.prefill.fits(r) and (self.stays or self.decode.fits(r))

    def uplink(self, r: Request) -> float:
        """Seconds that the prompt text takes from the user to the prefill site."""
        return _delay(self._up[r.klass], r.prompt * PROMPT_BYTES_PER_TOKEN, r.device)

    def plan(self, r: Request, began: float) -> tuple[float, Release]:
        """Bytes on the wire and when they become ready; `began`: when its (last) prefill step began, s."""
        size = self._model.sent_bytes(r.prompt, r.at_receiver)
        return self._spec.plan(size, self._model, began, r.prefill_end, self.streams)

    def send(self, r: Request, size: float, release: Release) -> Event | None:
        """Put the KV on the way; the event fires when its last byte has come. None where nothing has to be sent."""
        if self._kv is None or size <= 0:
            return None
        link, forward = self._kv
        return link.transfer(size, release, forward, r.device)

    def decode_codec(self, r: Request) -> float:
        """Seconds from the last byte's arrival to KV that the decode engine can use."""
        return self._spec.decode_time(self._model.sent_bytes(r.prompt, r.at_receiver), self._model, self.streams)

    def deliver(self, r: Request) -> None:
        """Stamp when the first, second and last token reached the user."""
        down = _delay(self._from_decode[r.klass], TOKEN_BYTES, r.device)
        r.last_token = r.finish + down
        if self.decode_first:
            r.first_token, r.second_token = r.first_step + down, r.second_step + down
        else:
            r.first_token = r.prefill_end + _delay(self._from_prefill[r.klass], TOKEN_BYTES, r.device)
            r.second_token = r.first_step + down


def _delay(hop: Hop, size: float, device: int) -> float:
    if hop is None:
        return 0.0
    link, forward = hop
    return link.latency(size, forward, device)
