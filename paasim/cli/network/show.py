"""`paasim network show`: where a network comes from, and how near its process comes to its traces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli import console

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from paasim.link.network.spec import NetworkSpec

WORDS = {
    "mean": "mean, Mbit/s",
    "p10": "10th percentile, Mbit/s",
    "p50": "median, Mbit/s",
    "p90": "90th percentile, Mbit/s",
    "acf1": "autocorrelation at 1 s",
    "acf5": "autocorrelation at 5 s",
    "acf10": "autocorrelation at 10 s",
    "outage_share": "share of time in outage",
    "outage_length": "mean length of an outage, s",
}
"""Statistics in the order of the table."""


def show(
    network: Annotated[str, typer.Argument(help="A bundled name, or a YAML file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Draw rates over time and their laws into this .svg or .png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a network: its source, and the statistics of its traces and of the process that is fitted to them."""
    from paasim.link.network.catalogue import load
    from paasim.link.presets import PRESETS

    preset = PRESETS.get(network)
    if preset is not None and not preset.process:
        _constant(network, as_json)
        return
    found = load(network, Path.cwd())
    if output is not None:
        _draw(found, output)
    if as_json:
        console.say_json(found.model_dump(mode="json", exclude_none=True))
        return
    print_network(found)


def _draw(network: NetworkSpec, output: Path) -> None:
    """Write the figure; InputError if the file cannot be written."""
    from paasim.cli.drawing import save

    def figure() -> Figure:
        from paasim.report.figures.network import draw

        return draw(network)

    save(figure, output)


def _constant(name: str, as_json: bool) -> None:
    """A preset whose rates do not change."""
    from paasim.link.presets import PRESETS

    preset = PRESETS[name]
    facts: dict[str, Any] = {
        "id": name,
        "provenance": preset.provenance,
        "source": preset.source,
        "note": preset.note,
        "down": f"{preset.down / 1e6:g} Mbps",
        "up": f"{preset.up / 1e6:g} Mbps",
        "rtt": f"{1e3 * preset.rtt:g} ms",
    }
    if as_json:
        console.say_json(facts)
        return
    for key, value in facts.items():
        console.say(f"{key:<11} {value}")


def print_network(network: NetworkSpec) -> None:
    """Print where a network comes from, and its statistics."""
    from paasim.cli.profile.options import table

    screen = console.out()
    screen.print(f"[bold]{network.id}[/bold]  {network.provenance}  {network.title}")
    for text in (network.source, f"licence: {network.licence}" if network.licence else "", network.date, network.note):
        if text:
            screen.print(text, style="dim", markup=False)
    for way, process in (("down", network.down), ("up", network.up)):
        if process is None:
            continue
        rows = table(way, "traces", "process", "off by")
        if process.fit is not None:
            old, new = process.fit.traces, process.fit.process
            for name, words in WORDS.items():
                one, other = getattr(old, name), getattr(new, name)
                if one is not None and other is not None:
                    rows.add_row(words, f"{one:g}", f"{other:g}", _off(name, one, other))
        else:
            rows.add_row(WORDS["mean"], "-", f"{process.mean * 8e-6:.4g}", "-")
        screen.print("", rows)
        console.note(f"{way}: outages are seconds below {process.outage_below:g} Mbit/s; {_memory(process)}")
    if trips := network.round_trips:
        quantiles = ", ".join(f"{name} {1e3 * getattr(trips, name):g} ms" for name in ("p10", "p50", "p90", "p99"))
        console.note(f"round trips: {quantiles} ({trips.number:,})")


def _off(name: str, one: float, other: float) -> str:
    """How far off: a difference for correlations, which are near zero, and a share for the rest."""
    if name.startswith("acf"):
        return f"{other - one:+.3f}"
    return f"{other / one - 1:+.1%}" if one else "-"


def _memory(process: Any) -> str:
    """What stays, and how long the rest lasts."""
    from paasim.core.units import TIME

    if process.step is None:
        return "the rate is drawn once and stays"
    parts = ", ".join(f"{part.share:.0%} for {TIME.format(part.time)}" for part in process.parts)
    return f"memory of the rate: {parts}" + (f", {process.level:.0%} for ever" if process.level else "")
