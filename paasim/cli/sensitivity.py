"""`paasim sensitivity`: which inputs move the answer most, and does it survive the error of the profiles?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from paasim.cli import console, outcome

if TYPE_CHECKING:
    from paasim.study.sensitivity.study import Sensitivity

app = typer.Typer(rich_markup_mode=None, add_completion=False)

OVER = typer.Option(
    [],
    "--over",
    metavar="PATH=LOW..HIGH",
    help="An input and its range, such as 'network.links.wan.bandwidth=10 Gbps..100 Gbps', or '...=±20 %' of what "
    "stands there. May be repeated. Without it: load, lengths, links, codecs and batching limits of the scenario.",
)
SPREAD = typer.Option("20 %", "--spread", metavar="SHARE", help="How far the scenario's own inputs may be off.")
ERRORS = typer.Option(True, "--profile-error/--no-profile-error", help="Whether profiles are inputs too.")
METHOD = typer.Option(
    "oat", "--method", metavar="METHOD", help="oat (one at a time), morris (screening) or sobol (shares of variance)."
)
METRIC = typer.Option(
    "ttft:p99",
    "--metric",
    metavar="METRIC",
    help="ttft:p99, e2el:mean, tpot:p50, ..., goodput, attainment, throughput.",
)
SAMPLES = typer.Option(None, "--samples", metavar="N", min=1, help="Trajectories (morris), base samples (sobol).")
PROFILE_SAMPLES = typer.Option(
    None, "--profile-samples", metavar="N", min=0, help="Samples of the profiles' errors: 16; 0 leaves them out."
)
VARIANT = typer.Option("base", "--variant", metavar="NAME", help="The variant whose inputs are moved.")
VARIANTS = typer.Option(None, "--variants", metavar="A,B", help="Among which the best is to survive; else all.")
OUTPUT = typer.Option(None, "-o", "--output", metavar="DIR", help="Folder; else results/<scenario name>-sensitivity.")
JSON = typer.Option(False, "--json", help="Print one JSON document and nothing else; keep a folder only with -o.")


@app.command()
def sensitivity(
    scenario: str = outcome.SCENARIO,
    over: list[str] = OVER,
    spread: str = SPREAD,
    profile_error: bool = ERRORS,
    method: str = METHOD,
    metric: str = METRIC,
    samples: int | None = SAMPLES,
    profile_samples: int | None = PROFILE_SAMPLES,
    variant: str = VARIANT,
    variants: str | None = VARIANTS,
    changes: list[str] = outcome.SET,
    seed: int | None = outcome.SEED,
    replications: int | None = outcome.REPLICATIONS,
    output: Path | None = OUTPUT,
    as_json: bool = JSON,
    jobs: int | None = outcome.JOBS,
) -> int:
    """Move the inputs of a scenario and see what its answer does: two sentences, then tables.

    All points meet the same requests. How many runs it takes is said before they start.
    """
    from functools import partial

    from paasim.study.point import evaluate
    from paasim.study.sensitivity.plan import Options, plan
    from paasim.study.sensitivity.study import carry_out
    from paasim.study.store import FOLDER, Store

    loaded = outcome.load(scenario, changes, seed, replications)
    given: dict[str, Any] = {} if profile_samples is None else {"profile_samples": profile_samples}
    options = Options(
        over=over,
        spread=_share(spread),
        profile_error=profile_error,
        method=method,  # type: ignore[arg-type]  # checked by plan
        metric=metric,
        samples=samples,
        variant=variant,
        variants=outcome.names(variants),
        **given,
    )
    planned = plan(loaded, options)
    console.note(
        f"{len(planned.inputs)} inputs; at most {planned.points} points of {planned.replications} replications: "
        f"{planned.runs} runs"
    )
    folder = outcome.place(output, loaded, as_json=as_json, variant="sensitivity")
    with outcome.resumable(folder), outcome.progress() as progress:
        kept = None if folder is None else Store(folder / FOLDER)
        found = carry_out(planned, jobs, progress, tell=_tell, evaluate=partial(evaluate, store=kept))
    if folder is not None:
        _keep(found, folder)
    _show(found, as_json=as_json)
    if folder is not None:
        console.note(f"kept in {folder}")
    return 0


def _share(text: str) -> float:
    """Read `20 %` or `0.2`.

    Raises:
        InputError: for anything else.
    """
    from paasim.core.errors import InputError
    from paasim.core.percent import share

    found = share(text)
    if found is None or not 0 < found < 1:
        raise InputError.one(f"--spread {text}", "is not a share between 0 and 100 %", "write e.g. --spread '20 %'")
    return found


def _tell(seconds: float) -> None:
    from paasim.report import words

    if seconds >= 5:
        console.note(f"about {words.seconds(seconds)} to go")


def _show(found: Sensitivity, *, as_json: bool) -> None:
    if as_json:
        console.say(found.to_json().rstrip())
        return
    from paasim.report.sensitivity import answer, tables

    console.out().print(answer(found.document), markup=False)
    console.say()
    for table in tables(found.document):
        console.out().print(table)
    for name, reason in found.document.left_out.items():
        console.note(f"left out: {name}: {reason}")
    for each in found.document.inputs:
        if each.kind == "profile error":
            console.note(f"{each.name}: {each.why}")
    for warning in found.document.warnings:
        console.warn(warning)


def _keep(found: Sensitivity, folder: Path) -> None:
    from paasim.report.figures import tornado
    from paasim.report.style import svg
    from paasim.results.folder import keep
    from paasim.study.sensitivity.table import effects_csv, samples_csv

    figure = tornado.draw(found.document)
    files = {
        "effects.csv": effects_csv(found.document).encode(),
        "samples.csv": samples_csv(found).encode(),
        **({} if figure is None else {"tornado.svg": svg(figure)}),
        "sensitivity.json": found.to_json().encode(),
    }
    keep(folder, files)
