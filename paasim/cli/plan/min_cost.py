"""`paasim plan --min-cost`: its options, and what they do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasim.cli import console, outcome

if TYPE_CHECKING:
    from paasim.scenario.scenario import Scenario
    from paasim.study.plan.min_cost.plan import Found

OVER = typer.Option(
    [],
    "--over",
    metavar="PATH=VALUES",
    help="With --min-cost: an axis, such as sites.dc.pools.prefill.instances=1..8, beside the plan's or in its place.",
)
LOAD = typer.Option(None, "--load", metavar="FACTOR", help="With --min-cost: at so many times the load.")
PARETO = typer.Option(
    False, "--pareto", help="With --min-cost: simulate all candidates within capacity, for the whole Pareto front."
)

NOT_MET = 3
"""Exit code where no candidate keeps the limits."""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    over: Sequence[str]
    load: float | None
    slo: Sequence[str]
    pareto: bool
    jobs: int | None
    output: Path | None
    as_json: bool


def min_cost(scenario: Scenario, options: Options) -> int:
    """Make the plan, show it, keep it; the exit code: 3 if no candidate keeps the limits.

    Raises:
        InputError: if there is nothing to choose, no limit, no price, or something does not fit.
    """
    from paasim.study.plan.keep import write
    from paasim.study.plan.min_cost.describe import table
    from paasim.study.plan.min_cost.plan import Asked
    from paasim.study.plan.min_cost.plan import min_cost as search
    from paasim.study.plan.min_cost.search import Settings
    from paasim.study.store import FOLDER, Store

    if options.load is not None and not 0 < options.load <= 1e6:
        raise typer.BadParameter("must be more than zero", param_hint="--load")
    folder = outcome.place(options.output, scenario, as_json=options.as_json, variant="plan")
    with outcome.resumable(folder), outcome.progress() as progress:
        found = search(
            scenario,
            Asked(options.over, options.load, options.slo),
            store=None if folder is None else Store(folder / FOLDER),
            settings=Settings(options.jobs, options.pareto, progress),
        )
    if folder is not None:
        rows = ("candidates.csv", table(found.search))
        write(folder, found.plan.model_dump_json(indent=2), rows, scenario, found.scenario, ["paasim", *sys.argv[1:]])
    _show(found, options)
    if folder is not None:
        console.note(f"kept in {folder}")
    return 0 if found.plan.feasible else NOT_MET


def _show(found: Found, options: Options) -> None:
    if options.as_json:
        console.say(found.plan.model_dump_json(indent=2))
        return
    from paasim.report import min_cost as report

    console.out().print(report.answer(found.plan))
    console.say()
    for table in report.tables(found.plan, whole_front=options.pareto):
        console.out().print(table)
    console.out().print(report.work_done(found.plan))
    for warning in found.plan.warnings:
        console.warn(warning)
