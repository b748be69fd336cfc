"""`paasim network explain`: what the KV transfers of a scenario take, what limits them, and what would hide them."""

from __future__ import annotations

from typing import Annotated

import typer

from paasim.cli import console
from paasim.cli.outcome import SCENARIO, SET

MOST_TOKENS = 100_000_000
"""Longest prompt that may be asked for."""


def explain(
    scenario: str = SCENARIO,
    changes: list[str] = SET,
    variant: Annotated[
        str | None, typer.Option("--variant", metavar="NAME", help="A variant, not the scenario itself.")
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", metavar="N,N,...", help="Prompt lengths; else quantiles of the workload's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what each route's KV transfers take, what limits them, and from which bandwidth on prefill hides them."""
    from paasim.report import network
    from paasim.scenario import checks, load
    from paasim.scenario.loader import chosen
    from paasim.scenario.outlook.outlook import outlooks
    from paasim.scenario.parts import Parts

    prompts = prompt_lengths(prompt)
    loaded = chosen(load(scenario, changes), variant)
    warnings = checks.check(loaded)
    found = outlooks(loaded, Parts.of(loaded).sound(), prompts)
    if as_json:
        console.say_json(network.document(loaded, found))
        return
    console.out().print(network.answer(found))
    for table in network.tables(found):
        console.say()
        console.out().print(table)
    for note in network.notes(found):
        console.note(note)
    for warning in warnings:
        console.warn(warning)


def prompt_lengths(text: str | None) -> list[int]:
    """Prompt lengths from `2000,8000`, the shortest first; none if nothing was asked for.

    Raises:
        InputError: for anything but whole numbers above 0.
    """
    from paasim.core.errors import InputError

    found = set()
    for each in text.split(",") if text is not None else ():
        number = each.strip().replace("_", "")
        if not number.isdecimal() or not 0 < int(number) <= MOST_TOKENS:
            what = f"'{each.strip()}' is not a prompt length (1 to {MOST_TOKENS:,} tokens)"
            raise InputError.one("--prompt", what, "write whole numbers, such as 2000,8000,32000")
        found.add(int(number))
    return sorted(found)
