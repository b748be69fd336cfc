"""A link as a scenario may write it: any kind, a shared one where the kind is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from paasim.core.registry import union
from paasim.link.link import LinkSpec


def _shared_if_not_said(value: Any) -> Any:
    return {"kind": "shared", **value} if isinstance(value, dict) and "kind" not in value else value


if TYPE_CHECKING:
    AnyLink = LinkSpec
else:
    AnyLink = Annotated[union("link"), BeforeValidator(_shared_if_not_said)]
