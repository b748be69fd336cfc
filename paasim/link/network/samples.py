"""Measurements without time: rates of many pairs of places, and round trips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from paasim.core.errors import did_you_mean
from paasim.core.textfile import lines, wrong
from paasim.core.units import BANDWIDTH
from paasim.link.network.law import Floats
from paasim.link.network.spec import RoundTrips

MISSING = ("", "-")
"""What stands for no value."""


def rates(path: Path, column: str, unit: str, by: Sequence[str]) -> Floats:
    """Rates in bytes/s, one per group of rows with the same values in the columns `by`: the mean of the group.

    Raises:
        InputError: naming file and line, if a column is missing or a value is not a rate.
    """
    groups: dict[tuple[str, ...], list[float]] = {}
    for key, value, line in _values(path, column, by, {}):
        if value < 0:
            raise wrong(path, line, f"'{column}' is {value:g}, less than 0")
        groups.setdefault(key, []).append(value * BANDWIDTH.units[unit] / 8)
    return np.array([np.mean(group) for group in groups.values()])


def round_trips(paths: Sequence[Path], column: str, by: Sequence[str], select: Mapping[str, str]) -> RoundTrips:
    """Quantiles of round trips that are given in milliseconds; of several with the same `by`, the mean counts.

    Raises:
        InputError: naming file and line, if a column is missing or a value is not a time.
    """
    groups: dict[tuple[str, ...], list[float]] = {}
    for path in paths:
        for key, value, line in _values(path, column, by, select):
            groups.setdefault(key if by else (str(path), str(line)), []).append(value)
    found = np.quantile([np.mean(group) for group in groups.values()], (0.1, 0.5, 0.9, 0.99))
    texts = {name: f"{value:.4g} ms" for name, value in zip(("p10", "p50", "p90", "p99"), found, strict=True)}
    return RoundTrips.model_validate({**texts, "number": len(groups)})


def _values(
    path: Path, column: str, by: Sequence[str], select: Mapping[str, str]
) -> list[tuple[tuple[str, ...], float, int]]:
    rows = lines(path)
    header = [name.strip() for name in next(rows, (0, ""))[1].split(",")]
    for name in (column, *by, *select):
        if name not in header:
            raise wrong(path, 1, f"there is no column '{name}'", did_you_mean(name, header))
    place, keys = header.index(column), [header.index(name) for name in by]
    wanted = [(header.index(name), value) for name, value in select.items()]
    found = []
    for line, text in rows:
        fields = text.split(",")
        if len(fields) != len(header):
            raise wrong(path, line, f"has {len(fields)} fields, not {len(header)} as the header")
        if fields[place] in MISSING or any(fields[at] != value for at, value in wanted):
            continue
        try:
            found.append((tuple(fields[key] for key in keys), float(fields[place]), line))
        except ValueError:
            raise wrong(path, line, f"'{column}' is '{fields[place][:40]}', not a number") from None
    return found
