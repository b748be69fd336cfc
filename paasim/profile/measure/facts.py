"""What a server says about itself: model, engine, version, limits. Nothing is guessed that it does not say."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from paasim.core.errors import InputError, did_you_mean
from paasim.profile.measure.endpoint import Endpoint

OWNERS = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llama.cpp", "library": "ollama"}
"""`owned_by` in the list of models -> engine. Ollama lists its own models as those of its library."""
VERSIONS = (
    ("ollama", "/api/version", "version"),
    ("sglang", "/get_server_info", "version"),
    ("llama.cpp", "/props", "build_info"),
    ("vllm", "/version", "version"),
)
"""Where engines say their version: engine, path, field."""
UNSAID = ("", "unknown", "b0-unknown")
"""What builds without a version say."""
SOURCE = "measured by the user with `paasim profile measure`, not published"
NOTE = (
    "Times as a client sees them: a prompt's is its time to first token less {overhead:.3g} ms of network and HTTP; a "
    "decode step's is the gap between tokens. Chunks, sampling and scheduler are in them. The shortest prompt takes "
    "{surplus:.3g} ms longer than a decode step: a part of that may be outside of steps, too."
)


@dataclass(frozen=True)
class Facts:
    """A server's own words."""

    model: str
    """Its name of the model, as requests say it."""
    engine: str = "unstated"
    """Serving engine."""
    version: str = "unstated"
    """Its version."""
    most: int | None = None
    """Longest context of a request, tokens."""
    more: dict[str, Any] = field(default_factory=dict)
    """Header fields that it states besides."""

    def header(self, overhead: float, surplus: float) -> dict[str, Any]:
        """Fields of `ProfileSpec`, for a measurement of today.

        Args:
            overhead: seconds of a request outside of steps.
            surplus: seconds of the shortest prompt of which that is not known.
        """
        made: dict[str, Any] = {"model": PurePath(self.model).name, "engine": self.engine, "version": self.version}
        made |= {"provenance": "measured", "source": SOURCE, "date": datetime.date.today().isoformat()}
        made["note"] = NOTE.format(overhead=overhead * 1e3, surplus=surplus * 1e3)
        return made | ({"limits": {"max_context": self.most}} if self.most else {}) | self.more


def ask(endpoint: Endpoint, model: str = "") -> Facts:
    """Ask a server what it runs.

    Args:
        endpoint: the server.
        model: the model to measure; empty: the only one it has.

    Raises:
        InputError: if it cannot be reached, or has several models and none is chosen.
    """
    listed = endpoint.get("/v1/models")
    entries = [each for each in _get(listed, "data") or [] if isinstance(each, dict) and each.get("id")]
    names = [str(each["id"]) for each in entries]
    if not names and not model:
        what, todo = "lists no models (/v1/models)", "correct the URL, or name the model (--model)"
        raise InputError.one(str(endpoint), what, todo)
    if not model and len(names) > 1:
        raise InputError.one("--model", f"the server has {len(names)} models", f"choose one of {', '.join(names[:12])}")
    if model and names and model not in names:
        raise InputError.one("--model", f"the server has no model '{model}'", did_you_mean(model, names))
    entry = entries[names.index(model or names[0])] if names else {}
    engine = OWNERS.get(str(entry.get("owned_by")), "")
    version = ""
    for name, path, field_name in VERSIONS:
        if engine in ("", name) and (found := _get(endpoint.get(path), field_name)) is not None:
            # A version alone tells no engine apart; where it stands does, except at the plain address.
            engine, version = engine or (name if name != "vllm" else ""), str(found)
            break
    meta = entry.get("meta") or {}
    more: dict[str, Any] = {}
    if meta.get("ftype"):
        more["dtype"] = str(meta["ftype"]).lower().replace("_", "-")
    if isinstance(meta.get("size"), int):
        more["memory"] = {"weight_bytes": f"{meta['size']} B"}
    most = entry.get("max_model_len") or meta.get("n_ctx")
    known = {"engine": engine or "unstated", "version": version if version not in UNSAID else "unstated"}
    return Facts(model or names[0], most=int(most) if most else None, more=more, **known)


def _get(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None
