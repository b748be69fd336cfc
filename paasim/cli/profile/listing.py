"""`paasim profile list`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasim.cli import console
from paasim.cli.profile import options
from paasim.cli.profile.options import Json

LISTED = ("id", "hardware", "model", "dtype", "engine", "version", "provenance", "source")
"""Header fields that `--json` gives, besides GPUs and phases."""


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
    table = options.table("profile", "GPUs", "engine", "phases", "provenance")
    for row in rows:
        engine = row["engine"] if row["version"] == "unstated" else f"{row['engine']} {row['version']}"
        table.add_row(row["id"], str(row["gpus"]), engine, ", ".join(row["phases"]), row["provenance"])
    console.out().print(table)
    console.note(f"{len(rows)} profiles")
