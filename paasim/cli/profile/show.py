"""`paasim profile show`: where a profile comes from, its forms, its box and a few step times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli import console
from paasim.cli.profile import options
from paasim.cli.profile.options import Json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from paasim.profile.profile import Profile

PROMPTS = (512, 2048, 8192, 32768)
"""Prompt lengths that are timed."""
BATCHES = (1, 8, 64)
"""Batch sizes that are timed, at a context of `CONTEXT` each."""
CONTEXT = 4096
FORMS = (
    "forms: prefill a + (w^4 + (b N)^4)^(1/4) + c Q; decode a + b B + c S + d (1 - 0.97^B) + e (1 - 0.8^B); mixed "
    "a + b (N + B) + c S + d Q, with N new tokens, Q token pairs, B sequences, S their context; 'form alone' is its "
    "error without the table, as outside the box"
)
COMPOSED = "composed: GPU time alone, without scheduler or HTTP; a pool may ask for a calibration (docs/fidelity.md)"


def show(
    profile: Annotated[str, typer.Argument(help="A bundled name, the beginning of one, or a YAML file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Draw points, forms and box into this .svg or .png file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a profile: where it comes from, what was measured, how well it fits, and a few step times."""
    from paasim.profile import load

    loaded = load(profile, Path.cwd())
    if output is not None:
        _draw(loaded, output)
    facts = _facts(loaded)
    if as_json:
        console.say_json(facts)
        return
    spec, screen = loaded.spec, console.out()
    screen.print(f"[bold]{spec.id}[/bold]  {spec.provenance}, {spec.engine} {spec.version}, {spec.gpus} GPU(s)")
    for text in (spec.source, spec.note):
        if text:
            screen.print(text, style="dim")
    form = options.table("form", "coefficients", "box", "rows", "held out, median / p95", "form alone")
    for phase, coefficients in facts["form"].items():
        error = facts["error"].get(phase)
        held = "-" if error is None or error["median"] is None else f"{error['median']:.1%} / {error['p95']:.1%}"
        alone = "-" if error is None else f"{error['form_median']:.1%}"
        text = ", ".join(f"{name} {value}" for name, value in coefficients.items())
        box = "\n".join(f"{name} to {value:,.0f}" for name, value in facts["box"].get(phase, {}).items())
        form.add_row(phase, text, box or "-", str(error["points"]) if error else "-", held, alone)
    times = options.table("step", "time")
    for step in facts["steps"]:
        outside = " (outside the box)" if step["outside"] else ""
        times.add_row(step["step"], f"{step['seconds'] * 1e3:,.4g} ms{outside}")
    screen.print("", form, "", times)
    console.note(FORMS)
    if spec.provenance == "composed":
        console.note(COMPOSED)


def _draw(profile: Profile, output: Path) -> None:
    """Write the figure; InputError if the file cannot be written."""
    from paasim.cli.drawing import save

    def figure() -> Figure:
        from paasim.report.figures.profile import draw

        return draw(profile)

    save(figure, output)


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
