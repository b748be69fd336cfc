"""What every trace format offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from paasim.core.paths import expand
from paasim.core.spec import Spec
from paasim.workload.draw import Draw


class TraceSpec(Spec):
    """Base of all trace formats."""

    path: str
    """The file, plain or .gz; may name `${PAASIM_DATA}`; relative paths start from the scenario's folder."""
    speed: float = Field(default=1.0, gt=0, le=1e6)
    """Replay this many times faster than recorded."""
    limit: int | None = Field(default=None, ge=1)
    """Stop after this many requests."""

    home: ClassVar[str] = ""
    """Where data of this format can be had."""
    block_tokens: ClassVar[int | None] = None
    """Tokens per prefix block, None where the format has no prefixes."""

    def requests(self, base: Path | None = None, first_block: int = 0) -> Iterator[Draw]:
        """The requests in order of arrival, read as they are asked for.

        Args:
            base: folder that relative paths start from.
            first_block: added to all block ids, so that two workloads never share any.

        Raises:
            InputError: naming file and line, if the file or a line of it is wrong.
        """
        speed = self.speed
        for arrival, prompt, output, blocks in islice(self.read(expand(self.path, base)), self.limit):
            if blocks is not None and first_block:
                blocks = [block + first_block for block in blocks]
            yield arrival / speed, prompt, output, blocks

    def read(self, path: Path) -> Iterator[Draw]:
        """The requests of a file, times as recorded."""
        raise TypeError(f"{type(self).__name__} does not say how to read a file")

    @staticmethod
    def lines(draws: Iterable[Draw]) -> Iterator[str]:
        """The lines of a file of this format."""
        raise TypeError("the format does not say how to write a file")
