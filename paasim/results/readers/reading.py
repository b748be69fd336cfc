"""What readers share: JSON with its place for messages, numbers with checks, names of percentiles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError, quoted
from paasim.profile.importers.imported import text_of

SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
"""Unit of a time -> s."""
LARGEST = 1e20
"""Above this a number is damage; a time of day in ns is below."""
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)$")


class Node:
    """A JSON object, with its place; what is missing or null is None, empty text, or an empty node."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict | None):
            raise InputError.one(where, "is not a JSON object", "is it another format, or damaged?")
        self.value: dict[str, Any] = value or {}
        self.where = where

    def __contains__(self, key: str) -> bool:
        return self.value.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.value)

    def number(self, *keys: str, least: float | None = 0.0) -> float | None:
        """The first of these that is given; `least`: what it must be at least. NaN and infinities count as missing.

        Raises:
            InputError: if it is no number, or out of range.
        """
        key = next((key for key in keys if self.value.get(key) is not None), None)
        return None if key is None else number(self.value[key], key, self.where, least)

    def whole(self, *keys: str) -> int | None:
        """The first of these that is given, as a whole number; digits as text are taken too."""
        value = self.number(*keys)
        return None if value is None else round(value)

    def text(self, *keys: str) -> str:
        """The first of these that is given, on one line."""
        return next((line(self.value[key]) for key in keys if self.value.get(key) not in (None, "", [], {})), "")

    def node(self, *keys: str) -> Node:
        """The object under a path of keys; an empty one if there is none."""
        value: Any = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Node(value if isinstance(value, dict) else None, f"{self.where}: {'.'.join(keys)}")

    def list(self, key: str) -> list[Any]:
        """The list of that name; empty if there is none.

        Raises:
            InputError: if it is no list.
        """
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise InputError.one(self.where, f"{key} is no list", "is it another format, or damaged?")
        return value


def number(value: Any, name: str, where: str, least: float | None = 0.0) -> float | None:
    """A number, or digits as text; None for null, NaN and infinities.

    Raises:
        InputError: if it is no number, below `least`, or absurd.
    """
    if value is None:
        return None
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise InputError.one(where, f"{name} {quoted(value)} is no number", "is the file damaged?")
    if not isfinite(found):
        return None
    if (least is not None and found < least) or abs(found) > LARGEST:
        raise InputError.one(where, f"{name} {quoted(value)} is out of range", "is the file damaged?")
    return found


def numbers(values: Any, name: str, where: str) -> tuple[float, ...]:
    """A list of numbers of zero or more, those that are missing left out.

    Raises:
        InputError: if it is no list of numbers.
    """
    if not isinstance(values, list | None):
        raise InputError.one(where, f"{name} {quoted(values)} is no list", "is the file damaged?")
    found = (number(value, name, where) for value in values or ())
    return tuple(value for value in found if value is not None)


def documents(path: Path) -> list[Node]:
    """The JSON documents of a file, one after another: one, or several as lines or simply appended.

    Raises:
        InputError: if it is no JSON, naming the line.
    """
    text = text_of(path)
    decoder = json.JSONDecoder()
    found: list[Node] = []
    at = _next(text, 0)
    while at < len(text):
        where = f"{path}:{text.count(chr(10), 0, at) + 1}" if not found or len(found) < 2000 else str(path)
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            place = f"{path}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else where
            absurd = "nested too deeply" if isinstance(error, RecursionError) else "a number of too many digits"
            what = getattr(error, "msg", absurd)
            raise InputError.one(place, f"is not JSON: {what}", "is the file cut?") from None
        found += [Node(each, f"{where}: [{i}]") for i, each in enumerate(value)] if isinstance(value, list) else []
        found += [Node(value, where)] if not isinstance(value, list) else []
        at = _next(text, end)
    return found


def _next(text: str, at: int) -> int:
    """Where the next document begins: past white space and commas."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def percentile(name: str) -> str:
    """A statistic under its common name: `median` is p50, `avg` is mean; empty if it is none."""
    plain = {
        "mean": "mean",
        "avg": "mean",
        "average": "mean",
        "median": "p50",
        "std": "std",
        "min": "min",
        "max": "max",
    }
    if name in plain:
        return plain[name]
    found = _PERCENTILE.match(name)
    return f"p{float(found[1]):g}" if found else ""


def statistics(node: Node, scale: float = 1.0) -> dict[str, float]:
    """Every statistic of a summary, in s; `scale` is its unit in s."""
    found: dict[str, float] = {}
    for key in node:
        if (name := percentile(key)) and (value := node.number(key, least=None)) is not None:
            found[name] = value * scale
    return found


def since_first(starts: Sequence[float | None]) -> list[float]:
    """Times since the earliest; 0 where one is missing."""
    first = min((start for start in starts if start is not None), default=0.0)
    return [0.0 if start is None else start - first for start in starts]


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of what is there."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def line(value: Any) -> str:
    """A value as text on one line."""
    return " ".join(str(value).split())
