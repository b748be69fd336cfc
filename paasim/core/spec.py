"""The base of everything a user may write in a YAML block."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Spec(BaseModel):
    """A frozen, strict block of configuration: unknown keys, NaN and infinity are errors.

    The sentence under each field is its help text, its JSON-schema description and its documentation.
    A kind of a family is a `Spec` with `kind: Literal["..."]` and the behaviour it builds, in a file of its own.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_default=False,
    )


def document_schema(document: type[Spec], title: str) -> dict[str, Any]:
    """The JSON schema of what `--json` prints, or a file holds."""
    return {"$schema": DIALECT, "title": title, **document.model_json_schema(mode="serialization")}
