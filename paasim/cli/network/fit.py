"""`paasim network fit`: a process that keeps the statistics of your own traces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.link.network.spec import NetworkSpec


def fit(
    traces: Annotated[list[Path], typer.Argument(help="Traces of the downlink: mahimahi, or rows of time and rate.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The YAML file to write.")],
    up: Annotated[list[Path] | None, typer.Option(help="A trace of the uplink; may be given again.")] = None,
    by: Annotated[str | None, typer.Option(help="Column that names the trace of a row.")] = None,
    select: Annotated[list[str] | None, typer.Option(help="Only rows with this value, as in radio=5G.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of the time: a name, or a number from 1.")] = None,
    rate: Annotated[str | None, typer.Option(help="Column of the rate.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the rate.")] = "Mbps",
    stamp: Annotated[str, typer.Option(help="Whether a row's time is the start or the end of its interval.")] = "start",
    repeated: Annotated[str, typer.Option(help="Rows of the same time: error, or mean.")] = "error",
    cut: Annotated[str | None, typer.Option(help="Where rows are farther apart, as in 4s, a trace ends.")] = None,
    step: Annotated[str, typer.Option(help="Time for which a rate holds.")] = "1 s",
    outage_below: Annotated[str, typer.Option(help="Rates below it are outages.")] = "0.1 Mbps",
    level: Annotated[bool, typer.Option(help="Part of what traces differ in stays for a link or device.")] = False,
    source: Annotated[str, typer.Option(help="Who measured it, and where it can be had.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the traces.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the network as JSON.")] = False,
) -> None:
    """Fit a capacity process to traces, and say how near its statistics come to theirs."""
    from paasim.cli.network.show import print_network
    from paasim.cli.profile.options import pairs
    from paasim.core.errors import InputError
    from paasim.link.network import recipes
    from paasim.link.network.catalogue import written

    if output.suffix not in (".yaml", ".yml"):
        raise InputError.one("--output", f"'{output}' is not a YAML file", "end its name in .yaml")
    form = {"select": pairs(select, "--select"), "time": time, "rate": rate}
    form |= {"unit": unit, "stamp": stamp, "repeated": repeated}
    common = {"form": form, "by": by, "cut": cut, "step": step, "outage_below": outage_below, "level": level}
    header = {
        "id": output.stem,
        "source": source,
        "licence": licence,
        "provenance": "fitted" if source else "estimated",
    }
    network = recipes.make(_recipe(header, common, traces, up or []), Path.cwd())
    try:
        output.write_text(written(network), encoding="utf-8")
    except OSError as error:
        what = f"'{output}' cannot be written: {error.strerror}"
        raise InputError.one("--output", what, "check the folder") from None
    if as_json:
        console.say_json(network.model_dump(mode="json", exclude_none=True))
    else:
        print_network(network)
    _warn(network)
    console.note(f"written to {output}: use it as capacity: {{kind: process, network: {output}}}")


def _warn(network: NetworkSpec) -> None:
    """Say what the process does not keep of its traces."""
    from paasim.cli.network.show import WORDS
    from paasim.link.network.statistics import strays

    for way, process in (("down", network.down), ("up", network.up)):
        fit = process.fit if process is not None else None
        lost = [WORDS[name] for name in strays(fit.process, fit.traces)] if fit is not None else []
        if lost:
            console.warn(f"{way}: the process does not keep {'; '.join(lost)}; more or longer traces may help")


def _recipe(header: dict[str, str], common: dict[str, Any], down: list[Path], up: list[Path]) -> Any:
    """What is asked for, as a recipe.

    Raises:
        InputError: naming the option that is wrong.
    """
    from pydantic import ValidationError

    from paasim.core.errors import InputError, Problem
    from paasim.link.network.recipes import Recipe

    parts = {
        name: {**common, "files": [str(path) for path in paths]}
        for name, paths in (("down", down), ("up", up))
        if paths
    }
    given = {name: {key: value for key, value in part.items() if value is not None} for name, part in parts.items()}
    for part in given.values():
        part["form"] = {key: value for key, value in part["form"].items() if value is not None}
    try:
        return Recipe.model_validate({"header": header, **given})
    except ValidationError as error:
        raise InputError(
            Problem(f"--{str(each['loc'][-1]).replace('_', '-')}", each["msg"].removeprefix("Value error, "))
            for each in error.errors()
            if each["loc"][0] == "down"
        ) from None
