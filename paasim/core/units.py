"""Quantities with units: text such as `10 Gbps` at the edges, plain SI floats inside.

Seconds, bytes, bits per second, events per second, dollars. Bits and bytes, and decimal (kB = 1000 B) and binary
(KiB = 1024 B) prefixes, are told apart. A bare number where a unit is needed is an error that shows the right form.
Each dimension has a largest sensible value, so that a slip of the keyboard (`1e30 Gbps`) is caught where it is made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from paasim.core.errors import quoted, shortened
from paasim.core.percent import percent

_NUMBER = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?))\s*(\S.*?)?\s*$", re.I)


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its units as factors to the SI unit, an example, and the largest sensible value."""

    name: str
    units: Mapping[str, float]
    example: str
    most: float

    def parse(self, value: object) -> float:
        """Turn text with a unit into the SI value.

        Raises:
            ValueError: if it is a bare number, has an unknown unit, is not finite, or is absurdly large.
        """
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(f"is not a {self.name}; write e.g. '{self.example}'")
        match = _NUMBER.match(str(value))
        if match is None:
            raise ValueError(f"{quoted(value)} is not a {self.name}; write e.g. '{self.example}'")
        number, unit = float(match[1]), match[2]
        if not math.isfinite(number):
            raise ValueError(f"{quoted(value)} is not a finite number; write e.g. '{self.example}'")
        if unit is None:
            raise ValueError(
                f"{shortened(value)} needs a unit, one of {', '.join(self.units)}; write e.g. '{self.example}'"
            )
        if unit not in self.units:
            hint = next((u for u in self.units if u.lower() == unit.lower()), None)
            rest = f"did you mean '{hint}'?" if hint else f"one of {', '.join(self.units)}; write e.g. '{self.example}'"
            raise ValueError(f"'{unit}' is not a unit of {self.name}: {rest}")
        result = number * self.units[unit]
        if abs(result) > self.most:
            raise ValueError(f"{quoted(value)} is beyond any sensible {self.name} (at most {self.format(self.most)})")
        return result

    def format(self, value: float) -> str:
        """Write an SI value as text that `parse` reads back to the same float, in the tidiest unit."""
        best = ""
        for unit, factor in self.units.items():
            number = value / factor
            text = f"{number:.15g} {unit}"
            if self.parse_exact(text) == value and (not best or len(text) < len(best)) and "e" not in text:
                best = text
        unit, factor = next((u, f) for u, f in self.units.items() if f == 1.0)
        return best or f"{value!r} {unit}"

    def parse_exact(self, text: str) -> float:
        """Read text that `format` wrote, without the checks."""
        number, unit = text.split(" ", 1)
        return float(number) * self.units[unit]


TIME = Dimension(
    "duration",
    {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "20 ms",
    86400.0 * 3650,
)
SIZE = Dimension(
    "size",
    {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
    | {"KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40},
    "80 GiB",
    1e18,
)
BANDWIDTH = Dimension(
    "bandwidth",
    {"bps": 1.0, "kbps": 1e3, "Mbps": 1e6, "Gbps": 1e9, "Tbps": 1e12}
    | {"B/s": 8.0, "kB/s": 8e3, "MB/s": 8e6, "GB/s": 8e9, "TB/s": 8e12}
    | {"KiB/s": 8 * 2.0**10, "MiB/s": 8 * 2.0**20, "GiB/s": 8 * 2.0**30},
    "10 Gbps",
    1e16,
)
RATE = Dimension("rate", {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "rps": 1.0}, "2 /s", 1e9)
PRICE_PER_HOUR = Dimension("price per hour", {"$/h": 1.0}, "3 $/h", 1e9)
PRICE_PER_BYTE = Dimension("price per volume", {"$/GB": 1e-9, "$/TB": 1e-12, "$/B": 1.0}, "0.05 $/GB", 1.0)
POWER = Dimension("power", {"W": 1.0, "mW": 1e-3, "kW": 1e3}, "700 W", 1e9)
COMPUTE = Dimension(
    "compute rate",
    {"FLOP/s": 1.0, "GFLOP/s": 1e9, "TFLOP/s": 1e12, "PFLOP/s": 1e15},
    "989 TFLOP/s",
    1e21,
)
DIMENSIONS = (TIME, SIZE, BANDWIDTH, RATE, PRICE_PER_HOUR, PRICE_PER_BYTE, POWER, COMPUTE)


def dimension_of(unit: str) -> Dimension | None:
    """The dimension that has a unit; None if none has. No unit belongs to two."""
    return next((dimension for dimension in DIMENSIONS if unit in dimension.units), None)


def _at_least_zero(value: float) -> float:
    if value < 0:
        raise ValueError("is negative; it must be zero or more")
    return value


def _above_zero(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than zero")
    return value


def _share(value: Any) -> Any:
    found = percent(value)
    if found is None and isinstance(value, str):
        raise ValueError(f"'{value}' is not a share from 0 to below 1; write e.g. 0.1 % or 0.001")
    return value if found is None else found


def _schema(dimension: Dimension) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "description": f"a {dimension.name} with its unit", "examples": [dimension.example]}
    )


# pydantic field types. Spelled out one by one, since a type checker cannot see through a function that makes types.
_time: Any = (BeforeValidator(TIME.parse), PlainSerializer(TIME.format), _schema(TIME))
_size: Any = (BeforeValidator(SIZE.parse), PlainSerializer(SIZE.format), _schema(SIZE))
_band: Any = (BeforeValidator(BANDWIDTH.parse), PlainSerializer(BANDWIDTH.format), _schema(BANDWIDTH))
_rate: Any = (BeforeValidator(RATE.parse), PlainSerializer(RATE.format), _schema(RATE))
_hour: Any = (BeforeValidator(PRICE_PER_HOUR.parse), PlainSerializer(PRICE_PER_HOUR.format), _schema(PRICE_PER_HOUR))
_byte: Any = (BeforeValidator(PRICE_PER_BYTE.parse), PlainSerializer(PRICE_PER_BYTE.format), _schema(PRICE_PER_BYTE))
_watt: Any = (BeforeValidator(POWER.parse), PlainSerializer(POWER.format), _schema(POWER))
_none_below: Any = AfterValidator(_at_least_zero)
_only_above: Any = AfterValidator(_above_zero)

Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, lt=1),
    WithJsonSchema({"type": ["string", "number"], "description": "a share below 1", "examples": ["0.1 %", 0.001]}),
]
"""A share in [0, 1); written as `0.1 %` or `0.001`."""
Duration = Annotated[float, _time[0], _none_below, _time[1], _time[2]]
"""Seconds, zero or more; written as `20 ms`."""
PositiveDuration = Annotated[float, _time[0], _only_above, _time[1], _time[2]]
"""Seconds, more than zero."""
Size = Annotated[float, _size[0], _none_below, _size[1], _size[2]]
"""Bytes, zero or more; written as `80 GiB`."""
Bandwidth = Annotated[float, _band[0], _only_above, _band[1], _band[2]]
"""Bits per second, more than zero; written as `10 Gbps`."""
Rate = Annotated[float, _rate[0], _only_above, _rate[1], _rate[2]]
"""Events per second, more than zero; written as `2 /s`."""
PricePerHour = Annotated[float, _hour[0], _none_below, _hour[1], _hour[2]]
"""Dollars per hour; written as `3 $/h`."""
PricePerByte = Annotated[float, _byte[0], _none_below, _byte[1], _byte[2]]
"""Dollars per byte; written as `0.05 $/GB`."""
Power = Annotated[float, _watt[0], _none_below, _watt[1], _watt[2]]
"""Watts; written as `700 W`."""
