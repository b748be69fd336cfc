"""`paasim profile import`: what a file of measurements holds, and profiles made of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli import console
from paasim.cli.profile import options, serving
from paasim.cli.profile.options import Header, Json, Select

if TYPE_CHECKING:
    from paasim.core.errors import Problem
    from paasim.profile.importers.formats import Format
    from paasim.profile.importers.imported import Imported
    from paasim.profile.profile import Profile

SHOWN = 40
"""Configurations of a file that are listed at most."""


def import_file(
    file: Annotated[
        Path, typer.Argument(help="A file or folder of a known format, or recipes: a YAML file, or a folder of them.")
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File or folder to write.")] = None,
    format: Annotated[str, typer.Option(help="Its name, where it is not recognised; or recipes.")] = "",
    select: Select = None,
    all_: Annotated[bool, typer.Option("--all", help="A profile of each configuration, into the folder -o.")] = False,
    header: Header = None,
    data: Annotated[Path | None, typer.Option(help="Recipes: the folder that their files are relative to.")] = None,
    only: Annotated[str, typer.Option(help="Recipes: only profiles whose id begins with this.")] = "",
    as_json: Json = False,
) -> None:
    """Make profiles from measurements of others; without -o, say what a file holds.

    Results of serving are told in the same words whatever tool wrote them, and written as one table (-o served.csv).
    """
    from paasim.core.errors import InputError
    from paasim.profile.importers import formats, recipes

    if format == "recipes" or (not format and (file.suffix in (".yaml", ".yml") or any(file.glob("*.yaml")))):
        if output is None:
            raise InputError.one("-o", "recipes need a folder to write to", "paasim profile import FILE -o profiles")
        _refuse("recipes", {"--select": select, "--set": header, "--all": all_, "--json": as_json})
        options.report(recipes.run(file, data or Path.cwd(), output, only, options.shape), output)
        return
    _refuse("a file of measurements", {"--data": data, "--only": only})
    texts = options.pairs(select, "--select"), options.pairs(header, "--set")
    if serving.told(file, format, *texts, output, as_json, all_):
        return
    known = formats.named(format) if format else formats.recognise(file)
    console.note(f"{file}: {known.title} ({known.name})")
    wanted = options.pairs(select, "--select")
    keys = formats.configurations(file, known, wanted)
    fields = options.header_fields(header)
    if all_:
        if output is None or output.suffix in (".yaml", ".yml"):
            raise InputError.one("--all", "needs a folder to write to", "-o FOLDER")
        options.report(_each(file, known, keys, fields, output), output)
    elif len(keys) > 1:
        _list(keys)
        if output is not None:
            todo = "select one of them (--select), or make all (--all)"
            raise InputError.one(str(file), f"holds {len(keys)} configurations", todo)
    else:
        _one(file, known.read(file, wanted), fields, output)


def _refuse(what: str, given: dict[str, Any]) -> None:
    """Refuse options that what is imported has no use for, rather than pass over them.

    Raises:
        InputError: naming them.
    """
    from paasim.core.errors import InputError

    named = [option for option, value in given.items() if value]
    if named:
        raise InputError.one(", ".join(named), f"of no use with {what}", "leave it out")


def _one(file: Path, found: Imported, fields: dict[str, Any], output: Path | None) -> None:
    """Say what was found, and write it if there is a file to write to."""
    from paasim.core.errors import InputError
    from paasim.profile.write import require_writable

    _tell(found)
    if found.summary is not None:
        _show(found)
        if output is not None:
            raise InputError.one(str(file), f"no profile can be made of it: {found.summary.reason}", "leave -o out")
    elif output is not None:
        require_writable(output)
        options.require_kept(file, output)
        options.report([_make(found, fields, output, output.stem)], output)


def _each(
    file: Path, format: Format, keys: list[dict[str, str]], fields: dict[str, Any], folder: Path
) -> Iterator[Profile]:
    """A profile of each configuration; one that cannot be made is left out, with the reason, if any other can."""
    from paasim.core.errors import InputError

    differ = [name for name in keys[0] if len({key.get(name) for key in keys}) > 1] if keys else []
    made: set[str] = set()
    failed: list[Problem] = []
    for key in keys:
        slug = _slug([file.name.split(".")[0], *(key.get(each, "") for each in differ)])
        name = slug
        try:
            found = format.read(file, key)
            if found.summary is not None:
                raise InputError.one(str(file), f"no profile can be made of it: {found.summary.reason}")
            name = str(found.header.get("id", slug))
            # Two of one id, such as two versions of an engine, must not overwrite each other.
            name = f"{name}-{slug}" if name in made else name
            console.note(f"{name}:")
            _tell(found)
            yield _make(found, fields, folder / f"{name}.yaml", name)
            made.add(name)
        except InputError as error:
            failed += error.problems
            console.warn(f"{name} is left out: {error}")
    if not made:
        raise InputError(failed)


def _make(found: Imported, fields: dict[str, Any], path: Path, id: str) -> Profile:
    from paasim.core.errors import InputError
    from paasim.profile.fit import require_enough
    from paasim.profile.write import make

    try:
        require_enough(found.table)
    except InputError as error:
        for problem in error.problems:
            console.warn(f"{problem.what}; the form is a guess beyond them")
    return make(options.sourced(options.merged({"id": id, **found.header}, fields)), found.table, path, options.shape)


def _tell(found: Imported) -> None:
    """How many rows there are of what, and what was left out or assumed."""
    counts = {phase: len(points) for phase in ("prefill", "decode", "mixed") if (points := found.table.points(phase))}
    for phase, count in counts.items():
        console.note(f"  {phase}: {count} kinds of step")
    for note in found.notes:
        console.note(f"  {note}")


def _show(found: Imported) -> None:
    summary: Any = found.summary
    table = options.table(*summary.columns)
    for row in summary.rows:
        table.add_row(*row)
    console.note(f"  {summary.title}")
    console.out().print(table)
    console.note(f"  no profile can be made of it: {summary.reason}")


def _list(keys: list[dict[str, str]]) -> None:
    """The configurations of a file, by what tells them apart, as options to copy."""
    values = {name: {key.get(name, "=") for key in keys} for name in keys[0] | keys[-1]}
    console.note(f"  {len(keys)} configurations; select one, or make all with --all -o FOLDER:")
    for key in keys[:SHOWN]:
        named = {n: _shortest(value, values[n]) for n, value in key.items() if len(values.get(n, ())) > 1}
        console.say(" ".join(f"--select {shlex.quote(f'{n}={value}')}" for n, value in named.items()))
    if len(keys) > SHOWN:
        console.note(f"  and {len(keys) - SHOWN} more")


def _shortest(value: str, others: set[str]) -> str:
    """`=text` without its `=` where no other value holds the text."""
    text = value.removeprefix("=")
    holding = [other for other in others if text.lower() in other.removeprefix("=").lower()]
    return text if text and len(holding) == 1 else value


def _slug(texts: list[str]) -> str:
    """A file name from the name of the file and what tells a configuration apart."""
    text = "-".join(text.removeprefix("=") for text in texts)
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
