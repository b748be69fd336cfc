"""What changes over time about a link, as a scenario may write it: any kind of each family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from paasim.core.registry import union
from paasim.link.capacity.capacity import CapacitySpec
from paasim.link.jitter.jitter import JitterSpec
from paasim.link.outages.outages import OutagesSpec


def _process_by_name(value: Any) -> Any:
    return {"kind": "process", "network": value} if isinstance(value, str) else value


def _kind_of_outages(value: Any) -> Any:
    if isinstance(value, list):
        return {"kind": "scheduled", "list": value}
    if isinstance(value, dict) and "kind" not in value:
        return {"kind": "random" if "every" in value else "scheduled", **value}
    return value


def _exponential_if_a_time(value: Any) -> Any:
    if isinstance(value, str):
        return {"kind": "exponential", "delay": value}
    return {"kind": "quantiles", **value} if isinstance(value, dict) and "kind" not in value else value


if TYPE_CHECKING:
    AnyCapacity = CapacitySpec
    AnyOutages = OutagesSpec
    AnyJitter = JitterSpec
else:
    AnyCapacity = Annotated[union("link.capacity"), BeforeValidator(_process_by_name)]
    AnyOutages = Annotated[union("link.outages"), BeforeValidator(_kind_of_outages)]
    AnyJitter = Annotated[union("link.jitter"), BeforeValidator(_exponential_if_a_time)]
