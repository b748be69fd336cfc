"""The table of docs/fidelity.md of how near fitted networks come to their traces: `python -m tests.link.fitted`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from paasim.link.network.catalogue import load, names

HEAD = (
    "| network | mean | p10 | p50 | p90 | memory 1 s | 5 s | 10 s | time in outages | their mean length |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
RATES = ("mean", "p10", "p50", "p90")


def rows() -> Iterator[str]:
    """One row per direction of a network, as text."""
    for name in names():
        network = load(name)
        for direction in ("down", "up"):
            process = getattr(network, direction)
            if process is None or process.fit is None:
                continue
            was, made = process.fit.traces, process.fit.process
            cells = [f"{name}, {direction}" if network.up is not None else name]
            cells += [_two(getattr(was, key), getattr(made, key)) for key in RATES]
            cells += [_two(getattr(was, f"acf{lag}"), getattr(made, f"acf{lag}"), 2) for lag in (1, 5, 10)]
            cells += [_two(was.outage_share, made.outage_share, 3), _two(was.outage_length, made.outage_length)]
            yield "| " + " | ".join(cells) + " |"


def _two(was: float | None, made: float | None, digits: int | None = None) -> str:
    if was is None or made is None:
        return "–"
    return " → ".join(_text(each, digits) for each in (was, made))


def _text(value: float, digits: int | None) -> str:
    if digits is not None:
        return f"{value:.{digits}f}"
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def main() -> None:
    """Print the table."""
    sys.stdout.write(f"{HEAD}\n")
    for row in rows():
        sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
