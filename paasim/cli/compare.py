"""`paasim compare`: variants of a scenario on the same requests, or finished runs, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from paasim.cli import console, outcome

app = typer.Typer(rich_markup_mode=None, add_completion=False)

WHAT = typer.Argument(
    metavar="SCENARIO | RESULT RESULT...",
    help="One scenario (a YAML file, a result folder to run again, a bundled one by name), or two and more finished "
    "runs: their folders or result.json, with :VARIANT to choose one of several. The first is the baseline.",
)
VARIANTS = typer.Option(
    None, "--variants", metavar="A,B", help="Which ones, the baseline first; `base` is the scenario itself. Else all."
)


@app.command()
def compare(
    scenario: list[str] = WHAT,
    changes: list[str] = outcome.SET,
    variants: str | None = VARIANTS,
    seed: int | None = outcome.SEED,
    replications: int | None = outcome.REPLICATIONS,
    output: Path | None = outcome.OUTPUT,
    as_json: bool = outcome.JSON,
    jobs: int | None = outcome.JOBS,
) -> int:
    """Simulate a scenario's variants on the same requests, or compare finished runs and list what differs.

    Which is best, by how much, how sure that is, and how many replications would tell where it is not.
    """
    if len(scenario) > 1:
        options = {"--set": changes, "--variants": variants, "--seed": seed, "--replications": replications}
        return _finished(
            scenario, [name for name, given in options.items() if given not in (None, [])], output, as_json
        )
    from paasim.study.compare import compare

    loaded = outcome.load(scenario[0], changes, seed, replications)
    names = outcome.names(variants)
    with outcome.progress() as progress:
        result = compare(loaded, names, jobs=jobs, progress=progress)
    outcome.show(result, outcome.place(output, loaded, as_json=as_json), loaded.base, as_json=as_json)
    return 0


def _finished(texts: Sequence[str], options: Sequence[str], output: Path | None, as_json: bool) -> int:
    """Compare finished runs; nothing is simulated.

    Raises:
        InputError: if one of them is a scenario, or an option is given that only a simulation takes.
    """
    from paasim.core.errors import InputError
    from paasim.results.folder import keep
    from paasim.study.finished import compare_results, is_result

    todo = "name two or more folders of finished runs, or one scenario"
    scenarios = [text for text in texts if not is_result(text)]
    if scenarios:
        raise InputError.one(scenarios[0], "is not a finished run, and several of them are compared", todo)
    if options:
        what = "is for simulations, and finished runs are only read"
        raise InputError.one(options[0], what, "leave it out; FOLDER:VARIANT chooses a variant")
    result = compare_results(texts)
    if output is not None:
        from paasim.report.differences import differences_csv

        keep(
            output, {"differences.csv": differences_csv(result).encode(), "comparison.json": result.to_json().encode()}
        )
    outcome.show(result, None, None, as_json=as_json)
    if output is not None:
        console.note(f"kept in {output}")
    return 0
