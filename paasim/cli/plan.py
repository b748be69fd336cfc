"""`paasim plan`: the most load within objectives (`--max-rate`), what limits it, and what would relieve it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasim.cli import console, outcome

if TYPE_CHECKING:
    from paasim.scenario.scenario import Scenario
    from paasim.study.plan.find import Settings
    from paasim.study.plan.max_rate import Plan

app = typer.Typer(rich_markup_mode=None, add_completion=False)

NOT_MET = 3
"""Exit code where no load is low enough."""

SLO = typer.Option(
    [],
    "--slo",
    metavar="METRIC:STATISTIC=LIMIT",
    help="An objective, such as ttft:p99=800ms, tpot:mean='30 ms' or attainment=95%; else those under slo. Repeatable.",
)
MAX_RATE = typer.Option(False, "--max-rate", help="Find the most load within the objectives (what plan does).")
VARIANT = typer.Option(None, "--variant", metavar="NAME", help="A variant of the scenario, not the scenario itself.")
VARIANTS = typer.Option(None, "--variants", metavar="A,B", help="Plan for several; `base` is the scenario itself.")
TOLERANCE = typer.Option("2 %", "--tolerance", metavar="SHARE", help="Half-width of the 95 % interval to aim at.")
REPLICATIONS = typer.Option(6, "--replications", metavar="N", min=2, help="Most replications per load of the search.")
CONFIRM = typer.Option(12, "--confirm", metavar="N", min=3, help="Fresh replications (seeds) that confirm the answer.")
RELIEFS = typer.Option(True, "--reliefs/--no-reliefs", help="Whether to try what would relieve it.")
OUTPUT = typer.Option(None, "-o", "--output", metavar="DIR", help="Keep plan.json, loads.csv and scenario.yaml there.")
JSON = typer.Option(False, "--json", help="Print plan.json and nothing else.")


@app.command()
def plan(
    scenario: str = outcome.SCENARIO,
    slo: list[str] = SLO,
    max_rate: bool = MAX_RATE,
    changes: list[str] = outcome.SET,
    variant: str | None = VARIANT,
    variants: str | None = VARIANTS,
    tolerance: str = TOLERANCE,
    replications: int = REPLICATIONS,
    confirm: int = CONFIRM,
    seed: int | None = outcome.SEED,
    jobs: int | None = outcome.JOBS,
    with_reliefs: bool = RELIEFS,
    output: Path | None = OUTPUT,
    as_json: bool = JSON,
) -> int:
    """Find the most load that a scenario carries within objectives: the answer in two sentences, then tables.

    Exit code 3: done, but no load is low enough; what would make one so is said.
    """
    from paasim.scenario.loader import chosen
    from paasim.study.plan.find import Settings

    loaded = outcome.load(scenario, changes, seed, None)
    settings = Settings(_share(tolerance), replications, confirm, jobs=jobs)
    if variants is not None:
        names = [name.strip() for name in variants.split(",") if name.strip()]
        several = {name: chosen(loaded, name) for name in names}
        return _several(several, slo, settings, output, with_reliefs=with_reliefs, as_json=as_json)
    made = _planned(chosen(loaded, variant), slo, settings, with_reliefs=with_reliefs)
    if output is not None:
        _keep(made, output, loaded.base)
    if as_json:
        console.say(made.to_json().rstrip())
    else:
        _show(made)
    return _code(made)


def _planned(scenario: Scenario, slo: list[str], settings: Settings, *, with_reliefs: bool) -> Plan:
    from dataclasses import replace

    from paasim.study.plan.max_rate import plan

    with outcome.progress() as progress:
        return plan(scenario, slo, settings=replace(settings, progress=progress), with_reliefs=with_reliefs)


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


def _several(
    scenarios: dict[str, Scenario],
    slo: list[str],
    settings: Settings,
    output: Path | None,
    *,
    with_reliefs: bool,
    as_json: bool,
) -> int:
    """Plan for several variants, each on the same requests; the exit code is that of the worst."""
    from paasim.report.plan import compared

    found = {name: _planned(each, slo, settings, with_reliefs=with_reliefs) for name, each in scenarios.items()}
    for name, made in found.items():
        if output is not None:
            _keep(made, output / name, scenarios[name].base)
    if as_json:
        documents = {name: made.document.model_dump(mode="json") for name, made in found.items()}
        console.say_json({"schema_version": 1, "variants": documents})
    else:
        text, table = compared({name: made.document for name, made in found.items()})
        console.out().print(text)
        console.say()
        console.out().print(table)
        for name, made in found.items():
            for warning in made.document.warnings:
                console.warn(f"{name}: {warning}")
    return max(map(_code, found.values()))


def _keep(made: Plan, folder: Path, base: Path | None) -> None:
    """Write `loads.csv`, `scenario.yaml`, which runs again at the load that is promised, the manifest, `plan.json`."""
    import json

    from paasim.report.plan import csv
    from paasim.results.folder import keep, scenario_text
    from paasim.results.manifest import manifest

    files = {"loads.csv": csv(made.document)}
    expanded = made.document.scenario
    if made.scenario is not None:
        files["scenario.yaml"] = scenario_text(made.scenario.expanded(), base, folder)
    files["manifest.json"] = json.dumps(manifest(expanded, base, ["paasim", *sys.argv[1:]]), indent=2) + "\n"
    files["plan.json"] = made.to_json()
    keep(folder, {name: text.encode() for name, text in files.items()})
    console.note(f"kept in {folder}")


def _share(text: str) -> float:
    """A tolerance: a share such as `2 %` or `0.02`.

    Raises:
        InputError: if it is none, or absurd.
    """
    from paasim.core.errors import InputError
    from paasim.core.percent import percent

    share = percent(text)
    try:
        share = float(text) if share is None else share
    except ValueError:
        share = 0.0
    if not 0.001 <= share <= 0.5:
        raise InputError.one(f"--tolerance {text}", "is not a share from 0.1 % to 50 %", "write e.g. --tolerance '2 %'")
    return share
