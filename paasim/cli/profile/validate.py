"""`paasim profile validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paasim.cli import console
from paasim.cli.profile import options
from paasim.cli.profile.options import Json, Select


def validate(
    profile: Annotated[str, typer.Argument(help="A bundled name, the beginning of one, or a YAML file.")],
    against: Annotated[Path, typer.Option(help="Measured steps to compare with, in any form that `import` reads.")],
    format: Annotated[str, typer.Option(help="Its form, where it is not recognised.")] = "",
    select: Select = None,
    as_json: Json = False,
) -> None:
    """Compare a profile with measured steps: relative errors by phase, in and out of its measured box."""
    from paasim.profile import load
    from paasim.profile.spec import PHASES
    from paasim.profile.validate import measured_steps
    from paasim.profile.validate import validate as compare

    loaded = load(profile, Path.cwd())
    table = measured_steps(against, format, options.pairs(select, "--select"))
    errors = compare(loaded, table, str(against))
    for phase in PHASES:
        left_out = len(table.points(phase) or ()) - sum(e.rows for e in errors if e.phase == phase)
        if left_out:
            console.note(f"{left_out} {phase} rows are left out: {loaded.id} has no {phase} measurements")
    if as_json:
        console.say_json({"profile": loaded.id, "against": str(against), "errors": [e.as_dict() for e in errors]})
        return
    shown = options.table("phase", "box", "rows", "median", "p95", "largest", "bias")
    for e in errors:
        figures = (f"{e.median:.1%}", f"{e.p95:.1%}", f"{e.max:.1%}", f"{e.bias:+.1%}")
        shown.add_row(e.phase, "inside" if e.inside else "outside", str(e.rows), *figures)
    console.out().print(shown)
