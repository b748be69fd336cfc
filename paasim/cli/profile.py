"""`paasim profile`: the catalogue of measured hardware, one profile, and making them from measurements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.profile.profile import Profile

app = typer.Typer(
    help="Hardware profiles: list, show, fit, validate, import.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="File or folder to write.")]
Select = Annotated[list[str] | None, typer.Option(help="Which rows, as in tp=4: a column must hold the text.")]
Header = Annotated[list[str] | None, typer.Option("--set", help="Header field, as in hardware=my-gpu.")]
FORMATS = "aiconfigurator, llama-bench, gpu-benchmarks, phone-runs"
PROMPTS = (512, 2048, 8192, 32768)
"""Prompt lengths that `show` times."""
BATCHES = (1, 8, 64)
"""Batch sizes that `show` times, at a context of `CONTEXT` each."""
CONTEXT = 4096
LISTED = ("id", "hardware", "model", "dtype", "engine", "version", "provenance", "source")
"""Header fields that `list --json` gives, besides GPUs and phases."""


@app.command("list")
def list_profiles(
    hardware: Annotated[str, typer.Option(help="Only hardware with this in its name.")] = "",
    model: Annotated[str, typer.Option(help="Only models with this in their name.")] = "",
    phase: Annotated[str, typer.Option(help="Only profiles that have this phase: prefill, decode or mixed.")] = "",
    provenance: Annotated[str, typer.Option(help="Only measured, composed, fitted or estimated ones.")] = "",
    as_json: Json = False,
) -> None:
    """List the bundled profiles."""
    from paasim.core.errors import InputError
    from paasim.core.paths import bundled
    from paasim.profile.catalogue import names, read_header
    from paasim.profile.spec import PHASES

    if phase and phase not in PHASES:
        raise InputError.one("--phase", f"'{phase}' is not a phase", f"one of {', '.join(PHASES)}")
    rows: list[dict[str, Any]] = []
    for name in names():
        spec = read_header(bundled("profiles") / f"{name}.yaml")
        phases = [each for each in PHASES if getattr(spec.form, each) is not None]
        wanted = hardware in spec.hardware and model in spec.model and provenance in spec.provenance
        if wanted and (not phase or phase in phases):
            facts = spec.model_dump(include=set(LISTED))
            rows.append({name: facts[name] for name in LISTED} | {"gpus": spec.gpus, "phases": phases})
    if as_json:
        console.say_json(rows)
        return
    table = _table("profile", "GPUs", "engine", "phases", "provenance")
    for row in rows:
        engine = row["engine"] if row["version"] == "unstated" else f"{row['engine']} {row['version']}"
        table.add_row(row["id"], str(row["gpus"]), engine, ", ".join(row["phases"]), row["provenance"])
    console.out().print(table)
    console.note(f"{len(rows)} profiles")


@app.command()
def show(
    profile: Annotated[str, typer.Argument(help="A bundled name, the beginning of one, or a YAML file.")],
    as_json: Json = False,
) -> None:
    """Show a profile: where it comes from, what was measured, how well it fits, and a few step times."""
    from paasim.profile import load

    loaded = load(profile, Path.cwd())
    facts = _facts(loaded)
    if as_json:
        console.say_json(facts)
        return
    spec, screen = loaded.spec, console.out()
    screen.print(f"[bold]{spec.id}[/bold]  {spec.provenance}, {spec.engine} {spec.version}, {spec.gpus} GPU(s)")
    for text in (spec.source, spec.note):
        if text:
            screen.print(text, style="dim")
    form = _table("form", "coefficients", "box", "rows", "held out, median / p95", "form alone")
    for phase, coefficients in facts["form"].items():
        error = facts["error"].get(phase)
        held = "-" if error is None or error["median"] is None else f"{error['median']:.1%} / {error['p95']:.1%}"
        alone = "-" if error is None else f"{error['form_median']:.1%}"
        text = ", ".join(f"{name} {value}" for name, value in coefficients.items())
        box = "\n".join(f"{name} to {value:,.0f}" for name, value in facts["box"].get(phase, {}).items())
        form.add_row(phase, text, box or "-", str(error["points"]) if error else "-", held, alone)
    times = _table("step", "seconds")
    for step in facts["steps"]:
        times.add_row(step["step"], f"{step['seconds']:.4g}" + (" (outside the box)" if step["outside"] else ""))
    screen.print("", form, "", times)


def _facts(profile: Profile) -> dict[str, Any]:
    """A profile for JSON: header, box, and a few step times."""
    spec = profile.spec
    facts = spec.model_dump(mode="json", exclude_none=True)
    facts["form"] = spec.form.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    facts["error"] = facts.get("error", {})
    for name in facts["error"]:
        facts["error"][name] = {"median": None, "p95": None, **facts["error"][name]}
    return facts | {"gpus": spec.gpus, "box": _box(profile), "steps": list(_times(profile)), "digest": profile.digest()}


def _box(profile: Profile) -> dict[str, dict[str, float]]:
    """Largest measured values by phase."""
    box: dict[str, dict[str, float]] = {}
    table = profile.table
    if table is None:
        return box
    if (points := table.points("prefill")) is not None:
        box["prefill"] = {"tokens": float(points.tokens.max()), "context": float((points.context + points.new).max())}
    for phase in ("decode", "mixed"):
        if (points := table.points(phase)) is not None:
            box[phase] = {"sequences": float(points.batch.max()), "context": float(points.context.max())}
            box[phase] |= {"tokens": float(points.new.max())} if phase == "mixed" else {}
    return box


def _times(profile: Profile) -> list[dict[str, Any]]:
    """A few step times."""
    steps, found = profile.steps(), []
    if steps.can_prefill:
        for n in PROMPTS:
            q = n * n / 2
            found.append((f"prefill, {n:,} tokens", steps.prefill(n, q), steps.prefill_outside(n, q)))
    if steps.can_decode:
        for b in BATCHES[:1] if profile.spec.limits.max_seqs == 1 else BATCHES:
            s = float(b * CONTEXT)
            found.append((f"decode, {b} x {CONTEXT:,} tokens", steps.decode(b, s), steps.decode_outside(b, s)))
    return [{"step": step, "seconds": seconds, "outside": outside} for step, seconds, outside in found]


@app.command()
def fit(
    table: Annotated[Path, typer.Argument(help="CSV of measured steps (phase,batch,new_tokens,...).")],
    output: Output,
    header: Header = None,
) -> None:
    """Fit the forms to a table of measured steps and write a profile; without a source it counts as estimated."""
    from paasim.profile.fit import require_enough
    from paasim.profile.table import read
    from paasim.profile.write import make

    rows = read(table)
    require_enough(rows)
    _report([make(_sourced({"id": output.stem, **_pairs(header, "--set")}), rows, output)], output)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A file or folder of a known format, or a YAML file of recipes.")],
    output: Output,
    format: Annotated[str, typer.Option(help=f"{FORMATS}, or recipes.")] = "",
    select: Select = None,
    header: Header = None,
    data: Annotated[Path | None, typer.Option(help="Recipes: the folder that their files are relative to.")] = None,
    only: Annotated[str, typer.Option(help="Recipes: only profiles whose id begins with this.")] = "",
) -> None:
    """Make profiles from measurements of others: one file of a known format, or many by recipe."""
    from paasim.profile.importers import formats, recipes
    from paasim.profile.write import make

    if format == "recipes" or (not format and file.suffix in (".yaml", ".yml")):
        _report(recipes.run(file, data or Path.cwd(), output, only), output)
        return
    found = formats.read(file, format or _guess(file), _pairs(select, "--select"))
    fields = _sourced({"id": output.stem, **found.header, **_pairs(header, "--set")})
    _report([make(fields, found.table, output)], output)


@app.command()
def validate(
    profile: Annotated[str, typer.Argument(help="A bundled name, the beginning of one, or a YAML file.")],
    against: Annotated[Path, typer.Option(help="Measured steps to compare with: a CSV of our form, or of --format.")],
    format: Annotated[str, typer.Option(help=f"{FORMATS}; our own CSV if not given.")] = "",
    select: Select = None,
    as_json: Json = False,
) -> None:
    """Compare a profile with measured steps: relative errors by phase, in and out of its measured box."""
    from paasim.profile import load
    from paasim.profile.importers import formats
    from paasim.profile.table import read
    from paasim.profile.validate import validate as compare

    loaded = load(profile, Path.cwd())
    measured = formats.read(against, format, _pairs(select, "--select")).table if format else read(against)
    errors = compare(loaded, measured)
    if as_json:
        console.say_json({"profile": loaded.id, "against": str(against), "errors": [e.as_dict() for e in errors]})
        return
    table = _table("phase", "box", "rows", "median", "p95", "largest", "bias")
    for e in errors:
        figures = (f"{e.median:.1%}", f"{e.p95:.1%}", f"{e.max:.1%}", f"{e.bias:+.1%}")
        table.add_row(e.phase, "inside" if e.inside else "outside", str(e.rows), *figures)
    console.out().print(table)


def _report(profiles: Any, output: Path) -> None:
    """Say what was written: names on stdout, errors of fit on stderr."""
    for profile in profiles:
        console.say(profile.id)
        error = profile.spec.error
        for phase in ("prefill", "decode", "mixed"):
            of = getattr(error, phase, None)
            if of is not None and of.median is not None:
                console.note(f"  {phase}: {of.points} rows, held out {of.median:.1%} median, {of.p95:.1%} p95")
    console.note(f"written to {output}")


def _pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    from paasim.core.errors import InputError

    for text in texts or ():
        if "=" not in text:
            raise InputError.one(option, f"'{text}' is not NAME=VALUE", f"write e.g. {option} tp=4")
    return dict(text.split("=", 1) for text in texts or ())


def _sourced(fields: dict[str, Any]) -> dict[str, Any]:
    """Header fields with a provenance that they bear out: `measured` needs a source.

    Raises:
        InputError: if they claim `measured` and name no source.
    """
    from paasim.core.errors import InputError

    if fields.get("source"):
        return {"provenance": "measured", **fields}
    if fields.get("provenance") == "measured":
        todo = "say who measured it and where: --set source=URL"
        raise InputError.one("--set provenance=measured", "a measured profile needs a source", todo)
    if "provenance" not in fields:
        console.note("provenance: estimated, as no source is given; with --set source=URL it is measured")
    return {"provenance": "estimated", "note": "Where the steps were measured is not stated.", **fields}


def _guess(file: Path) -> str:
    """The format of a file that was given without one."""
    return "aiconfigurator" if file.is_dir() else "llama-bench"


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table
