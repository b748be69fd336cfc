"""What `run` and `compare` have in common: options, progress, and showing and keeping a result."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.results.result import Result
    from paasim.scenario.scenario import Scenario
    from paasim.study.execute import Progress

SCENARIO = typer.Argument(metavar="SCENARIO", help="A YAML file, a result folder, or a bundled scenario by name.")
SET = typer.Option([], "--set", metavar="PATH=VALUE", help="Change one value, such as run.seed=7. May be repeated.")
SEED = typer.Option(None, "--seed", metavar="N", help="Short for --set run.seed=N.")
REPLICATIONS = typer.Option(None, "--replications", metavar="N", help="Short for --set run.replications=N.")
OUTPUT = typer.Option(None, "-o", "--output", metavar="DIR", help="Result folder; else results/<scenario name>.")
JSON = typer.Option(False, "--json", help="Print result.json and nothing else; keep a folder only with -o.")
JOBS = typer.Option(None, "--jobs", metavar="N", min=1, help="Processes; else as many as pay. The result is the same.")


def load(scenario: str, changes: Sequence[str], seed: int | None, replications: int | None) -> Scenario:
    """Read and check a scenario; warnings go to stderr.

    Raises:
        InputError: if it cannot run.
    """
    from paasim.scenario import checks, load

    short = [f"run.seed={seed}"] if seed is not None else []
    short += [f"run.replications={replications}"] if replications is not None else []
    loaded = load(scenario, [*changes, *short])
    for warning in checks.check(loaded):
        console.warn(warning)
    return loaded


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on stderr, gone when done; nothing where stderr is not a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    stderr = console.err()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("replications", total=None)

        def tell(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield tell


@contextmanager
def resumable(folder: Path | None) -> Iterator[None]:
    """Where a study keeps what it has done: who interrupts it is told what that means."""
    try:
        yield
    except KeyboardInterrupt:
        kept = "what is finished is kept: the same command goes on where it was"
        console.note(kept if folder is not None else "nothing is kept without -o")
        raise


def show(result: Result, folder: Path | None, base: Path | None, *, as_json: bool) -> None:
    """Print a result, and keep it in a folder with its figures.

    Args:
        result: with its requests.
        folder: where to keep it; None = nowhere.
        base: folder that relative paths in the scenario start from.
        as_json: print the document and nothing else.
    """
    if folder is not None:
        from paasim.report.figures import all_figures
        from paasim.results.folder import write

        write(result, folder, base, ["paasim", *sys.argv[1:]], all_figures(result))
    if as_json:
        console.say(result.to_json().rstrip())
        return
    from paasim.report.answer import answer
    from paasim.report.tables import tables

    console.out().print(answer(result))
    console.say()
    for table in tables(result):
        console.out().print(table)
    for name, variant in result.variants.items():
        for warning in variant.warnings:
            console.warn(f"{name}: {warning}" if len(result.variants) > 1 else warning)
    for warning in result.document.comparison.warnings if result.document.comparison else ():
        console.warn(warning)
    if folder is not None:
        console.note(f"kept in {folder}")


def names(text: str | None) -> list[str]:
    """The names in `A,B`; none if nothing is given."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def named(study: str, scenario: Scenario) -> str:
    """What the folder of a study is called beside the scenario: with the variant, if it is about one."""
    return " ".join([*scenario.label.removeprefix("variants.").rstrip(".").split(), study])


def place(output: Path | None, scenario: Scenario, *, as_json: bool, variant: str | None = None) -> Path | None:
    """The folder for a result: the user's, or one named after the scenario; none for bare JSON."""
    if output is not None or as_json:
        return output
    from paasim.results.folder import default_folder

    return default_folder(scenario.name, variant)
