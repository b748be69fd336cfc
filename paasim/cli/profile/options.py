"""What the verbs of `paasim profile` share: options, tables, and how a header is told to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.profile.few import Shape

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="File or folder to write.")]
Select = Annotated[list[str] | None, typer.Option(help="Which rows, as in tp=4: a column must hold the text.")]
Header = Annotated[list[str] | None, typer.Option("--set", help="Header field, as in hardware=my-gpu.")]

CLEANED = 0.1
"""Share by which the clean-up may move a row before it is told."""


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE texts as a mapping; InputError names the option."""
    from paasim.core.errors import InputError

    for text in texts or ():
        if "=" not in text:
            raise InputError.one(option, f"'{text}' is not NAME=VALUE", f"write e.g. {option} tp=4")
    return dict(text.split("=", 1) for text in texts or ())


def shape(model: str) -> Shape | None:
    """What of a model of the catalogue tells how long a step takes; None if it is not in it."""
    from paasim.core.errors import InputError
    from paasim.model import load
    from paasim.profile.few import Shape

    try:
        found = load(model)
    except InputError:
        return None
    return Shape(found.kv_bytes_per_token, found.spec.parameters, found.spec.active_parameters)


def sourced(fields: dict[str, Any]) -> dict[str, Any]:
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


def report(profiles: Any, output: Path) -> None:
    """Say what was written: names on stdout, errors of fit on stderr."""
    for profile in profiles:
        console.say(profile.id)
        error = profile.spec.error
        for phase in ("prefill", "decode", "mixed"):
            of = getattr(error, phase, None)
            if of is not None and of.cleaned > CLEANED:
                what = "a step that holds more took less time; rows were moved"
                console.warn(f"{phase}: {what} by up to {of.cleaned:.0%} so that no step gets faster as it grows")
            if of is not None and of.median is not None:
                console.note(f"  {phase}: {of.points} rows, held out {of.median:.1%} median, {of.p95:.1%} p95")
    console.note(f"written to {output}")


def table(*headings: str) -> Table:
    """A table for the terminal."""
    made = Table(box=None, header_style="bold")
    for heading in headings:
        made.add_column(heading)
    return made
