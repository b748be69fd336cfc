"""Figures of a result: one module per figure, each with a function that gives a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.results.result import Result


def all_figures(result: Result) -> dict[str, bytes]:
    """File name -> SVG of every figure that the result has data for."""
    from paasim.report.figures import cdf, parts
    from paasim.report.style import svg

    made = {"ttft_parts.svg": parts.draw(result), "latency_cdf.svg": cdf.draw(result)}
    return {name: svg(figure) for name, figure in made.items() if figure is not None}
