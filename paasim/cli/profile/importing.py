"""`paasim profile import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paasim.cli.profile import options
from paasim.cli.profile.options import Header, Output, Select


def import_file(
    file: Annotated[
        Path, typer.Argument(help="A file or folder of a known format, or recipes: a YAML file, or a folder of them.")
    ],
    output: Output,
    format: Annotated[str, typer.Option(help="Its name, where it is not recognised; or recipes.")] = "",
    select: Select = None,
    header: Header = None,
    data: Annotated[Path | None, typer.Option(help="Recipes: the folder that their files are relative to.")] = None,
    only: Annotated[str, typer.Option(help="Recipes: only profiles whose id begins with this.")] = "",
) -> None:
    """Make profiles from measurements of others: one file of a known format, or many by recipe."""
    from paasim.profile.importers import formats, recipes
    from paasim.profile.write import make

    if format == "recipes" or (not format and (file.suffix in (".yaml", ".yml") or any(file.glob("*.yaml")))):
        options.report(recipes.run(file, data or Path.cwd(), output, only, options.shape), output)
        return
    found = formats.read(file, format, options.pairs(select, "--select"))
    fields = options.sourced({"id": output.stem, **found.header, **options.pairs(header, "--set")})
    options.report([make(fields, found.table, output, options.shape)], output)
