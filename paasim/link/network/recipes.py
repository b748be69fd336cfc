"""Networks made from raw traces, as a recipe says: which files, how they are written, what is fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from paasim.core.errors import InputError, did_you_mean
from paasim.core.spec import Spec
from paasim.core.units import Bandwidth, PositiveDuration
from paasim.link.network import samples, statistics
from paasim.link.network.fit import fit
from paasim.link.network.law import Floats
from paasim.link.network.spec import Fit, NetworkSpec, ProcessSpec, stored
from paasim.link.network.trace import Form, Trace, read_all

METHOD = (
    "paasim network fit: quantiles of the rates in steps; outages as a renewal process of measured lengths; memory by "
    "an autoregressive Gaussian mixture fitted to the autocorrelation (ARTA, Cario and Nelson 1996)"
)
DRAWS, SECONDS = 3000, 150.0
"""How often, and for how long, a process is simulated for its statistics."""
LEAST = 20.0
"""Seconds of a trace below which it is left out."""


class Part(Spec):
    """What one direction is fitted to."""

    files: list[str] = Field(min_length=1)
    """Files, from the folder of raw data; `*` stands for any text."""
    form: Form = Form()
    """How they are written."""
    by: str | None = None
    """Column that names the trace of a row, where a file holds several."""
    cut: PositiveDuration | None = None
    """Where rows are farther apart, a trace ends."""
    step: PositiveDuration = 1.0
    """Length of a step."""
    outage_below: Bandwidth = 0.1e6
    """Rates below it are outages."""
    level: bool = False
    """Whether part of what rates differ in stays for ever for a link or device."""
    steady: list[str] | None = None
    """Columns that name a link each; rates then do not change, and a link has the mean of its rows."""


class RoundTripPart(Spec):
    """Where round trips stand."""

    files: list[str] = Field(min_length=1)
    column: str
    """In milliseconds."""
    by: list[str] = Field(default_factory=list)
    """Columns that name a pair of places; of several rows, the mean counts."""
    select: dict[str, str] = Field(default_factory=dict)


class Recipe(Spec):
    """How one network is made; what is not about files goes into its header as it is."""

    header: dict[str, str]
    down: Part
    up: Part | None = None
    round_trips: RoundTripPart | None = None


def process(part: Part, data: Path) -> ProcessSpec:
    """Fit one direction.

    Raises:
        InputError: if files are missing or wrong, or hold too little.
    """
    threshold = part.outage_below / 8
    if part.steady is None:
        return fitted(traces(part, data), part.step, threshold, part.level)
    rates = rows(part, data)
    law = fit(rates, math.inf, threshold)
    return stored(law, threshold, _compare(rates, law, threshold, changes=False))


def traces(part: Part, data: Path) -> list[Trace]:
    """The traces that one direction is fitted to, those of some length.

    Raises:
        InputError: if files are missing or wrong.
    """
    found = [trace for path in find(part.files, data) for trace in read_all(path, part.form, part.by, part.cut)]
    long = [trace for trace in found if trace.length >= LEAST]
    if not long:
        most = max((trace.length for trace in found), default=0.0)
        what = f"the longest trace lasts {most:g} s, too short to tell how a rate changes"
        raise InputError.one("", what, f"give traces of {LEAST:g} s or more, or join pieces that belong together")
    return long


def rows(part: Part, data: Path) -> list[Floats]:
    """Their rates, bytes/s: of each trace in bins of a second, or one per link if they do not change.

    Raises:
        InputError: if files are missing or wrong.
    """
    if part.steady is None:
        return [statistics.binned(trace) for trace in traces(part, data)]
    paths = find(part.files, data)
    return [samples.rates(path, part.form.rate or "", part.form.unit, part.steady) for path in paths]


def fitted(traces: list[Trace], step: float, threshold: float, level: bool) -> ProcessSpec:
    """Fit to traces, and say how near it comes.

    Raises:
        InputError: if they hold too little.
    """
    law = fit([statistics.binned(trace, step) for trace in traces], step, threshold, level)
    return stored(law, threshold, _compare([statistics.binned(trace) for trace in traces], law, threshold))


def _compare(rows: list[Floats], law: Any, threshold: float, changes: bool = True) -> Fit:
    made = statistics.simulated(law, DRAWS, SECONDS)
    return Fit(
        traces=statistics.of(rows, threshold, changes=changes),
        process=statistics.of(made, threshold, changes=changes),
    )


def make(recipe: Recipe, data: Path) -> NetworkSpec:
    """Make the network of one recipe.

    Raises:
        InputError: if files are missing or wrong, or the header is.
    """
    parts = [recipe.down, *([recipe.up] if recipe.up else [])]
    trips = recipe.round_trips
    try:
        return NetworkSpec(
            method=METHOD,
            files=[name for part in parts for name in part.files],
            down=process(recipe.down, data),
            up=None if recipe.up is None else process(recipe.up, data),
            round_trips=None
            if trips is None
            else samples.round_trips(find(trips.files, data), trips.column, trips.by, trips.select),
            **recipe.header,
        )
    except ValidationError as error:
        raise InputError.one(
            "", f"recipe {recipe.header.get('id')}: {error.errors()[0]['msg']}", "correct it"
        ) from None


def find(names: list[str], data: Path) -> list[Path]:
    """The files of a recipe.

    Raises:
        InputError: if there is none of a name.
    """
    found = []
    for name in names:
        path = data / name
        paths = [path] if path.is_file() else sorted(data.glob(name)) if "*" in name else []
        if not paths:
            raise InputError.one("", f"there is no file '{path}'", "check the path")
        found += paths
    return found


def read(path: Path) -> list[Recipe]:
    """The recipes of a file.

    Raises:
        InputError: if it is not one.
    """
    import yaml

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [Recipe.model_validate(entry) for entry in entries]
    except (yaml.YAMLError, OSError, TypeError) as error:
        raise InputError.one(str(path), f"is not a list of recipes: {error}", "correct the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][-1]) if first["loc"] else ""
        hint = did_you_mean(name, [*Recipe.model_fields, *Part.model_fields])
        raise InputError.one(str(path), f"{'.'.join(map(str, first['loc']))}: {first['msg']}", hint) from None


def run(path: Path, data: Path, only: str = "") -> Iterator[NetworkSpec]:
    """Make the networks of a file of recipes, or those whose names begin with a text."""
    for recipe in read(path):
        if recipe.header.get("id", "").startswith(only):
            yield make(recipe, data)
