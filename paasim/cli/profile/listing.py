"""`paasim profile list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from paasim.cli import console
from paasim.cli.profile import options
from paasim.cli.profile.options import Json

if TYPE_CHECKING:
    from paasim.profile.spec import ProfileSpec

LISTED = (
    "id",
    "hardware",
    "place",
    "model",
    "dtype",
    "engine",
    "version",
    "provenance",
    "source",
    "date",
    "memory",
    "price",
    "power",
)
"""Header fields that `--json` gives, besides GPUs and phases."""


def list_profiles(
    hardware: Annotated[str, typer.Option(help="Only hardware with this in its name.")] = "",
    model: Annotated[str, typer.Option(help="Only models with this in their name.")] = "",
    dtype: Annotated[str, typer.Option(help="Only weights whose format has this in its name, as in fp8.")] = "",
    phase: Annotated[str, typer.Option(help="Only profiles that have this phase: prefill, decode or mixed.")] = "",
    provenance: Annotated[str, typer.Option(help="Only measured, composed, fitted or estimated ones.")] = "",
    place: Annotated[str, typer.Option(help="Only hardware of this place: datacenter or device.")] = "",
    as_json: Json = False,
) -> None:
    """List the bundled profiles."""
    from paasim.profile.spec import PHASES, Place, Provenance

    _one_of("--phase", phase, PHASES)
    _one_of("--place", place, get_args(Place))
    _one_of("--provenance", provenance, get_args(Provenance))
    wanted = {"hardware": hardware, "model": model, "dtype": dtype}
    specs = _specs()
    _require_known(specs, wanted)
    left = [s for s in specs if all(text.lower() in getattr(s, name).lower() for name, text in wanted.items())]
    left = [spec for spec in left if (not phase or phase in _phases(spec)) and place in ("", spec.place)]
    left = [spec for spec in left if provenance in ("", spec.provenance)]
    if as_json:
        console.say_json([_facts(spec) for spec in left])
    else:
        _print(left)
    if not left:
        console.note("no profile meets all of these filters at once: leave one out")
    console.note(f"{len(left)} profiles; phases: P prefill, D decode, M mixed steps")


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    from paasim.core.errors import InputError, did_you_mean

    if value and value not in known:
        near = did_you_mean(value, known)
        todo = f"one of {', '.join(known)}" + (f"; {near}" if near.startswith("did") else "")
        raise InputError.one(option, f"'{value}' is not a {option.lstrip('-')}", todo)


def _specs() -> list[ProfileSpec]:
    from paasim.core.paths import bundled
    from paasim.profile.catalogue import names, read_header

    return [read_header(bundled("profiles") / f"{name}.yaml") for name in names()]


def _phases(spec: ProfileSpec) -> list[str]:
    from paasim.profile.spec import PHASES

    return [each for each in PHASES if getattr(spec.form, each) is not None]


def _facts(spec: ProfileSpec) -> dict[str, Any]:
    facts = spec.model_dump(include=set(LISTED))
    return {name: facts[name] for name in LISTED} | {"gpus": spec.gpus, "phases": _phases(spec)}


def _print(specs: list[ProfileSpec]) -> None:
    from paasim.core.units import POWER, PRICE_PER_HOUR, SIZE

    priced = any(spec.price is not None for spec in specs)
    table = options.table("profile", "GPUs", "phases", "provenance", "memory", "power", *(["price"] if priced else []))
    # The name is what the reader is after: it is never cut.
    table.columns[0].overflow, table.columns[0].min_width = "fold", min(72, max((len(s.id) for s in specs), default=7))
    for spec in specs:
        memory, power, price = spec.memory.device_bytes, spec.power, spec.price
        known = ["-" if memory is None else SIZE.format(memory), "-" if power is None else POWER.format(power)]
        known += (["-" if price is None else PRICE_PER_HOUR.format(price)]) if priced else []
        table.add_row(
            spec.id, str(spec.gpus), " ".join(each[0].upper() for each in _phases(spec)), spec.provenance, *known
        )
    console.out().print(table)


def _require_known(specs: list[ProfileSpec], wanted: dict[str, str]) -> None:
    """Refuse a text that no profile has in its field.

    Raises:
        InputError: with what is near to it.
    """
    from paasim.core.errors import InputError, Problem, did_you_mean

    problems = []
    for name, text in wanted.items():
        values = {getattr(spec, name) for spec in specs}
        if text and not any(text.lower() in value.lower() for value in values):
            problems.append(Problem(f"--{name}", f"no profile has '{text}' in its {name}", did_you_mean(text, values)))
    if problems:
        raise InputError(problems)
