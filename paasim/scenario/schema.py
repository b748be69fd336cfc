"""The JSON schema of scenarios: for editors that complete and check while one types, and for scripts."""

from __future__ import annotations

from typing import Any

from paasim.scenario.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file. Quantities are texts with a unit."""
    schema = Scenario.model_json_schema(by_alias=True, mode="validation")
    # A link may leave its `kind` out and then agrees with several kinds, so they must not exclude each other.
    links = schema["$defs"]["NetworkSpec"]["properties"]["links"]["additionalProperties"]
    if "oneOf" in links:
        links["anyOf"] = links.pop("oneOf")
        links.pop("discriminator", None)
    for entry in (schema, *schema["$defs"].values()):
        for field in entry.get("properties", {}).values():
            field.pop("title", None)
    return {"$schema": DIALECT, **schema, "title": "paasim scenario"}
