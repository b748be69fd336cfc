"""Values that a study gives to a field: listed, or spread over a range.

    1 Gbps, 5 Gbps, 10 Gbps             a list; brackets, braces and quotes keep their commas
    lin(10 Gbps, 40 Gbps, 4)            4 values at equal distances, both ends among them
    log(1 Gbps, 100 Gbps, 5)            5 values at equal ratios
    lin(10 Gbps, 40 Gbps)               a range to draw samples from

Values of a range have six significant digits, but for its ends, which stay as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from paasim.core.errors import InputError, quoted
from paasim.core.units import dimension_of
from paasim.scenario import yaml

MOST_VALUES = 100_000
_RANGE = re.compile(r"\s*(lin|log)\s*\((.*)\)\s*", re.DOTALL)
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Range:
    """Everything from one value to another, in one unit."""

    scale: Literal["lin", "log"]
    low: float
    high: float
    unit: str
    count: int | None = None
    """How many values to take; None: it is for samples."""

    def at(self, share: float, *, is_whole: bool = False) -> Any:
        """The value at a share of the way from the low end to the high one."""
        if self.scale == "lin":
            number = self.low + (self.high - self.low) * share
        else:
            number = self.low * (self.high / self.low) ** share
        return self._written(number if share in (0, 1) else float(f"{number:.6g}"), is_whole)

    def values(self, *, is_whole: bool = False) -> list[Any]:
        """The values that it stands for, rounded where the field takes whole numbers only.

        Raises:
            ValueError: if it is a range to draw samples from.
        """
        if self.count is None:
            raise ValueError("says not how many values: write e.g. lin(1, 10, 4), or draw samples")
        steps = max(self.count - 1, 1)
        return [self.at(number / steps, is_whole=is_whole) for number in range(self.count)]

    def _written(self, number: float, is_whole: bool) -> Any:
        if is_whole:
            number = float(round(number))
        plain: int | float = int(number) if number.is_integer() and abs(number) < 1e15 else number
        return f"{plain} {self.unit}" if self.unit else plain


def parse(written: object) -> list[Any]:
    """The values of a field, as plain data and `Range`s.

    Args:
        written: a list of values, or a text as above.

    Raises:
        ValueError: if it is neither, or a range is wrong.
    """
    items = written if isinstance(written, (list, tuple)) else [_plain(part) for part in split(str(written))]
    if not items:
        raise ValueError("has no values; write e.g. [1 Gbps, 5 Gbps] or lin(1 Gbps, 5 Gbps, 3)")
    return [_value(item) for item in items]


def listed(written: object) -> list[Any]:
    """The same as a list as one would write it: a text is taken apart, and ranges stay text.

    Raises:
        ValueError: as `parse`.
    """
    parse(written)
    return list(written) if isinstance(written, (list, tuple)) else [_plain(part) for part in split(str(written))]


def split(text: str, separator: str = ",") -> Iterator[str]:
    """The parts of a text between separators that stand in no brackets, braces or quotes.

    Raises:
        ValueError: if a bracket or quote is left open, or a part is empty.
    """
    open_, quote, part = list[str](), "", ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and not part.strip():
            quote = sign
        elif sign in _CLOSING:
            open_.append(_CLOSING[sign])
        elif open_ and sign == open_[-1]:
            open_.pop()
        elif sign == separator and not open_:
            yield _part(part, text)
            part = ""
            continue
        part += sign
    if open_ or quote:
        raise ValueError(f"{quoted(text)} lacks a closing {open_[-1] if open_ else quote}")
    yield _part(part, text)


def _part(part: str, text: str) -> str:
    if not part.strip():
        raise ValueError(f"{quoted(text)} has an empty part; write one value between two commas")
    return part.strip()


def _plain(part: str) -> Any:
    """What a part of a text stands for; the text itself, if it is a range."""
    if _RANGE.fullmatch(part):
        return part
    try:
        return yaml.parse(part, "", lines=False).plain()
    except InputError:
        raise ValueError(f"{quoted(part)} cannot be read as a value; check brackets and quotes") from None


def _value(item: object) -> Any:
    match = _RANGE.fullmatch(item) if isinstance(item, str) else None
    if match is None:
        return item
    return _range("lin" if match[1] == "lin" else "log", list(split(match[2])), match[0])


def _range(scale: Literal["lin", "log"], parts: Sequence[str], text: str) -> Range:
    form = f"write e.g. {scale}(1 Gbps, 10 Gbps, 4)"
    if len(parts) not in (2, 3):
        raise ValueError(f"{quoted(text)} is not a range: {form}")
    count = int(parts[2]) if len(parts) == 3 and parts[2].isdigit() else None
    if len(parts) == 3 and (count is None or not 1 < count <= MOST_VALUES):
        raise ValueError(
            f"{quoted(text)}: the number of values must be a whole number from 2 to {MOST_VALUES:,}: {form}"
        )
    (low, unit), (high, other) = _quantity(parts[0], form), _quantity(parts[1], form)
    if unit != other:
        low, high, unit = _in_one_unit(low, unit, high, other, text)
    if scale == "log" and (low <= 0 or high <= 0):
        raise ValueError(f"{quoted(text)}: both ends of a logarithmic range must be more than zero")
    if low == high:
        raise ValueError(f"{quoted(text)}: both ends are the same")
    return Range(scale, low, high, unit, count)


def _quantity(text: str, form: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None or not isfinite(float(match[1])):
        raise ValueError(f"{quoted(text)} is not an end of a range: {form}")
    return float(match[1]), match[2]


def _in_one_unit(low: float, unit: str, high: float, other: str, text: str) -> tuple[float, float, str]:
    """Both ends in the unit of the second."""
    dimension = dimension_of(other)
    if dimension is None or unit not in dimension.units:
        raise ValueError(f"{quoted(text)}: the ends are in units that do not go together")
    factor = dimension.units[unit] / dimension.units[other]
    return float(f"{low * factor:.12g}"), high, other
