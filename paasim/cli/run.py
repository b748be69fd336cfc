"""`paasim run`: simulate a scenario, say where the time goes, keep the result."""

from __future__ import annotations

from pathlib import Path

import typer

from paasim.cli import console, outcome

app = typer.Typer(rich_markup_mode=None, add_completion=False)

OBJECTIVE_MISSED = 3
"""Exit code where fewer requests than wanted meet the limits."""

VARIANT = typer.Option(None, "--variant", metavar="NAME", help="A variant of the scenario, not the scenario itself.")


@app.command()
def run(
    scenario: str = outcome.SCENARIO,
    changes: list[str] = outcome.SET,
    variant: str | None = VARIANT,
    seed: int | None = outcome.SEED,
    replications: int | None = outcome.REPLICATIONS,
    output: Path | None = outcome.OUTPUT,
    as_json: bool = outcome.JSON,
    jobs: int | None = outcome.JOBS,
) -> int:
    """Simulate a scenario: the answer in two sentences, then tables; figures and requests go to the result folder.

    Exit code 3: done, but fewer requests meet the limits under `slo` than its attainment asks for, or none counts.
    """
    from paasim.scenario.loader import chosen
    from paasim.study.execute import limits_of
    from paasim.study.run import simulate

    loaded = chosen(outcome.load(scenario, changes, seed, replications), variant)
    with outcome.progress() as progress:
        result = simulate(loaded, jobs=jobs, progress=progress)
    folder = outcome.place(output, loaded, as_json=as_json, variant=variant)
    outcome.show(result, folder, loaded.base, as_json=as_json)
    met = next(iter(result.variants.values())).throughput.slo_attainment
    if met is None and any(limits_of(loaded, list(loaded.classes))):
        console.note("objective not shown to be met: there is nothing to measure")
        return OBJECTIVE_MISSED
    if met is not None and met < loaded.slo.attainment:
        console.note(f"objective missed: {met:.2%} of requests meet the limits, wanted {loaded.slo.attainment:.2%}")
        return OBJECTIVE_MISSED
    return 0
