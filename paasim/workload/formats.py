"""Which format a trace file is in, told from its first line; conversion between formats."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from paasim.core.errors import InputError, did_you_mean
from paasim.core.registry import kinds
from paasim.workload.draw import Draw
from paasim.workload.files import lines, wrong
from paasim.workload.traces.trace import TraceSpec


def formats() -> dict[str, type[TraceSpec]]:
    """The trace formats by name."""
    return cast("dict[str, type[TraceSpec]]", kinds("workload.traces"))


def open_trace(path: Path, name: str | None = None) -> TraceSpec:
    """The trace in a file.

    Args:
        path: the file.
        name: its format; told from the first line if left out.

    Raises:
        InputError: if the file is missing or its format unknown.
    """
    if name is None:
        name = _detect(path)
    elif name not in formats():
        raise InputError.one("--format", f"there is no trace format '{name}'", did_you_mean(name, formats()))
    return formats()[name](path=str(path.resolve()))


def _detect(path: Path) -> str:
    number, first = next(lines(path), (0, ""))
    if not number:
        raise wrong(path, 0, "has no rows", "give a trace with at least one request")
    columns = set(first.lstrip("\ufeff").split(","))
    if "TIMESTAMP" in columns:
        return "azure"
    if "num_prefill_tokens" in columns:
        return "vidur"
    if first.startswith("{"):
        return "mooncake"
    what = "the first line is neither that of an Azure, a Mooncake nor a Vidur trace"
    raise wrong(path, number, what, f"name the format with --format: {', '.join(formats())}")


def format_of(path: Path) -> str:
    """The format that a file is to be written in, by its ending: `.jsonl` is Mooncake's, `.csv` is Azure's.

    Raises:
        InputError: for another ending.
    """
    ending = {".jsonl": "mooncake", ".json": "mooncake", ".csv": "azure"}.get(
        Path(path.name.removesuffix(".gz")).suffix
    )
    if ending is None:
        raise InputError.one("", f"'{path}': the ending names no trace format", f"use --to: {', '.join(formats())}")
    return ending


def write_trace(draws: Iterable[Draw], path: Path, name: str) -> int:
    """Write a trace, gzip if the name ends in `.gz`; whole or not at all.

    Returns:
        The number of requests.

    Raises:
        InputError: for an unknown format.
    """
    if name not in formats():
        raise InputError.one("--to", f"there is no trace format '{name}'", did_you_mean(name, formats()))
    count = 0

    def counted() -> Iterable[Draw]:
        nonlocal count
        for count, draw in enumerate(draws, 1):  # noqa: B007 - the count is what is wanted
            yield draw

    part = path.with_name(path.name + ".part")
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(part, "wt", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in formats()[name].lines(counted()))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return count
