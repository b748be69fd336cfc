"""What the verbs of `paasim profile` share: options, tables, and how a header is told to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.table import Table

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.profile.few import Shape

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="File or folder to write.")]
Select = Annotated[list[str] | None, typer.Option(help="Which rows, as in tp=4: a column must hold the text.")]
Header = Annotated[
    list[str] | None, typer.Option("--set", help="Header field, as in hardware=my-gpu or memory.device_bytes='80 GB'.")
]

CLEANED = 0.1
"""Share by which the clean-up may move a row before it is told."""


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE texts as a mapping; InputError names the option."""
    from paasim.core.errors import InputError

    found: dict[str, str] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InputError.one(option, f"'{text}' is not NAME=VALUE", f"write e.g. {option} tp=4")
        if name in found:
            raise InputError.one(option, f"'{name}' is given twice", "keep one of them")
        found[name] = value
    return found


def header_fields(texts: Sequence[str] | None, told: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`--set` texts as fields of a header, checked before any work; `memory.device_bytes` is one within another.

    Args:
        texts: NAME=VALUE.
        told: fields that may not be set, and why.

    Raises:
        InputError: naming the field that is unknown, may not be set, or has a wrong value.
    """
    from pydantic import ValidationError

    from paasim.core.errors import InputError, did_you_mean
    from paasim.profile.spec import ProfileSpec

    refused = dict.fromkeys(("table", "form", "error"), "it is made of the measured steps") | dict(told or {})
    fields: dict[str, Any] = {}
    for name, value in pairs(texts, "--set").items():
        first, dot, part = name.partition(".")
        option = f"--set {name}"
        if first not in ProfileSpec.model_fields:
            raise InputError.one(option, "is no field of a header", did_you_mean(first, ProfileSpec.model_fields))
        if first in refused:
            raise InputError.one(option, f"cannot be set: {refused[first]}", "leave it out")
        parts = _fields_within(ProfileSpec.model_fields[first].annotation)
        if parts and part not in parts:
            known = ", ".join(f"{first}.{each}" for each in parts)
            raise InputError.one(option, "needs the name of one of its fields", f"one of {known}")
        if dot and not parts:
            raise InputError.one(option, f"{first} has no fields that can be set so", "write it into the YAML file")
        if parts:
            fields.setdefault(first, {})[part] = value
        else:
            fields[first] = value
    try:
        ProfileSpec.model_validate({"form": {"prefill": {"b": "1 us"}}, **fields})
    except ValidationError as error:
        first_error = error.errors()[0]
        where = ".".join(map(str, first_error["loc"]))
        what = first_error["msg"].removeprefix("Value error, ")
        raise InputError.one(f"--set {where}", what, "correct it") from None
    return fields


def _fields_within(annotation: Any) -> list[str]:
    """Names of the fields of a block, or of one that may be left out; none of anything else."""
    from pydantic import BaseModel

    kinds = (annotation, *get_args(annotation))
    return [
        name for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel) for name in kind.model_fields
    ]


def merged(header: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """A header with fields set, those of a mapping one by one."""
    whole = dict(header)
    for name, value in fields.items():
        both = isinstance(value, dict) and isinstance(whole.get(name), dict)
        whole[name] = {**whole[name], **value} if both else value
    return whole


def require_kept(file: Path, output: Path) -> None:
    """Refuse to write a profile whose table would overwrite the file that it is made of.

    Raises:
        InputError: if it would.
    """
    from paasim.core.errors import InputError

    if file.resolve() in (output.with_suffix(".csv").resolve(), output.resolve()):
        what = f"'{output}' would overwrite {file} with the table that goes with the profile"
        raise InputError.one("--output", what, "give another name")


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
