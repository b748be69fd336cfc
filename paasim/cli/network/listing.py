"""`paasim network list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.link.network.spec import NetworkSpec


def list_networks(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the networks that ship: fitted processes, and presets with constant rates."""
    from paasim.cli.profile.options import table
    from paasim.link.network import catalogue
    from paasim.link.presets import PRESETS

    networks = {name: catalogue.load(name) for name in catalogue.names()}
    rows = [_facts(name, networks.get(name)) for name in dict.fromkeys((*networks, *PRESETS))]
    if as_json:
        console.say_json(rows)
        return
    shown = table("network", "down", "up", "rtt, ms", "rate", "provenance", "about")
    for row in rows:
        cells = ["-" if row[key] is None else f"{row[key]:g}" for key in ("down_mbps", "up_mbps", "rtt_ms")]
        rate = "changes" if row["changes"] else "constant"
        shown.add_row(row["name"], *cells, rate, row["provenance"], row["about"])
    console.out().print(shown)
    console.note(
        "Mbit/s, means where rates change; write `preset: NAME` in a link or in its `access`, or `capacity: NAME` for "
        "the rate of one that changes; one without a round trip is a rate only, and no preset"
    )


def _facts(name: str, network: NetworkSpec | None) -> dict[str, Any]:
    """What is listed of a network, of a preset, or of both by one name."""
    from paasim.link.presets import PRESETS

    preset = PRESETS.get(name)
    facts: dict[str, Any] = {"name": name, "preset": preset is not None, "changes": network is not None}
    rates: tuple[float | None, float | None, float | None] = (None, None, None)
    about: dict[str, str] = {}
    if preset is not None:
        rates = (preset.down / 1e6, preset.up / 1e6, 1e3 * preset.rtt)
        about = {"provenance": preset.provenance, "about": preset.note, "source": preset.source}
    if network is not None:
        rates = (network.down.mean * 8e-6, *rates[1:])
        about = {"provenance": network.provenance, "about": network.title, "source": network.source}
    for key, value in zip(("down_mbps", "up_mbps", "rtt_ms"), rates, strict=True):
        facts[key] = None if value is None else float(f"{value:.4g}")
    return facts | about
