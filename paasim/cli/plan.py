"""`paasim plan`: how much of what for a load and its limits."""

from __future__ import annotations

from pathlib import Path

import typer

from paasim.cli import outcome, plan_cost

app = typer.Typer(rich_markup_mode=None, add_completion=False)

VARIANT = typer.Option(None, "--variant", metavar="NAME", help="A variant of the scenario, not the scenario itself.")
SLO = typer.Option(
    [], "--slo", metavar="METRIC:STATISTIC=LIMIT", help="A limit, such as ttft:p99=800ms; else the scenario's."
)
OUTPUT = typer.Option(None, "-o", "--output", metavar="DIR", help="Folder; else results/<scenario name>-plan.")
JSON = typer.Option(False, "--json", help="Print plan.json and nothing else; keep a folder only with -o.")


@app.command()
def plan(
    scenario: str = outcome.SCENARIO,
    min_cost: bool = plan_cost.MIN_COST,
    over: list[str] = plan_cost.OVER,
    load: float | None = plan_cost.LOAD,
    slo: list[str] = SLO,
    pareto: bool = plan_cost.PARETO,
    changes: list[str] = outcome.SET,
    variant: str | None = VARIANT,
    seed: int | None = outcome.SEED,
    replications: int | None = outcome.REPLICATIONS,
    output: Path | None = OUTPUT,
    as_json: bool = JSON,
    jobs: int | None = outcome.JOBS,
) -> int:
    """Find how much of what a load and its limits need.

    Exit code 3: done, but no candidate keeps the limits.
    """
    from paasim.scenario.loader import chosen

    if not min_cost:
        raise typer.BadParameter("say what to look for", param_hint="--min-cost")
    loaded = chosen(outcome.load(scenario, changes, seed, replications), variant)
    return plan_cost.min_cost(loaded, plan_cost.Options(over, load, slo, pareto, jobs, output, as_json))
