"""Writing a figure to the file that the user names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from paasim.cli import console
from paasim.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(draw: Callable[[], Figure], output: Path) -> None:
    """Draw a figure and write it.

    Args:
        draw: draws it; called only if the name of the file is one that can be written.
        output: the file, .svg or .png.

    Raises:
        InputError: if the file is neither SVG nor PNG, or cannot be written.
    """
    if output.suffix not in (".svg", ".png"):
        raise InputError.one("--output", f"'{output}' is neither .svg nor .png", "end its name in one of these")
    from paasim.report import style

    figure = draw()
    try:
        output.write_bytes(style.svg(figure) if output.suffix == ".svg" else style.png(figure))
    except OSError as error:
        what = f"'{output}' cannot be written: {error.strerror}"
        raise InputError.one("--output", what, "check the folder") from None
    console.note(f"drawn in {output}")
