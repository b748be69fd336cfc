"""Where the engine listens, and plain questions to it; what goes wrong on the way becomes an InputError."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from paasim.core.errors import InputError, Problem

START = "start the engine, or correct the URL (as in http://localhost:8000)"
MOST_WORDS = 300
"""Characters of a server's own words that are passed on."""


class RefusedError(InputError):
    """The server answered, but not with what was asked for."""

    status: int = 0
    """HTTP status."""


class LostError(InputError):
    """The server cannot be reached, or stopped answering."""


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server."""

    host: str
    port: int
    secure: bool
    path: str
    """What stands before `/v1/...` in the URL."""
    key: str = field(default="", repr=False)
    """Sent as bearer token; never shown or written."""
    timeout: float = 120.0
    """Longest wait for the next byte, s."""

    @classmethod
    def parse(cls, url: str, key: str = "", timeout: float = 120.0) -> Endpoint:
        """Read a URL such as `http://localhost:8000` or `https://host/v1`.

        Raises:
            InputError: if it is none, or holds a user name, password, query or fragment.
        """
        todo = "write e.g. http://localhost:8000"
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InputError.one(url, f"is not a URL: {error}", todo) from None
        if parts.username or parts.password:
            what = "the URL holds a user name or password"
            raise InputError.one("", what, "leave it out; an API key comes from the environment (--api-key-env)")
        if parts.scheme not in ("http", "https") or not host:
            raise InputError.one(url, "is not an http or https URL", todo)
        if parts.query or parts.fragment:
            raise InputError.one(url, "has a query or fragment", "give scheme, host, port and path only")
        secure = parts.scheme == "https"
        path = parts.path.rstrip("/").removesuffix("/v1")
        return cls(host, port or (443 if secure else 80), secure, path, key, timeout)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is open already, so that opening it is in nobody's time.

        Raises:
            LostError: if nobody listens there.
        """
        if self.secure:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout)
        else:
            made = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            made.connect()
        except socket.gaierror:
            raise _lost(self, f"there is no host '{self.host}'", START) from None
        except ssl.SSLError as error:
            what = f"no secure connection: {error.reason or error}"
            raise _lost(self, what, "is it http instead of https?") from None
        except OSError as error:
            raise _lost(self, f"cannot be reached: {_words(error)}", START) from None
        return made

    def ping(self) -> float:
        """Seconds of a plain question and its answer (the list of models) over an open connection.

        Raises:
            LostError: if the server cannot be reached.
        """
        connection = self.connect()
        try:
            start = time.perf_counter()
            connection.request("GET", self.path + "/v1/models", headers=self.headers())
            connection.getresponse().read()
            return time.perf_counter() - start
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(error) from None
        finally:
            connection.close()

    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        made = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        return {**made, "Authorization": f"Bearer {self.key}"} if self.key else made

    def get(self, path: str) -> Any | None:
        """A JSON document of the server; None where it has none there.

        Raises:
            LostError: if it cannot be reached.
            RefusedError: if it wants another API key, or is not ready.
        """
        connection = self.connect()
        try:
            connection.request("GET", self.path + path, headers=self.headers())
            reply = connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(error) from None
        finally:
            connection.close()
        if reply.status in (401, 403, 503):
            raise self.refused(reply.status, text)
        try:
            return json.loads(text) if reply.status == 200 else None
        except ValueError:
            return None

    def lost(self, error: Exception) -> LostError:
        """The error of a connection that broke."""
        if isinstance(error, TimeoutError):
            what, todo = f"sent nothing for {self.timeout:g} s", "is it overloaded? else raise --timeout"
            return _lost(self, what, todo)
        if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.RemoteDisconnected):
            what = f"does not answer in HTTP: {type(error).__name__}"
            return _lost(self, what, "is it an OpenAI-compatible server?")
        return _lost(self, f"the connection broke: {_words(error)}", "look into its log")

    def refused(self, status: int, text: bytes) -> RefusedError:
        """The error of an HTTP status, with the server's own words."""
        words = said(text)
        todo = {
            401: "put the API key into the environment (OPENAI_API_KEY, or --api-key-env NAME)",
            403: "this API key may not; name the variable of another (--api-key-env NAME)",
            404: "give the URL up to and without /v1, and check --model",
            503: "wait until it has loaded its model",
            429: "the server limits requests: measure one that is yours alone",
        }.get(status, "the server's log may say more")
        made = RefusedError([Problem(str(self), f"HTTP {status}{': ' + words if words else ''}", todo)])
        made.status = status
        return made


def _lost(endpoint: Endpoint, what: str, todo: str) -> LostError:
    return LostError([Problem(str(endpoint), what, todo)])


def said(text: bytes) -> str:
    """What a server says is wrong, in one line."""
    try:
        found = json.loads(text)
    except ValueError:
        plain = text.decode("utf-8", "replace")
        return "" if "<" in plain else " ".join(plain.split())[:MOST_WORDS]
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return " ".join(str(found).split())[:MOST_WORDS]


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__
