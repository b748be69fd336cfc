"""One streamed request, with the time at which every part of the answer arrived.

While an answer streams, lines are only stamped and kept; they are read when it is over, so that reading JSON delays no
stamp. Which of the API's forms a server takes (`/v1/completions` or `/v1/chat/completions`, with or without asking it
not to stop by itself) is found once, by trying.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from paasim.core.errors import InputError, Problem
from paasim.profile.measure.endpoint import Endpoint, RefusedError, said

DATA = b"data:"
DONE = b"[DONE]"
FORM_REFUSED = (400, 404, 405, 415, 422, 501)
"""HTTP statuses after which another form of the request is tried."""


@dataclass(frozen=True)
class Dialect:
    """A form of request that a server takes."""

    chat: bool = False
    """`/v1/chat/completions` instead of `/v1/completions`."""
    endless: bool = True
    """Ask it to go on after the end-of-text token (vLLM, SGLang, llama.cpp)."""

    @property
    def path(self) -> str:
        """Where the request goes."""
        return "/v1/chat/completions" if self.chat else "/v1/completions"

    def body(self, model: str, prompt: str, tokens: int) -> bytes:
        """The request for `tokens` tokens after a prompt."""
        made: dict[str, Any] = {"model": model, "max_tokens": tokens, "temperature": 0, "stream": True}
        made["stream_options"] = {"include_usage": True}
        made |= {"messages": [{"role": "user", "content": prompt}]} if self.chat else {"prompt": prompt}
        made |= {"ignore_eos": True, "min_tokens": tokens} if self.endless else {}
        return json.dumps(made).encode()


DIALECTS = [Dialect(chat, endless) for chat in (False, True) for endless in (True, False)]
"""In the order in which they are tried."""


@dataclass
class Reply:
    """A request and when its answer came."""

    sent: float = 0.0
    """When it was sent, s on `time.perf_counter`."""
    stamps: list[float] = field(default_factory=list)
    """When each part that holds tokens arrived."""
    prompt: int = 0
    """Tokens of the prompt, as the server counts."""
    cached: int | None = None
    """Of which it had in its prefix cache; None where it does not say."""
    tokens: int = 0
    """Tokens of the answer."""
    account: dict[str, float] = field(default_factory=dict)
    """The server's own account of its times, where it gives one (llama.cpp: `timings`, in ms)."""
    error: InputError | None = None
    """Why it broke off."""

    @property
    def ttft(self) -> float:
        """Seconds from sending the request to the first token."""
        return self.stamps[0] - self.sent

    @property
    def tokens_per_part(self) -> float:
        """Tokens that arrive together, on average."""
        return max(1.0, self.tokens / len(self.stamps))


@dataclass
class Client:
    """Sends requests to one model of one server."""

    endpoint: Endpoint
    model: str
    dialect: Dialect = Dialect()

    def settle(self) -> None:
        """Find the form of request that the server takes.

        Raises:
            InputError: if it takes none.
        """
        first: RefusedError | None = None
        for dialect in DIALECTS:
            self.dialect = dialect
            try:
                self.send("Hello", 1)
                return
            except RefusedError as error:
                first = first or error
                if error.status not in FORM_REFUSED:
                    raise
        assert first is not None
        raise first

    def send(self, prompt: str, tokens: int, reply: Reply | None = None) -> Reply:
        """Send one request and wait for its end.

        Args:
            prompt: the text.
            tokens: most tokens of the answer.
            reply: filled while the answer comes, for those who watch it; None makes one.

        Raises:
            InputError: if the server cannot be reached, refuses, does not stream, or counts no tokens.
        """
        reply = reply or Reply()
        body = self.dialect.body(self.model, prompt, tokens)
        connection = self.endpoint.connect()
        try:
            reply.sent = time.perf_counter()
            connection.request("POST", self.endpoint.path + self.dialect.path, body, self.endpoint.headers())
            answer = connection.getresponse()
            if answer.status != 200:
                raise self.endpoint.refused(answer.status, answer.read())
            if "event-stream" not in (answer.getheader("Content-Type") or ""):
                what, todo = "does not stream its answer", "use a server with streaming completions, without a cache"
                raise InputError.one(str(self.endpoint), what, todo)
            lines = list(_stamped(answer, reply.stamps.append))
        except (OSError, http.client.HTTPException) as error:
            raise self.endpoint.lost(error) from None
        finally:
            connection.close()
        self._read(lines, reply)
        return reply

    def _read(self, lines: list[tuple[float, bytes]], reply: Reply) -> None:
        """Read an answer's lines when it is over."""
        stamps = []
        for at, line in lines:
            try:
                part = json.loads(line)
            except ValueError:
                raise InputError.one(str(self.endpoint), "sent a line that is not JSON", said(line)) from None
            if part.get("error"):
                raise RefusedError([Problem(str(self.endpoint), said(line), "the server's log may say more")])
            _count(part.get("usage"), reply)
            reply.account = part.get("timings") or reply.account
            if _holds_token(part.get("choices")):
                stamps.append(at)
        reply.stamps[:] = stamps
        if not reply.prompt or not reply.tokens:
            what = "does not say how many tokens a request had (usage)"
            todo = "use a version of the engine that knows stream_options.include_usage"
            raise InputError.one(str(self.endpoint), what, todo)
        if not stamps:
            todo = "try another --model: this one answers nothing to a plain prompt"
            raise InputError.one(str(self.endpoint), "the answer holds no tokens", todo)


def _stamped(answer: http.client.HTTPResponse, seen: Callable[[float], None]) -> Iterator[tuple[float, bytes]]:
    """The data lines of an event stream with the time of each; `seen` is told the times as they come."""
    while line := answer.readline():
        if line.startswith(DATA) and (text := line[len(DATA) :].strip()) != DONE:
            now = time.perf_counter()
            seen(now)
            yield now, text


def _count(usage: Any, reply: Reply) -> None:
    if not usage:
        return
    reply.prompt = int(usage.get("prompt_tokens") or 0)
    reply.tokens = int(usage.get("completion_tokens") or 0)
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    reply.cached = None if cached is None else int(cached)


def _holds_token(choices: Any) -> bool:
    """Whether a part stands for a token. One that only opens the answer or only closes it does not.

    A token may have no text: a piece of a character, or the end-of-text token that was ignored.
    """
    if not choices:
        return False
    choice = choices[0]
    delta = choice.get("delta") or {}
    text = choice.get("text") or delta.get("content") or delta.get("reasoning_content") or delta.get("reasoning")
    return bool(text) or not (choice.get("finish_reason") or delta.get("role"))
