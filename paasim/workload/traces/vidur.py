"""The trace format of the Vidur simulator (Agrawal et al., MLSys 2024; arXiv:2405.05465)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from paasim.workload.draw import Draw
from paasim.workload.files import Table
from paasim.workload.traces.trace import TraceSpec


class VidurTrace(TraceSpec):
    """Vidur trace: CSV with arrived_at (s), num_prefill_tokens, num_decode_tokens.

    There are no prefixes in it.
    """

    kind: Literal["vidur"] = "vidur"
    home: ClassVar[str] = "https://github.com/microsoft/vidur (data/processed_traces)"

    def read(self, path: Path) -> Iterator[Draw]:
        """The requests of a file, times as recorded."""
        table = Table(path, self.home)
        names = ("arrived_at", "num_prefill_tokens", "num_decode_tokens")
        at, prompt, output = (table.column(name) for name in names)
        last = 0.0
        row = None
        for row in table:
            now = row.number(at, names[0])
            row.in_order(last, now)
            last = now
            yield now, row.tokens(prompt, names[1]), row.tokens(output, names[2]), None
        table.not_empty(row is not None)

    @staticmethod
    def lines(draws: Iterable[Draw]) -> Iterator[str]:
        """The lines of a file; prefixes are lost."""
        yield "arrived_at,num_prefill_tokens,num_decode_tokens"
        for arrival, prompt, output, _ in draws:
            yield f"{arrival:.7f},{prompt},{output}"
