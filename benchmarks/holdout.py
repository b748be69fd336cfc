"""How well profiles predict steps that they were not made from, on the 101 aiconfigurator step tables.

Usage: python benchmarks/holdout.py [--data DIR] [--seeds N]     (DIR else $PAASIM_DATA, else ../shared/data; N else 20)

Prints the Markdown table that stands in docs/fidelity.md; about a minute on one core. Errors are relative, after the
monotone clean-up of the whole table. Per table the median and the 95th percentile, then the median over the tables.
*Held out*: a random quarter of all rows, predicted from the rest; the errors of all seeds of a table together.
*Beyond*: fitted to prompts and prefixes up to 8k tokens, or to batches up to 64 of contexts up to 8k, and tested on the
rest.
*Between*: a tensor-parallel width from its two measured neighbours, on the rows of its own table.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from paasim.profile.between import BetweenSteps, share_of_wider
from paasim.profile.fit import cleaned, fit, left_out, predict
from paasim.profile.importers import aiconfigurator
from paasim.profile.spec import PHASES
from paasim.profile.steps import StepTime
from paasim.profile.table import Row, Table

Floats = npt.NDArray[np.float64]
MIXTURES = ("30B-A3B", "235B-A22B", "DeepSeek", "Kimi", "gpt-oss")
"""Mixture-of-experts models, by what their ids hold; the others are dense."""
LIMIT = 8192
"""Tokens of prompt, prefix or context that are trained on, for *beyond*."""
BATCH = 64
"""Sequences of a decode step that are trained on, for *beyond*."""
ASKED = ("held out", "beyond, dense", "beyond, mixture of experts", "between widths, dense")
"""What is measured, in the order of the table."""
BARS = {
    ("held out", "prefill"): (0.008, 0.05),
    ("held out", "decode"): (0.016, 0.08),
    ("held out", "mixed"): (0.016, 0.055),
    ("beyond, dense", "prefill"): (0.075, 0.26),
    ("beyond, dense", "decode"): (0.04, 0.21),
    ("between widths, dense", "prefill"): (0.04, None),
    ("between widths, dense", "decode"): (0.04, None),
    ("between widths, dense", "mixed"): (0.04, None),
}
"""What is asked of median and 95th percentile."""


@dataclass(frozen=True)
class Configuration:
    """One of the tables."""

    key: dict[str, str]
    table: Table

    @property
    def name(self) -> str:
        """Its name in a few words."""
        names = ("hardware", "model", "dtype", "engine")
        return " ".join(self.key[name].split("/")[-1] for name in names) + f" tp{self.key['tp']}"

    @property
    def dense(self) -> bool:
        """Whether the model is not a mixture of experts."""
        return not any(text in self.key["model"] for text in MIXTURES)


class Measured(NamedTuple):
    """Errors of one phase over some tables: of each table the median and the 95th percentile."""

    names: list[str]
    median: Floats
    p95: Floats


def configurations(folder: Path) -> list[Configuration]:
    """All tables of a folder of aiconfigurator tables."""
    with (folder / "memory.csv").open(encoding="utf-8") as file:
        keys = [{name: record[name] for name in aiconfigurator.ID} for record in csv.DictReader(file)]
    return [Configuration(key, aiconfigurator.read(folder, key).table) for key in keys]


def held_out(table: Table, seeds: int) -> dict[str, Floats]:
    """Absolute errors of random quarters, by phase, all seeds together."""
    found: dict[str, list[Floats]] = defaultdict(list)
    phase_of = np.array([row.phase for row in table.rows])
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        left = np.zeros(len(phase_of), dtype=bool)
        for phase in PHASES:
            places = np.flatnonzero(phase_of == phase)
            left[rng.choice(places, len(places) // 4, replace=False)] = True
        for phase, part in left_out(table, left).items():
            found[phase].append(np.abs(part.off))
    return {phase: np.concatenate(parts) for phase, parts in found.items()}


def beyond(table: Table, phase: str) -> Floats:
    """Absolute errors of the rows of a phase that lie beyond the trained part of the table; may be empty."""

    def is_beyond(row: Row) -> bool:
        if row.phase != phase:
            return False
        size = row.new_tokens > LIMIT if phase == "prefill" else row.batch > BATCH
        return size or row.context_tokens > LIMIT

    left = np.array([is_beyond(row) for row in table.rows])
    return np.abs(left_out(table, left)[phase].off) if left.any() else np.empty(0)


def between(tables: dict[int, Table]) -> Iterator[tuple[int, str, Floats]]:
    """(width, phase, absolute errors) of each width that has measured neighbours on both sides."""
    widths = sorted(tables)
    steps = {width: StepTime(f"tp{width}", fit(tables[width]), tables[width]) for width in widths}
    for low, width, high in zip(widths, widths[1:], widths[2:], strict=False):
        guess = BetweenSteps(steps[low], steps[high], share_of_wider(low, width, high))
        for phase in PHASES:
            points = tables[width].points(phase)
            if points is not None:
                rows = [row for row in tables[width].rows if row.phase == phase]
                seconds = np.array([predict(guess, row)[0] for row in rows])
                yield width, phase, np.abs(seconds / cleaned(points, phase) - 1)


def measure(all_tables: list[Configuration], seeds: int) -> dict[tuple[str, str], Measured]:
    """All errors, by what is asked and phase."""
    found: dict[tuple[str, str], list[tuple[str, Floats]]] = defaultdict(list)
    for each in all_tables:
        for phase, off in held_out(each.table, seeds).items():
            found["held out", phase].append((each.name, off))
        kind = "dense" if each.dense else "mixture of experts"
        for phase in ("prefill", "decode"):
            off = beyond(each.table, phase)
            if len(off):
                found[f"beyond, {kind}", phase].append((each.name, off))
    for name, tables in _by_width([each for each in all_tables if each.dense]).items():
        for width, phase, off in between(tables):
            found["between widths, dense", phase].append((f"{name} tp{width}", off))
    return {key: _measured(parts) for key, parts in found.items()}


def _by_width(all_tables: list[Configuration]) -> dict[str, dict[int, Table]]:
    groups: dict[str, dict[int, Table]] = defaultdict(dict)
    for each in all_tables:
        name = f"{each.name.rsplit(' ', 1)[0]} {each.key['engine_version']}"
        groups[name][int(each.key["tp"])] = each.table
    return groups


def _measured(parts: list[tuple[str, Floats]]) -> Measured:
    median, p95 = np.array([np.percentile(off, (50, 95)) for _, off in parts]).T
    return Measured([name for name, _ in parts], median, p95)


def lines(found: dict[tuple[str, str], Measured]) -> Iterator[str]:
    """The Markdown table."""
    yield "| asked | phase | tables | median | asked for | p95 | asked for | worst median | worst p95 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for what, phase in sorted(found, key=lambda key: (ASKED.index(key[0]), PHASES.index(key[1]))):
        of = found[what, phase]
        bars = BARS.get((what, phase), (None, None))
        cells = [what, phase, str(len(of.names))]
        for values, bar in zip((of.median, of.p95), bars, strict=True):
            cells += [f"{np.median(values):.2%}", "–" if bar is None else f"{bar:.1%}"]
        for values in (of.median, of.p95):
            worst = int(values.argmax())
            cells.append(f"{values[worst]:.1%} ({of.names[worst]})")
        yield "| " + " | ".join(cells).replace("%", " %") + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    default = os.environ.get("PAASIM_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default), help="folder that holds profiles/aiconfigurator")
    parser.add_argument("--seeds", type=int, default=20, help="random quarters per table")
    options = parser.parse_args()
    for line in lines(measure(configurations(options.data / "profiles" / "aiconfigurator"), options.seeds)):
        print(line)


if __name__ == "__main__":
    main()
