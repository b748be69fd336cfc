"""`paasim init`: write a first scenario, with comments, to start from."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from paasim.cli import console
from paasim.core.errors import InputError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def init(
    name: str = typer.Argument(metavar="NAME", help="The file to write; '.yaml' is added where there is no ending."),
) -> None:
    """Write a first scenario, with comments, to start from. Never overwrites a file."""
    from paasim.scenario.starter import text

    path = Path(name)
    if not path.suffix:
        path = path.with_suffix(".yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text(path.stem))
    except FileExistsError:
        raise InputError.one(str(path), "is there already", "choose another name, or delete the file") from None
    except OSError as error:
        raise InputError.one(str(path), f"cannot be written: {error.strerror}", "choose another place") from None
    shown = os.fspath(path)
    console.say(f"wrote {shown}")
    console.note(f"next: paasim scenario explain {shown}; paasim compare {shown}")
