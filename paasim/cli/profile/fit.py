"""`paasim profile fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paasim.cli.profile import options
from paasim.cli.profile.options import Header, Output


def fit(
    table: Annotated[Path, typer.Argument(help="CSV of measured steps (phase,batch,new_tokens,...).")],
    output: Output,
    header: Header = None,
) -> None:
    """Fit the forms to a table of measured steps and write a profile; without a source it counts as estimated."""
    from paasim.profile.fit import require_enough
    from paasim.profile.table import read
    from paasim.profile.write import make, require_writable

    fields = options.header_fields(header)
    require_writable(output)
    options.require_kept(table, output)
    rows = read(table)
    require_enough(rows)
    options.report([make(options.sourced({"id": output.stem, **fields}), rows, output)], output)
