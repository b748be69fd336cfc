"""`paasim sweep`: simulate a scenario at many points, on every core or a cluster, and keep what is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paasim.cli import console, outcome
from paasim.cli.sweep import asking
from paasim.cli.sweep.progress import progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paasim.study.store import Store
    from paasim.study.sweep.points import Candidate
    from paasim.study.sweep.result import Sweep
    from paasim.study.sweep.sweep import Part

app = typer.Typer(rich_markup_mode=None, add_completion=False)

FAILED = 4
"""Exit code where points have failed."""
NAMED = 20
"""Failed points that are named on stderr."""

SOURCE = typer.Argument(metavar="SCENARIO", help="A scenario, the file of a study, or the folder of a sweep.")
VARY = typer.Option(
    [],
    "--vary",
    metavar="PATH=VALUES",
    help="Values of a field: '1 Gbps, 5 Gbps', 'lin(1 Gbps, 9 Gbps, 5)' or 'log(1 Gbps, 100 Gbps, 5)'. Several are "
    "crossed; within one, 'a=1,2; b=3,4' change together.",
)
STUDY = typer.Option(None, "--study", metavar="NAME", help="A study of the scenario, in place of --vary.")
VARIANTS = typer.Option(None, "--variants", metavar="A,B", help="Variants to vary; `base` is the scenario itself.")
SAMPLE = typer.Option(None, "--sample", metavar="N", min=1, help="N points of a Latin hypercube, not all combinations.")
REPLICATIONS = typer.Option(None, "--replications", metavar="N", min=1, help="How often every point is simulated.")
SHARD = typer.Option(None, "--shard", metavar="I/N", help="Only every N-th point; the last of N writes the table.")
DASK = typer.Option(None, "--dask", metavar="URL", help="Use the workers of a Dask scheduler: tcp://10.0.0.1:8786.")
TIMEOUT = typer.Option(None, "--timeout", metavar="TIME", help="The longest that a point may take, such as '5 min'.")
RESUME = typer.Option(False, "--resume", help="Go on with the sweep in the folder, and stop if that is another one.")
DRY = typer.Option(False, "--dry-run", help="Say how many points there are and how long they take; do nothing.")
OUTPUT = typer.Option(None, "-o", "--output", metavar="DIR", help="Folder of the sweep; else results/<scenario>-sweep.")
JSON = typer.Option(False, "--json", help="Print one JSON document and nothing else; keep a folder only with -o.")


@app.command()
def sweep(
    source: str = SOURCE,
    vary: list[str] = VARY,
    study: str | None = STUDY,
    variants: str | None = VARIANTS,
    sample: int | None = SAMPLE,
    changes: list[str] = outcome.SET,
    seed: int | None = outcome.SEED,
    replications: int | None = REPLICATIONS,
    jobs: int | None = outcome.JOBS,
    shard: str | None = SHARD,
    dask: str | None = DASK,
    timeout: str | None = TIMEOUT,
    resume: bool = RESUME,
    dry_run: bool = DRY,
    output: Path | None = OUTPUT,
    as_json: bool = JSON,
) -> int:
    """Simulate a scenario over values of its fields: one table, a row per point and variant.

    What is done is kept: after an interruption the same command goes on. Exit code 4: some points failed; they are
    named in the table.
    """
    from paasim.study.store import FOLDER, Store
    from paasim.study.sweep import folder as folders
    from paasim.study.sweep.points import candidates
    from paasim.study.sweep.sweep import Part, work_out

    names = outcome.names(variants)
    changes = [*changes, *([f"run.seed={seed}"] if seed is not None else [])]
    fields = {"variants": names, "sample": sample, "replications": replications}
    asked = asking.asked(source, vary, study, changes, **fields)
    place = output or asked.home or (None if as_json else folders.default_folder(asked))
    part = asking.shard(shard, dask, place)
    limit = asking.seconds(timeout)
    if resume:
        asking.must_be_kept(asked, place)
    store = Store(place / FOLDER) if place is not None else None
    if dry_run:
        return _foretell(candidates(asked.study, asked.scenario, asked.places), store, jobs, as_json=as_json)
    crew = asking.crew(dask, jobs, limit, asked)
    try:
        made = candidates(asked.study, asked.scenario, asked.places)
        if place is not None:
            folders.keep_study(asked, place)
        with outcome.resumable(place), progress() as watch:
            done = work_out(asked, made, store=store, shard=part, crew=crew, jobs=jobs, timeout=limit, watch=watch)
    except BaseException:
        if crew is not None:
            crew.abandon()
        raise
    for warning in done.warnings:
        console.warn(warning)
    if isinstance(done, Part):
        _tell_part(done, as_json=as_json)
    else:
        if place is not None:
            folders.write(done, place, ["paasim", *sys.argv[1:]])
        _show(done, place, as_json=as_json)
    for row in done.failures[:NAMED]:
        console.note(f"failed: {row.label}: {getattr(row.ended, 'reason', '')}")
    if len(done.failures) > NAMED:
        console.note(f"... and {len(done.failures) - NAMED} more")
    return FAILED if done.failures else 0


def _show(done: Sweep, place: Path | None, *, as_json: bool) -> None:
    """Print the answer and the table, or the document."""
    if as_json:
        console.say(done.to_json().rstrip())
        return
    from paasim.report import sweep as report

    console.out().print(report.answer(done))
    console.say()
    console.out().print(report.table(done))
    for remark in done.remarks:
        console.note(f"note: {remark}")
    if place is not None:
        console.note(f"kept in {place}: table.csv has every point and metric")


def _tell_part(done: Part, *, as_json: bool) -> None:
    """Say what a shard did, and what is missing for the table."""
    count, failed = len(done.rows), len(done.failures)
    if as_json:
        console.say_json({"points": count, "failed": failed, "missing": done.missing})
        return
    console.say(f"This shard is done: {count:,} points, {failed:,} failed.")
    console.note(f"{done.missing:,} points of other shards are missing: the last one writes the table,")
    console.note("and so does the same command without --shard, which also tries again what has failed")


def _foretell(made: Sequence[Candidate], store: Store | None, jobs: int | None, *, as_json: bool) -> int:
    """Print what the sweep will take."""
    from paasim.report.words import seconds
    from paasim.study.execute import cores
    from paasim.study.sweep.forecast import forecast

    found = forecast(made, store, jobs or cores())
    if as_json:
        console.say_json(found.model_dump(mode="json"))
        return 0
    left = found.points - found.cached - found.impossible
    text = f"{found.points:,} points: {left:,} to do ({found.replications:,} replications), {found.cached:,} known"
    console.say(text + (f", {found.impossible:,} whose values do not fit" if found.impossible else ""))
    if found.seconds is None:
        console.say(f"no telling how long: {found.source}")
    elif left:
        on = f"{found.workers} processes" if found.workers > 1 else "one process"
        console.say(f"about {seconds(found.seconds)} on {on}, going by {found.source}")
    return 0
