"""`paasim compare`: simulate variants on the same requests, and compare them pair by pair."""

from __future__ import annotations

from pathlib import Path

import typer

from paasim.cli import outcome

app = typer.Typer(rich_markup_mode=None, add_completion=False)

VARIANTS = typer.Option(
    None, "--variants", metavar="A,B", help="Which ones, the baseline first; `base` is the scenario itself. Else all."
)


@app.command()
def compare(
    scenario: str = outcome.SCENARIO,
    changes: list[str] = outcome.SET,
    variants: str | None = VARIANTS,
    seed: int | None = outcome.SEED,
    replications: int | None = outcome.REPLICATIONS,
    output: Path | None = outcome.OUTPUT,
    as_json: bool = outcome.JSON,
    jobs: int | None = outcome.JOBS,
) -> int:
    """Simulate a scenario's variants on the same requests: which is best, by how much, and how sure that is."""
    from paasim.study.compare import compare

    loaded = outcome.load(scenario, changes, seed, replications)
    names = [name.strip() for name in variants.split(",") if name.strip()] if variants else []
    with outcome.progress() as progress:
        result = compare(loaded, names, jobs=jobs, progress=progress)
    outcome.show(result, outcome.place(output, loaded, as_json=as_json), loaded.base, as_json=as_json)
    return 0
