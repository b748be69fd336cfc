"""The look of figures: colours that colour-blind readers can tell apart, plain axes, the same bytes every time.

Variants take the Okabe-Ito palette (https://jfly.uni-koeln.de/color/) in their order, so that a variant has one colour
in all figures of a result; parts of TTFT take Paul Tol's muted scheme (https://personal.sron.nl/~pault/).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VARIANTS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1, 1, 1, 1, 1)))
PARTS: Mapping[str, str] = {
    "uplink": "#88CCEE",
    "prefill_queue": "#DDCC77",
    "prefill": "#117733",
    "encode": "#AA4499",
    "transfer_wait": "#99AABB",
    "transfer": "#332288",
    "decode_codec": "#882255",
    "handover": "#CC6677",
    "decode_queue": "#E69F00",
    "first_step": "#44AA99",
    "second_step": "#999933",
    "downlink": "#777777",
}
INK = "#222222"
GRID = "#DDDDDD"

RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial", "sans-serif"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    # Text stays text, and ids do not depend on time or chance: same figure, same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "paasim",
}


def colours(variants: Sequence[str]) -> dict[str, str]:
    """A colour for each variant, by its place."""
    return {name: VARIANTS[i % len(VARIANTS)] for i, name in enumerate(variants)}


def lines(variants: Sequence[str]) -> dict[str, Any]:
    """A line style for each variant, so that colour is not the only difference."""
    return {name: LINES[i % len(LINES)] for i, name in enumerate(variants)}


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """A figure in the style, size in inches; without pyplot, so that nothing is left behind."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(RC):
        yield Figure(figsize=(width, height))


def svg(made: Figure) -> bytes:
    """The figure as an SVG file."""
    return _saved(made, format="svg", metadata={"Date": None, "Creator": "paasim"})


def png(made: Figure, dpi: int = 150) -> bytes:
    """The figure as a PNG file."""
    return _saved(made, format="png", dpi=dpi)


def _saved(made: Figure, **options: Any) -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context(RC):
        made.savefig(buffer, **options)
    return buffer.getvalue()
