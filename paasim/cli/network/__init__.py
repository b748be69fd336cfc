"""`paasim network`: networks whose rate changes, those that ship and those of your own traces."""

from __future__ import annotations

import typer

from paasim.cli.network.explain import explain
from paasim.cli.network.fit import fit
from paasim.cli.network.listing import list_networks
from paasim.cli.network.show import show

app = typer.Typer(
    help="Networks: list, show, fit to traces; explain the transfers of a scenario.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
app.command("list")(list_networks)
app.command()(show)
app.command()(fit)
app.command()(explain)
