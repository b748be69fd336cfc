"""`paasim profile calibrate`: fit scale and overhead to measured serving runs, and say how near that comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paasim.cli import console, outcome
from paasim.cli.profile import options
from paasim.cli.profile.options import Json

if TYPE_CHECKING:
    from paasim.profile.calibrations import CalibrationFile
    from paasim.profile.profile import Profile
    from paasim.study.calibration.serving import MeasuredRun


def calibrate(
    profile: Annotated[str, typer.Argument(help="A bundled name, the beginning of one, or a YAML file.")],
    against: Annotated[
        Path,
        typer.Option(help="Closed-loop runs: a client's result, or CSV of prompt,output,concurrency,ttft_ms,tpot_ms."),
    ],
    engine: Annotated[str, typer.Option(help="How steps are filled: vllm, sglang or trtllm; else the profile's.")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="YAML file to write, for a pool to name.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fit a calibration to measured serving runs of a profile: simulated closed loops, errors on runs held out."""
    from paasim.core.errors import InputError
    from paasim.profile import load
    from paasim.profile.calibrations import CalibrationFile, write
    from paasim.profile.write import require_writable
    from paasim.study.calibration.calibrate import ENOUGH, PROFILE, calibrate, doubts, folds, held_out, rounded
    from paasim.study.calibration.misfit import misfits
    from paasim.study.calibration.serving import BATCHING, serve

    if output is not None:
        require_writable(output)
    loaded = load(profile, Path.cwd())
    engine = engine or loaded.spec.engine
    if engine not in BATCHING:
        raise InputError.one("--engine", f"'{engine}' is not known", f"one of {', '.join(BATCHING)}")
    runs, dropped = _runs(loaded, profile, against, engine)
    if len(runs) < ENOUGH:
        why = "".join(f"; {count} left out: {reason}" for reason, count in dropped.items())
        what = f"has {len(runs)} runs of {loaded.id}, too few to fit and to hold some out{why}"
        raise InputError.one(str(against), what, f"give {ENOUGH} or more, at several lengths and concurrencies")
    with outcome.progress() as bar:
        found, response = calibrate(runs, PROFILE, lambda done, total: bar(done, total, "simulated"))
    times = enumerate(held_out(runs, folds(len(runs)), response, PROFILE))
    file = CalibrationFile(
        engine=engine,
        versions=", ".join(sorted({run.version for run in runs if run.version})) or "not stated",
        calibration=rounded(found),
        batching=BATCHING[engine],
        runs=len(runs),
        source=str(against),
        how=f"paasim profile calibrate {loaded.id}; errors on runs held out, a random fifth at a time",
        before=misfits(runs, dict(enumerate(map(serve, runs)))),
        after=misfits(runs, {i: pair for i, pair in times if pair is not None}),
    )
    for doubt in doubts(file):
        console.warn(doubt)
    if output is not None:
        write(file, output)
        written = ", ".join(f"{name}: {value}" for name, value in file.batching.items())
        console.note(f"written to {output}; use it on a pool: calibration: {output}, batching: {{{written}}}")
    if as_json:
        facts = file.model_dump(mode="json", exclude_none=True)
        console.say_json({"profile": loaded.id, "against": str(against), "dropped": dropped, **facts})
        return
    for reason, count in dropped.items():
        console.note(f"{count} rows left out: {reason}")
    _show(file)


def _runs(loaded: Profile, name: str, against: Path, engine: str) -> tuple[list[MeasuredRun], dict[str, int]]:
    """The runs of this profile, and what else the file holds."""
    from paasim.core.errors import InputError
    from paasim.study.calibration import runs, silicon

    spec = loaded.spec
    if not against.exists():
        raise InputError.one(str(against), "does not exist", "give a file of serving runs")
    where = str(loaded.path.resolve()) if loaded.path is not None else name
    if against.is_file() and silicon.recognises(against):
        key = silicon.Key(spec.hardware, spec.model, spec.dtype, engine, spec.tp)
        found = silicon.read(against, {key: where})
        mine = [run for run in found.runs if run.engine == engine]
        others = {"another engine": len(found.runs) - len(mine)} if len(mine) < len(found.runs) else {}
        return mine, {**found.dropped, **others}
    return runs.read(against, profile=where, model=spec.model, hardware=spec.hardware, engine=engine)


def _show(file: CalibrationFile) -> None:
    calibration = file.calibration
    table = options.table("calibration", "")
    table.add_row("scale", f"{calibration.scale:.3f}")
    table.add_row("overhead per step", f"{calibration.overhead * 1e3:.3g} ms")
    if calibration.prompt is not None:
        table.add_row("scale of prompt tokens", f"{calibration.prompt:.3f}")
    table.add_row("overhead per request", f"{calibration.request * 1e3:.3g} ms")
    misfit = options.table("error", "runs", "before, median / p90", "held out, median / p90")
    for name in ("tpot", "ttft"):
        before, after = getattr(file.before, name, None), getattr(file.after, name, None)
        if before is not None and after is not None:
            texts = [f"{each.median:.1%} / {each.p90:.1%}" for each in (before, after)]
            misfit.add_row(name.upper(), str(after.rows), *texts)
    console.out().print(table, "", misfit)
