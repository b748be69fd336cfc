"""`paasim plan`: the most load within objectives (`--max-rate`), or the least cost for a load (`--min-cost`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasim.cli import outcome
from paasim.cli.plan import max_rate as rate
from paasim.cli.plan import min_cost as cost

if TYPE_CHECKING:
    from paasim.scenario.scenario import Scenario

app = typer.Typer(rich_markup_mode=None, add_completion=False)

MAX_RATE = typer.Option(False, "--max-rate", help="Find the most load within the objectives (if nothing is said).")
MIN_COST = typer.Option(False, "--min-cost", help="Find the cheapest candidate of the scenario's plan that keeps them.")
SLO = typer.Option(
    [],
    "--slo",
    metavar="METRIC:STATISTIC=LIMIT",
    help="An objective, such as ttft:p99=800ms, tpot:mean='30 ms' or attainment=95%; else the scenario's. Repeatable.",
)
VARIANT = typer.Option(None, "--variant", metavar="NAME", help="A variant of the scenario, not the scenario itself.")
OUTPUT = typer.Option(
    None, "-o", "--output", metavar="DIR", help="Folder; else results/<scenario name>-max-rate or -min-cost."
)
JSON = typer.Option(False, "--json", help="Print plan.json and nothing else; keep a folder only with -o.")


@app.command()
def plan(
    scenario: str = outcome.SCENARIO,
    max_rate: bool = MAX_RATE,
    min_cost: bool = MIN_COST,
    slo: list[str] = SLO,
    changes: list[str] = outcome.SET,
    variant: str | None = VARIANT,
    variants: str | None = rate.VARIANTS,
    tolerance: str | None = rate.TOLERANCE,
    replications: int | None = rate.REPLICATIONS,
    confirm: int | None = rate.CONFIRM,
    reliefs: bool | None = rate.RELIEFS,
    over: list[str] = cost.OVER,
    load: float | None = cost.LOAD,
    pareto: bool = cost.PARETO,
    seed: int | None = outcome.SEED,
    jobs: int | None = outcome.JOBS,
    output: Path | None = OUTPUT,
    as_json: bool = JSON,
) -> int:
    """Plan capacity: the answer in two sentences, then tables. A plan that was interrupted goes on where it was.

    Exit code 3: done, but no load is low enough, or no candidate good enough; what would make one so is said.
    """
    if max_rate and min_cost:
        raise typer.BadParameter("give one of them", param_hint="--max-rate, --min-cost")
    if variant is not None and variants is not None:
        raise typer.BadParameter("give one of them", param_hint="--variant, --variants")
    of_rate = {"--variants": variants, "--tolerance": tolerance, "--confirm": confirm, "--reliefs": reliefs}
    of_cost = {"--over": over or None, "--load": load, "--pareto": pareto or None}
    _none_of(of_rate if min_cost else of_cost, "--max-rate" if min_cost else "--min-cost")
    if min_cost:
        loaded = _chosen(outcome.load(scenario, changes, seed, replications), variant)
        return cost.min_cost(loaded, cost.Options(over, load, slo, pareto, jobs, output, as_json))
    asked = rate.Options(slo, tolerance, replications, confirm, reliefs is not False, jobs, output, as_json)
    loaded = outcome.load(scenario, changes, seed, None)
    if variants is not None:
        several = {name: _chosen(loaded, name, "--variants") for name in outcome.names(variants)}
        return rate.several(several, asked)
    return rate.max_rate(_chosen(loaded, variant), asked)


def _chosen(scenario: Scenario, variant: str | None, option: str = "--variant") -> Scenario:
    from paasim.scenario.loader import chosen

    return chosen(scenario, variant, option)


def _none_of(options: Mapping[str, object], goal: str) -> None:
    """Refuse options of the other goal.

    Raises:
        BadParameter: naming the first one given.
    """
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(f"goes with {goal} only", param_hint=name)
