"""A stand-in for a serving engine, whose step times are known: an OpenAI-compatible server on loopback.

One engine with continuous batching: a prompt is a step of its own, `a + b N + c Q`, and goes before decode steps of
`a + b B + c S`; blocks of prompts seen before are not computed again. Steps really take their time (each ends at an
absolute deadline, so that being late does not add up). A word is a token.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BLOCK = 16


@dataclass
class Law:
    """Coefficients of the step times, s."""

    prefill: tuple[float, float, float] = (2e-3, 2e-5, 0.0)
    decode: tuple[float, float, float] = (2e-3, 1e-4, 1e-6)

    def prefill_seconds(self, new: int, cached: int) -> float:
        a, b, c = self.prefill
        return a + b * new + c * new * (cached + new / 2)

    def decode_seconds(self, batch: int, total: float) -> float:
        a, b, c = self.decode
        return a + b * batch + c * total


@dataclass
class Manner:
    """How the server behaves."""

    slots: int = 64
    completions: bool = True
    strict: bool = False
    """Refuses fields that it does not know."""
    stops: int = 10**9
    """Tokens after which an answer ends by itself."""
    usage: bool = True
    streams: bool = True
    loaded: bool = True
    key: str = ""
    per_part: int = 1
    caches: bool = True
    says_cached: bool = True
    most: int = 8192
    dies_after: int = 10**9
    """Requests after which connections are cut."""
    models: tuple[str, ...] = ("toy",)


@dataclass
class Job:
    words: list[str]
    tokens: int
    out: queue.Queue[int | None] = field(default_factory=queue.Queue)
    cached: int = 0
    given: int = 0


class Engine(threading.Thread):
    """Runs steps."""

    def __init__(self, law: Law, manner: Manner) -> None:
        super().__init__(daemon=True)
        self.law, self.manner = law, manner
        self.waiting: queue.Queue[Job] = queue.Queue()
        self.running: list[Job] = []
        self.blocks: set[tuple[str, ...]] = set()
        self.closed = False

    def run(self) -> None:
        end = 0.0
        while not self.closed:
            busy = bool(self.running)
            job = self._next(wait=not busy)
            if job is None and not busy:
                continue
            # A late wake-up is made up for by the next step; a long stall is not.
            now = time.perf_counter()
            end = max(end, now - 0.1) if busy else now
            if job is not None:
                job.cached = self._cached(job.words)
                end += self.law.prefill_seconds(len(job.words) - job.cached, job.cached)
                self.running.append(job)
            else:
                total = sum(len(each.words) + each.given for each in self.running)
                end += self.law.decode_seconds(len(self.running), total)
            time.sleep(max(0.0, end - time.perf_counter()))
            for each in [job] if job is not None else list(self.running):
                self._give(each)

    def _next(self, wait: bool) -> Job | None:
        """The next prompt; an idle engine waits for one."""
        if len(self.running) >= self.manner.slots:
            return None
        try:
            return self.waiting.get(timeout=0.05) if wait else self.waiting.get_nowait()
        except queue.Empty:
            return None

    def _give(self, job: Job) -> None:
        job.given += 1
        job.out.put(job.given)
        if job.given >= min(job.tokens, self.manner.stops):
            self.running.remove(job)
            job.out.put(None)

    def _cached(self, words: list[str]) -> int:
        heads = [tuple(words[:n]) for n in range(BLOCK, len(words), BLOCK)]
        hits = [len(head) for head in heads if head in self.blocks]
        self.blocks.update(heads)
        return max(hits, default=0) if self.manner.caches else 0


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine
    manner: Manner
    asked = 0

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if not self._may():
            return
        if not self.manner.loaded:
            self._json(503, {"error": {"message": "Loading model"}})
        elif self.path == "/v1/models":
            models = [{"id": m, "owned_by": "vllm", "max_model_len": self.manner.most} for m in self.manner.models]
            self._json(200, {"data": models})
        elif self.path == "/version":
            self._json(200, {"version": "1.2.3"})
        else:
            self._json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked += 1
        if type(self).asked > self.manner.dies_after:
            self.close_connection = True
            return
        chat = self.path == "/v1/chat/completions"
        if not self._may():
            return
        if not chat and not (self.path == "/v1/completions" and self.manner.completions):
            self._json(404, {"detail": "Not Found"})
            return
        if self.manner.strict and "ignore_eos" in body:
            self._json(400, {"error": {"message": "Unrecognized request argument: ignore_eos"}})
            return
        words = (body["messages"][0]["content"] if chat else body["prompt"]).split()
        if len(words) + body["max_tokens"] > self.manner.most:
            self._json(400, {"error": {"message": f"maximum context length is {self.manner.most} tokens"}})
            return
        job = Job(["<user>", *words] if chat else words, body["max_tokens"])
        self.engine.waiting.put(job)
        if not self.manner.streams:
            self._json(200, {"choices": [{"text": "x"}]})
            return
        self._stream(job, chat)

    def _stream(self, job: Job, chat: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if chat:
            self._part({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        held = 0
        while (number := job.out.get()) is not None:
            held += 1
            if held == self.manner.per_part or number in (1, job.tokens):
                text = " x" * held
                self._part({"choices": [{"delta": {"content": text}} if chat else {"text": text}]})
                held = 0
        self._part({"choices": [{"delta": {}, "text": "", "finish_reason": "length"}]})
        if self.manner.usage:
            usage: dict[str, Any] = {"prompt_tokens": len(job.words), "completion_tokens": job.given}
            if self.manner.says_cached:
                usage["prompt_tokens_details"] = {"cached_tokens": job.cached}
            self._part({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _part(self, part: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(part).encode() + b"\n\n")

    def _may(self) -> bool:
        if self.manner.key and self.headers.get("Authorization") != f"Bearer {self.manner.key}":
            self._json(401, {"error": {"message": "Invalid API key"}})
            return False
        return True

    def _json(self, status: int, document: Any) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Server(ThreadingHTTPServer):
    """Hushed: clients may go away."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def standin(law: Law | None = None, manner: Manner | None = None) -> Iterator[str]:
    """Serve on a free port of loopback; gives the URL."""
    engine = Engine(law or Law(), manner or Manner())
    handler = type("Bound", (Handler,), {"engine": engine, "manner": engine.manner})
    server = Server(("127.0.0.1", 0), handler)
    engine.start()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        engine.closed = True
        server.shutdown()
        server.server_close()
        engine.join()
        thread.join()
