"""A transport as a scenario may write it: a block, or the name of a kind with its defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from paasim.core.errors import did_you_mean
from paasim.core.registry import kinds, union
from paasim.link.transport.transport import TransportSpec


def _transport_by_name(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value in kinds("link.transport"):
        return {"kind": value}
    raise ValueError(f"unknown transport '{value}'; {did_you_mean(value, kinds('link.transport'))}")


if TYPE_CHECKING:
    AnyTransport = TransportSpec
else:
    AnyTransport = Annotated[union("link.transport"), BeforeValidator(_transport_by_name)]
