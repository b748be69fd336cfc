"""Inputs that a user names: `--over "network.links.wan.bandwidth=10 Gbps..100 Gbps"`, or `"...=±20 %"` around it."""

from __future__ import annotations

import re
from typing import Literal

from paasim.core.errors import InputError, quoted
from paasim.core.units import BANDWIDTH, POWER, PRICE_PER_BYTE, PRICE_PER_HOUR, RATE, SIZE, TIME
from paasim.scenario.scenario import Scenario
from paasim.study.sensitivity.inputs import Input, Setting, Write

FORM = 'write e.g. --over "network.links.wan.bandwidth=10 Gbps..100 Gbps", or "...=±20 %" of what stands there'
DIMENSIONS = (TIME, SIZE, BANDWIDTH, RATE, PRICE_PER_HOUR, PRICE_PER_BYTE, POWER)

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*")
_AROUND = re.compile(r"\s*(?:±|\+-|\+/-)\s*(\d+(?:\.\d+)?)\s*%\s*")


def asked(text: str, scenario: Scenario) -> Input:
    """Read one `PATH=LOW..HIGH` or `PATH=±SHARE %`.

    Raises:
        InputError: if it is of neither form, or there is no number at the path to take a share of.
    """
    path, equals, span = (part.strip() for part in text.partition("="))
    where = f"--over {text}"
    if not path or not equals:
        raise InputError.one(where, "is not of the form PATH=LOW..HIGH", FORM)
    if match := _AROUND.fullmatch(span):
        return _around(path, float(match[1]) / 100, where, scenario)
    low_text, dots, high_text = span.partition("..")
    low, unit = _quantity(low_text, where)
    high, high_unit = _quantity(high_text, where)
    if not dots or not unit:
        unit = unit or high_unit  # `10..100 Gbps`
    elif high_unit != unit:
        high = _converted(high, high_unit, unit, where)
    if not low < high:
        raise InputError.one(where, f"{quoted(low_text)} is not less than {quoted(high_text)}", "low end first")
    whole = not unit and "." not in low_text + high_text
    setting = Setting(path, _whole if whole else _written_in(unit))
    is_slowdown = path.endswith(".slowdown")
    kind: Literal["input", "profile error"] = "profile error" if is_slowdown else "input"
    return Input(path, low, high, (setting,), "as asked", kind, is_factor=is_slowdown, unit=unit)


def _around(path: str, share: float, where: str, scenario: Scenario) -> Input:
    """Factors on the number that stands in the scenario, defaults filled in."""
    node: object = scenario.expanded()
    for step in path.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    if node is None or isinstance(node, (bool, dict, list)):
        raise InputError.one(where, f"{path}: there is no number in the scenario", FORM)
    if not 0 < share < 1:
        raise InputError.one(where, "is not a share between 0 and 100 %", FORM)
    value, unit = _quantity(str(node), where)
    written = _whole if isinstance(node, int) else _written_in(unit)
    setting = Setting(path, lambda factor: written(value * factor))
    return Input(path, 1 - share, 1 + share, (setting,), "as asked")


def _quantity(text: str, where: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise InputError.one(where, f"{quoted(text)} is not a number with or without a unit", FORM)
    return float(match[1]), match[2] or ""


def _converted(value: float, unit: str, wanted: str, where: str) -> float:
    """A value in another unit of the same dimension."""
    for dimension in DIMENSIONS:
        if unit in dimension.units and wanted in dimension.units:
            return value * dimension.units[unit] / dimension.units[wanted]
    raise InputError.one(where, f"{quoted(unit)} and {quoted(wanted)} are not units of one thing", FORM)


def _whole(value: float) -> str:
    return str(round(value))


def _written_in(unit: str) -> Write:
    return lambda value: f"{value:.12g} {unit}".rstrip()
