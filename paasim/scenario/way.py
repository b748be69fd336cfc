"""A route at work: the engine that prefills, the engine that decodes, and the network path between them.

Prompt text and streamed tokens are small beside a KV cache: they take a closed-form time on the path (half a round
trip and their own bytes at the path's rate) and no share of it from others.
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

from paasim.engine.group import Fleet, Pool
from paasim.kv.codec.adaptive import AdaptiveSpec
from paasim.kv.codec.none import NoneSpec
from paasim.kv.packing import Packer
from paasim.kv.streaming.chunks import ChunksSpec
from paasim.model.dtypes import BYTES
from paasim.scenario.hop import TOKEN_BYTES
from paasim.scenario.leveling import ChunkLevels, Leveling

if TYPE_CHECKING:
    from paasim.core.kernel import Environment, Moment
    from paasim.core.release import Feed, Progress, Release
    from paasim.core.request import Request, RequestView
    from paasim.engine.instance import Instance
    from paasim.model.model import Model
    from paasim.scenario.hop import Hop
    from paasim.scenario.routes import RouteSpec

PROMPT_BYTES_PER_TOKEN = 4.0
"""Bytes of prompt text per token: about four characters of English (https://help.openai.com/en/articles/4936856)."""


class Way:
    """One route of the scenario, wired. Positions in `up`, `from_prefill`, `from_decode` are request classes."""

    def __init__(
        self,
        number: int,
        name: str,
        spec: RouteSpec,
        *,
        env: Environment,
        prefill: Pool | Fleet,
        decode: Pool | Fleet,
        model: Model,
        kv: Hop | None,
        up: list[Hop | None],
        from_prefill: list[Hop | None],
        from_decode: list[Hop | None],
        limits: list[float],
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
        self.by_step = self.streams and prefill.splits
        """Whether KV may leave step by step, so that the prefill engine has to tell its steps."""
        self.timeout = inf if spec.kv.timeout is None else spec.kv.timeout
        """Longest time for the KV to come once all of it could be sent, s."""
        self.waits_on = spec.kv.timeout is None
        """Whether it is waited for however long it takes."""
        self.handover = spec.handover
        self.request: float = prefill.steps.request
        """Seconds from the prompt's arrival at the prefill site until it queues there."""
        self._spec = spec.kv
        self._model = model
        self._layers = model.stream_layers
        self._kv_dtype = model.kv_dtype
        self._number_bytes = BYTES[model.kv_dtype]
        codec = spec.kv.codec
        self.has_codec = not isinstance(codec, NoneSpec)
        self.leveling: Leveling | None = None
        """Where its codec follows the bandwidth."""
        self._plans = [spec.kv]
        if isinstance(codec, AdaptiveSpec):
            self.leveling = Leveling(env, codec, self._number_bytes, kv, limits)
            self._plans = [spec.kv.model_copy(update={"codec": level}) for level in codec.levels]
        self._most_tokens = min(prefill.most_tokens, decode.most_tokens)
        self._kv = kv
        self._env = env
        self._up = up
        self._from_prefill = from_prefill
        self._from_decode = from_decode
        self._down_prefill = [_fixed_delay(hop) for hop in from_prefill]
        self._down_decode = [_fixed_delay(hop) for hop in from_decode]

    # ---- what the life of a request calls ------------------------------------------------------------------------

    def fits(self, r: Request) -> bool:
        """Whether both engines could hold the request at all."""
        return r.prompt + r.output <= self._most_tokens

    def uplink(self, r: Request) -> float:
        """Seconds that the prompt text takes from the user to the prefill site."""
        hop = self._up[r.klass]
        return 0.0 if hop is None else hop.delay(r.prompt * PROMPT_BYTES_PER_TOKEN, r.device)

    def plan(self, r: Request, began: float, computed: int) -> tuple[float, Release]:
        """Bytes on the wire and when they become ready.

        Args:
            r: the request; room for its KV is reserved.
            began: when its last prefill step began, s; when its prefill ended, if the route does not stream.
            computed: prompt tokens whose KV the prefill side had then (cached, or earlier chunks): ready at once.
        """
        size = self._model.sent_bytes(r.prompt, r.at_receiver)
        missing = r.prompt - r.at_receiver
        head = max(computed - r.at_receiver, 0) / missing if r.streamed and missing > 0 else 0.0
        if not self.has_codec:
            return size, self._spec.streaming.release(began, r.prefill_end - began, self._layers, 0.0, head)
        spec, lasts = self._spec, r.prefill_end - began
        if self.leveling is not None:
            # Nothing was packed before the level is chosen, which is now; what was computed since is there as well.
            now = self._env.now
            if now > began:
                head += (1.0 - head) * (min((now - began) / lasts, 1.0) if r.streamed and lasts > 0.0 else 0.0)
                began, lasts = now, max(r.prefill_end - now, 0.0)
            level = self.leveling.level(r, size, self.leveling.due(r, self._after_kv(r)))
            self.leveling.note(r, level)
            spec = self._plans[level]
        release = spec.release(began, lasts, self._layers, size, self._kv_dtype, head)
        return spec.wire_bytes(size, self._kv_dtype), release

    def send_by_step(self, r: Request, progress: Progress) -> tuple[Packer, Moment | None]:
        """Put the KV of a prefill of several steps on the way; returns what packs it, to be started, and as `send`."""
        model, prompt, held = self._model, r.prompt, r.at_receiver
        leveling, streaming = self.leveling, self._spec.streaming
        parts = streaming.parts(self._layers)
        levels = [self._spec.codec]
        chunks: ChunkLevels | None = None
        if leveling is not None and isinstance(streaming, ChunksSpec):
            levels, chunks = leveling.levels, ChunkLevels(leveling, r, leveling.due(r, self._after_kv(r)))
        elif leveling is not None:
            level = leveling.level(r, model.sent_bytes(prompt, held), leveling.due(r, self._after_kv(r)))
            leveling.note(r, level)
            levels = [leveling.levels[level]]
        packer = Packer(
            self._env,
            r,
            progress,
            lambda tokens: model.sent_by(prompt, held, tokens),
            parts=parts,
            pieces=self._layers if parts == 1 else 1,
            number_bytes=self._number_bytes,
            levels=levels,
            choose=None if chunks is None else chunks.pick,
            pipelined=all(codec.is_pipelined for codec in levels),
        )
        sent = self.send(r, 0.0, packer.feed)
        if chunks is not None:
            chunks.moment = sent
        return packer, sent

    def _after_kv(self, r: Request) -> float:
        """Seconds from KV at the decoder to a token at the user at least: hand-over, a lone step, the way down."""
        step = self.decode.steps.decode(1, self._model.attended(r.prompt))
        down = self._from_decode[r.klass]
        return self.handover + step + (0.0 if down is None else down.foreseen(TOKEN_BYTES, r.device))

    def prefers_text(self, r: Request, decoder: Instance) -> bool:
        """Whether the prompt should be computed at the decoder sooner than the smallest level of its KV is there.

        Compared are the moments at which it could go on: text there, prompts before it and its own computed; or KV
        there and handed over. The prefill side must be done with the request in both cases.
        """
        leveling, hop = self.leveling, self._kv
        if leveling is None or hop is None or not leveling.has_text:
            return False
        now = self._env.now
        ended = r.prefill_end
        if ended != ended:
            ended = now + self.prefill.steps.prefill(r.todo, r.todo * (r.prompt - r.todo / 2))
        hits = decoder.memory.hits(r.blocks, r.prompt)
        kv = max(now + leveling.fastest(r, self._model.sent_bytes(r.prompt, hits)), ended) + self.handover
        context = r.prompt + r.output - r.left
        new = context - hits
        waits = self._prefill_seconds(self.decode, decoder.tokens_ahead())
        sent = now + hop.foreseen(r.prompt * PROMPT_BYTES_PER_TOKEN, r.device)
        text = max(sent, ended) + waits + self.decode.steps.prefill(new, new * (hits + new / 2))
        return text < kv

    def text_delay(self, r: Request) -> float:
        """Seconds that the prompt's text takes from the prefill side to the decoder."""
        return 0.0 if self._kv is None else self._kv.delay(r.prompt * PROMPT_BYTES_PER_TOKEN, r.device)

    def note_text(self, r: Request) -> None:
        """Write down that a request's text was sent in place of its KV."""
        if self.leveling is not None:
            self.leveling.note(r, len(self.leveling.levels))

    def cancel(self, sent: Moment) -> float:
        """Give up a transfer; returns the bytes that were sent, infinite if all had left."""
        return 0.0 if self._kv is None else self._kv.cancel(sent)

    def send(self, r: Request, size: float, release: Release | Feed) -> Moment | None:
        """Put the KV on the way; the event fires when its last byte has come. None where there is no link to pass.

        Where the receiver has it all already, word of it still has to come.
        """
        return None if self._kv is None else self._kv.send(size, release, r.device)

    def one_way(self, r: Request) -> float:
        """Seconds from the leaving of a byte of KV to its arrival; jitter holds up the last bytes, not the first."""
        return 0.0 if self._kv is None else self._kv.one_way(r.device)

    def decode_codec(self, r: Request) -> float:
        """Seconds from the last byte's arrival to KV that the decode engine can use."""
        if not self.has_codec:
            return 0.0
        # From the first byte's arrival on: it left half a round trip before.
        over = r.transfer_end - r.transfer_start - self.one_way(r)
        size = self._model.sent_bytes(r.prompt, r.at_receiver)
        spec = self._spec if self.leveling is None else self._plans[r.kv_level - self.leveling.first]
        return spec.decode_tail(size, self._kv_dtype, self._layers, over)

    def deliver(self, r: Request) -> bool:
        """Stamp when the first, second and last token reached the user; returns whether they did."""
        self._stamp_tokens(r)
        if r.last_token < inf:
            return True
        r.first_token = r.second_token = r.last_token = nan
        return False

    def _stamp_tokens(self, r: Request) -> None:
        down = self._down_decode[r.klass]
        if down is None:
            down = _token_delay(self._from_decode[r.klass], r.device)
        r.last_token = r.finish + down
        r.second_token = r.first_step + down
        if self.decode_first:
            r.first_token, r.second_token = r.second_token, r.second_step + down
            return
        down = self._down_prefill[r.klass]
        if down is None:
            down = _token_delay(self._from_prefill[r.klass], r.device)
        r.first_token = first = r.prefill_end + down
        if r.output == 1:
            r.last_token = first
        elif r.second_token < first:
            # The user reads in order: tokens from a decoder nearby wait for the first one from far away.
            r.second_token = first
            r.last_token = max(r.last_token, first)

    # ---- what a router sees --------------------------------------------------------------------------------------

    def queued(self) -> float:
        """Requests waiting or in service at both pools, per instance."""
        groups = (self.prefill,) if self.stays else (self.prefill, self.decode)
        return sum((group.meter.queue + group.meter.running) / group.servers for group in groups)

    def pool_wait(self) -> float:
        """Seconds of prefill work before a new request, and of waiting for a decode slot at the rate seen so far."""
        wait = 0.0
        if isinstance(self.prefill, Pool):
            wait += self._prefill_seconds(self.prefill, self.prefill.least_load())
        meter = self.decode.meter
        if not self.stays and isinstance(self.decode, Pool) and meter.queue and meter.finished:
            wait += meter.queue * self._env.now / meter.finished
        return wait

    def device_wait(self, request: RequestView) -> float:
        """Seconds of prefill work that stand before it at the user's own device."""
        if isinstance(self.prefill, Fleet):
            return self._prefill_seconds(self.prefill, self.prefill.load_at(request.device))
        return 0.0

    def prefill_time(self, request: RequestView) -> float:
        """Seconds of the prompt's prefill alone, without what the least loaded instance has of it."""
        cached = self.prefill.cached(request.blocks, request.prompt_tokens, request.device)
        new = request.prompt_tokens - cached
        return self.prefill.steps.prefill(new, new * (cached + new / 2))

    def transfer_time(self, request: RequestView) -> float:
        """Seconds that prompt and KV would be on the way, at the present share of the path."""
        up = self._up[request.klass]
        time = 0.0 if up is None else up.foreseen(request.prompt_tokens * PROMPT_BYTES_PER_TOKEN, request.device)
        if self._kv is not None:
            size = self._model.sent_bytes(request.prompt_tokens)
            time += self._kv.expected(self._spec.wire_bytes(size, self._kv_dtype), request.device)
        return time

    @staticmethod
    def _prefill_seconds(group: Pool | Fleet, tokens: int) -> float:
        """Seconds of `tokens` prompt tokens at the rate of steps of `TYPICAL_STEP` tokens."""
        return tokens / TYPICAL_STEP * group.steps.prefill(TYPICAL_STEP, TYPICAL_STEP**2 / 2)


def _fixed_delay(hop: Hop | None) -> float | None:
    """Seconds that a token takes, where it is the same for every user; None where it depends on the device."""
    return 0.0 if hop is None else hop.token_delay


def _token_delay(hop: Hop | None, device: int) -> float:
    return 0.0 if hop is None else hop.delay(TOKEN_BYTES, device)


TYPICAL_STEP = 4096
"""Tokens of a prefill step when a queue's work is turned into seconds, or a prompt throughput is told."""
