"""`paasim plan --max-rate`: its options, and what they do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasim.cli import console, outcome

if TYPE_CHECKING:
    from paasim.scenario.scenario import Scenario
    from paasim.study.plan.max_rate.find import Settings
    from paasim.study.plan.max_rate.plan import Plan

NOT_MET = 3
"""Exit code where no load is low enough."""

VARIANTS = typer.Option(
    None, "--variants", metavar="A,B", help="With --max-rate: several variants; `base` is the scenario."
)
TOLERANCE = typer.Option(
    None, "--tolerance", metavar="SHARE", help="With --max-rate: half-width of the interval; else 2 %."
)
REPLICATIONS = typer.Option(
    None,
    "--replications",
    metavar="N",
    min=2,
    help="Most replications of a load (else 6) or candidate (else the run's).",
)
CONFIRM = typer.Option(
    None, "--confirm", metavar="N", min=3, help="With --max-rate: fresh replications that confirm it; else 12."
)
RELIEFS = typer.Option(None, "--reliefs/--no-reliefs", help="With --max-rate: try what would relieve it, or not.")


@dataclass(frozen=True)
class Options:
    """What the command line asks for; None: as `paasim.study.plan.max_rate.find.Settings` has it."""

    slo: Sequence[str]
    tolerance: str | None
    replications: int | None
    confirm: int | None
    with_reliefs: bool
    jobs: int | None
    output: Path | None
    as_json: bool

    def settings(self) -> Settings:
        """How to search.

        Raises:
            InputError: if the tolerance is none.
        """
        from paasim.study.plan.max_rate.find import Settings

        made = Settings(jobs=self.jobs)
        if self.tolerance is not None:
            made = replace(made, tolerance=_share(self.tolerance))
        if self.replications is not None:
            made = replace(made, replications=self.replications)
        return made if self.confirm is None else replace(made, confirm=self.confirm)


def max_rate(scenario: Scenario, options: Options) -> int:
    """Make the plan, show it, keep it; the exit code: 3 if no load is low enough."""
    folder = outcome.place(
        options.output, scenario, as_json=options.as_json, variant=outcome.named("max rate", scenario)
    )
    made = _planned(scenario, options, folder)
    if folder is not None:
        _keep(made, folder, scenario)
    if options.as_json:
        console.say(made.to_json().rstrip())
    else:
        _show(made)
        if folder is not None:
            console.note(f"kept in {folder}")
    return _code(made)


def several(scenarios: dict[str, Scenario], options: Options) -> int:
    """Plan for several variants, each on the same requests; the exit code is that of the worst."""
    from paasim.report.plan import compared

    first = next(iter(scenarios.values()))
    folder = outcome.place(options.output, first, as_json=options.as_json, variant="max rate")
    found = {}
    for name, scenario in scenarios.items():
        own = None if folder is None else folder / name
        found[name] = _planned(scenario, options, own)
        if own is not None:
            _keep(found[name], own, scenario)
    if options.as_json:
        documents = {name: made.document.model_dump(mode="json") for name, made in found.items()}
        console.say_json({"schema_version": 1, "variants": documents})
        return max(map(_code, found.values()))
    text, table = compared({name: made.document for name, made in found.items()})
    console.out().print(text)
    console.say()
    console.out().print(table)
    for name, made in found.items():
        for warning in made.document.warnings:
            console.warn(f"{name}: {warning}")
    if folder is not None:
        console.note(f"kept in {folder}")
    return max(map(_code, found.values()))


def _planned(scenario: Scenario, options: Options, folder: Path | None) -> Plan:
    from paasim.study.plan.max_rate.plan import plan
    from paasim.study.store import FOLDER, Store

    store = None if folder is None else Store(folder / FOLDER)
    with outcome.resumable(folder), outcome.progress() as progress:
        settings = replace(options.settings(), progress=progress, store=store)
        return plan(scenario, options.slo, settings=settings, with_reliefs=options.with_reliefs)


def _show(made: Plan) -> None:
    from paasim.report.plan import answer, tables

    console.out().print(answer(made.document))
    console.say()
    for table in tables(made.document):
        console.out().print(table)
    for warning in made.document.warnings:
        console.warn(warning)
    count, requests = made.document.simulations, made.document.simulated_requests
    console.note(f"{count} replications, {requests:,} requests")


def _code(made: Plan) -> int:
    return NOT_MET if made.document.infeasible is not None else 0


def _keep(made: Plan, folder: Path, asked: Scenario) -> None:
    """Keep a plan; its scenario runs again at the load that is promised."""
    from paasim.report.plan import csv
    from paasim.study.plan.keep import write

    rows = ("loads.csv", csv(made.document))
    write(folder, made.to_json(), rows, asked, made.scenario, ["paasim", *sys.argv[1:]])


def _share(text: str) -> float:
    """A tolerance: a share such as `2 %` or `0.02`.

    Raises:
        InputError: if it is none, or absurd.
    """
    from paasim.core.errors import InputError
    from paasim.core.percent import share

    found = share(text)
    if found is None or not 0.001 <= found <= 0.5:
        raise InputError.one(f"--tolerance {text}", "is not a share from 0.1 % to 50 %", "write e.g. --tolerance '2 %'")
    return found
