"""The JSON schema of scenarios: for editors that complete and check while one types, and for scripts."""

from __future__ import annotations

from typing import Any

from paasim.core.spec import DIALECT
from paasim.scenario.scenario import Scenario

SHORT_FORMS = {
    "codec": "string",
    "streaming": "string",
    "access": "string",
    "transport": "string",
    "prompt": "integer",
    "output": "integer",
}
"""Keys that take a short form (a name, a number of tokens) besides a block, and its JSON type."""


def scenario_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file. Quantities are texts with a unit."""
    schema = Scenario.model_json_schema(by_alias=True, mode="validation")
    # A link may leave its `kind` out and then agrees with several kinds, so they must not exclude each other.
    for link in schema["$defs"]["NetworkSpec"]["properties"]["links"]["patternProperties"].values():
        link["anyOf"] = link.pop("oneOf")
        del link["discriminator"]
    for entry in (schema, *schema["$defs"].values()):
        for name, field in entry.get("properties", {}).items():
            field.pop("title", None)
            if name in SHORT_FORMS:
                _allow(field, SHORT_FORMS[name])
            if name == "levels":
                _allow(field["items"], "string")  # of an adaptive codec: codecs
    return {"$schema": DIALECT, **schema, "title": "paasim scenario"}


def _allow(field: dict[str, Any], kind: str) -> None:
    """Let a field that takes a block also take a value of a simple type."""
    block = {key: field.pop(key) for key in ("$ref", "oneOf", "anyOf", "discriminator") if key in field}
    if block:
        field["anyOf"] = [block, {"type": kind}]
