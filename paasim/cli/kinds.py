"""`paasim kinds`: what can be chosen in a scenario, family by family."""

from __future__ import annotations

import json

import typer

from paasim.cli import console
from paasim.core.errors import InputError, did_you_mean
from paasim.core.spec import Spec

FAMILIES = {
    "router": "how a request's route is chosen (`router`)",
    "engine.batching": "what a step of an instance holds (`batching` of a pool)",
    "workload.arrivals": "when requests come (`workload.arrivals`)",
    "workload.lengths": "how long prompts and outputs are (`workload.lengths`)",
    "workload.traces": "whole recorded workloads (`workload.trace`)",
    "workload.prefixes": "what prompts have in common (`workload.prefixes`)",
    "link": "how sites are joined (`network.links`)",
    "link.transport": "how senders fill a link (`transport` of a link)",
    "link.capacity": "how a link's rate changes over time (`capacity` of a link, `down_capacity` of an access link)",
    "link.outages": "when nothing passes a link (`outages`)",
    "link.jitter": "how delays of transfers vary (`jitter`)",
    "kv.codec": "how a KV cache is packed for the network (`kv.codec` of a route)",
    "kv.streaming": "when a KV cache is sent (`kv.streaming` of a route)",
}
"""Families of kinds, each with what it decides and where it stands in a scenario."""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def kinds(
    family: str | None = typer.Argument(None, help="One family, such as 'router'; all of them if not given."),
    keys: bool = typer.Option(False, "--keys", help="Show the keys of every kind with their defaults."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """List the kinds that a scenario can choose from."""
    if family is not None and family not in FAMILIES:
        raise InputError.one("", f"there is no family '{family}'", did_you_mean(family, FAMILIES))
    families = [family] if family else list(FAMILIES)
    if as_json:
        console.say_json({name: _schemas(name) for name in families})
        return
    for name in families:
        _show(name, with_keys=keys or family is not None)


def _show(family: str, with_keys: bool) -> None:
    from paasim.core import registry

    console.say(f"{family}: {FAMILIES[family]}")
    for name, spec in registry.kinds(family).items():
        console.say(f"  {name:<16} {registry.summary(spec)}")
        if with_keys:
            for key, line in _keys(spec):
                console.say(f"    {key:<16} {line}")
    if family == "kv.codec":
        _show_codecs()
    console.say()


def _show_codecs() -> None:
    """The codecs that go by a name, with what their authors published."""
    from paasim.kv.codec.presets import PRESETS

    console.say("  by name:")
    for name, block in PRESETS.items():
        what = f"{block['bits']:g} bits" if "bits" in block else f"{block['ratio']:.3g} times smaller"
        rates = [f"{side}s {block[side]}" for side in ("encode", "decode") if side in block]
        mark = ["estimated"] if block.get("estimated") else []
        console.say(f"    {name:<20} {', '.join([what, *rates, *mark])}: {block['source']}")


def _keys(spec: type[Spec]) -> list[tuple[str, str]]:
    """The keys of a kind, each with its first sentence and its default as the user would write it."""
    schema = spec.model_json_schema(mode="serialization")
    # By names as they are written: keys with a default that is made anew each time are not required either.
    needed = {field.alias or name for name, field in spec.model_fields.items() if field.is_required()}
    lines = []
    for name, entry in schema.get("properties", {}).items():
        if name == "kind":
            continue
        text = str(entry.get("description", "")).split("\n")[0].rstrip(".")
        given = "required" if name in needed else "optional"
        if entry.get("default") is not None:
            given = f"default {json.dumps(entry['default'], ensure_ascii=False)}"
        lines.append((name, f"{text} ({given})"))
    return lines


def _schemas(family: str) -> dict[str, object]:
    from paasim.core import registry

    return {name: spec.model_json_schema() for name, spec in registry.kinds(family).items()}
