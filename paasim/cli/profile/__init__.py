"""`paasim profile`: the catalogue of measured hardware, one profile, and making them from measurements."""

from __future__ import annotations

import typer

from paasim.cli.profile.calibrate import calibrate
from paasim.cli.profile.estimate import estimate
from paasim.cli.profile.fit import fit
from paasim.cli.profile.importing import import_file
from paasim.cli.profile.listing import list_profiles
from paasim.cli.profile.measure import measure
from paasim.cli.profile.show import show
from paasim.cli.profile.validate import validate

app = typer.Typer(
    help="Hardware profiles: list, show, measure, fit, validate, calibrate, import, estimate.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
app.command("list")(list_profiles)
app.command()(show)
app.command()(measure)
app.command()(fit)
app.command("import")(import_file)
app.command()(validate)
app.command()(calibrate)
app.command()(estimate)
