"""How near profiles come to the tables that they were made from, and to what was kept back: `docs/fidelity.md`.

    python -m tests.profile.reproduced

prints the tables of that page. Errors are |predicted / measured - 1| against the rows as measured, before the monotone
clean-up; held-out errors are those in the headers of the profiles.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from paasim.core.paths import bundled
from paasim.profile import load
from paasim.profile.fit import fit, predict
from paasim.profile.importers import formats, recipes
from paasim.profile.steps import StepTime
from paasim.profile.table import Row, Table

FORMATS = ("splitwise", "sarathi", "llama-bench")
"""Whose tables are compared."""
SARATHI = "profiles/sarathi_osdi24"
YI = "a100-pcie/yi-34b/fp16/sarathi/tp2"
HYBRID = (("1,024 prompt tokens", 1024, 0, 217.24), ("1,021 prompt tokens and 3 decoding", 1021, 3, 217.65))
HYBRID_SOURCE = (
    "https://github.com/microsoft/sarathi-serve/blob/osdi-sarathi-serve/osdi-experiments/table-2/results.csv"
)
"""New tokens, sequences, ms: published, but not part of the profile."""
CONTEXT = 1030
"""Of its decoding sequences: 1,024 prompt tokens and up to 16 generated ones."""


def sources(data: Path) -> Iterator[tuple[str, list[Row]]]:
    """Profiles made from such tables, and the rows of those."""
    files = sorted((bundled("profiles") / "recipes").glob("*.yaml"))
    for entry in (entry for file in files for entry in recipes.entries(file)):
        given = entry.get("from", [])
        parts = given if isinstance(given, list) else [given]
        if not parts or any(part["format"] not in FORMATS for part in parts):
            continue
        found = [formats.read(data / part["file"], part["format"], _select(part)) for part in parts]
        name = entry.get("id") or found[0].header["id"]
        rows: dict[tuple[object, ...], Row] = {}
        for row in (row for each in found for row in each.table.rows):
            rows.setdefault((row.phase, row.batch, row.new_tokens, row.context_tokens), row)
        yield name, list(rows.values())


def _select(part: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in part.get("select", {}).items()}


def lines(data: Path) -> Iterator[list[str]]:
    """The cells of the table: profile, then for prefill and decode rows, median, largest, held-out median."""
    for name, rows in sources(data):
        profile = load(name)
        steps, cells = profile.steps(), [f"`{name}`"]
        for phase in ("prefill", "decode"):
            of = [row for row in rows if row.phase == phase]
            off = np.array([abs(predict(steps, row)[0] / row.latency - 1) for row in of])
            held = getattr(getattr(profile.spec.error, phase), "median", None)
            cells += [str(len(of)), _percent(np.median(off)), _percent(off.max()), _percent(held)]
        yield cells


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def chunked(data: Path) -> list[tuple[int, int, float, float]]:
    """Figure 9 from figure 2 alone: prompt tokens, chunk, measured and predicted seconds."""
    table = formats.read(data / SARATHI / "figure-2_prefill.csv", "sarathi", {}).table
    steps = StepTime("figure 2", fit(table), Table(table.rows))
    found = []
    with (data / SARATHI / "figure-9_chunking-overhead.csv").open() as file:
        for row in csv.DictReader(file):
            length, chunk = int(row["prefill_length"]), int(row["chunk_size"])
            starts = range(0, length, chunk)
            sizes = [min(chunk, length - start) for start in starts]
            predicted = sum(steps.prefill(n, n * (at + n / 2)) for at, n in zip(starts, sizes, strict=True))
            found.append((length, chunk, float(row["prefill_execution_time"]) / 1e3, predicted))
    return found


def hybrid() -> list[tuple[str, float, float]]:
    """Table 2 from the profile: what the step holds, measured and predicted seconds."""
    steps = load(YI).steps()
    return [(what, ms / 1e3, steps.mixed(n, n * n / 2, b, b * CONTEXT)) for what, n, b, ms in HYBRID]


def page(data: Path) -> Iterator[str]:
    """The lines of the tables."""
    names = ("rows", "median", "largest", "held out")
    yield "| profile |" + "".join(f" {phase} {name} |" for phase in ("prefill", "decode") for name in names)
    yield "|---" * 9 + "|"
    for cells in lines(data):
        yield "| " + " | ".join(cells) + " |"
    yield from ("", "| prompt | chunk | measured | from figure 2 | error |", "|---" * 5 + "|")
    for length, chunk, measured, predicted in chunked(data):
        yield f"| {length:,} | {chunk:,} | {measured:.3f} s | {predicted:.3f} s | {predicted / measured - 1:+.1%} |"
    yield from ("", "| step | measured | predicted | error |", "|---" * 4 + "|")
    for what, measured, predicted in hybrid():
        yield f"| {what} | {1e3 * measured:.1f} ms | {1e3 * predicted:.1f} ms | {predicted / measured - 1:+.1%} |"


if __name__ == "__main__":
    for line in page(Path(os.environ["PAASIM_DATA"])):
        sys.stdout.write(line + "\n")
