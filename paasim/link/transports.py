"""A transport as a scenario may write it: a block, or the name of a kind with its defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator

from paasim.core.registry import by_name, union
from paasim.link.transport.transport import TransportSpec

if TYPE_CHECKING:
    AnyTransport = TransportSpec
else:
    AnyTransport = Annotated[union("link.transport"), BeforeValidator(by_name("link.transport", "transport"))]
