"""The Azure LLM inference traces of 2023 and 2024 (Patel et al., Splitwise, ISCA 2024; arXiv:2311.18677)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar, Literal

from paasim.workload.draw import Draw
from paasim.workload.files import Row, Table, wrong
from paasim.workload.traces.trace import TraceSpec

_DAY = 86_400.0


class AzureTrace(TraceSpec):
    """Azure LLM inference trace: CSV with TIMESTAMP, ContextTokens, GeneratedTokens.

    Times count from the first request. There are no prefixes in it.
    """

    kind: Literal["azure"] = "azure"
    home: ClassVar[str] = "https://github.com/Azure/AzurePublicDataset"

    def read(self, path: Path) -> Iterator[Draw]:
        """The requests of a file, from time zero."""
        table = Table(path, self.home)
        at, prompt, output = (table.column(name) for name in ("TIMESTAMP", "ContextTokens", "GeneratedTokens"))
        days: dict[str, int] = {}
        first: tuple[int, float] | None = None
        last = 0.0
        for row in table:
            day, clock = _parsed(row, row.text(at, "TIMESTAMP"), days)
            first = first or (day, clock)
            # Days apart from the time of day: seconds since the year 1 would cost the microseconds.
            now = (day - first[0]) * _DAY + (clock - first[1])
            row.in_order(last, now)
            last = now
            yield now, row.tokens(prompt, "ContextTokens"), row.tokens(output, "GeneratedTokens"), None
        table.not_empty(first is not None)

    @staticmethod
    def lines(draws: Iterable[Draw]) -> Iterator[str]:
        """The lines of a file; times count from the start of 2000-01-01, prefixes are lost."""
        yield "TIMESTAMP,ContextTokens,GeneratedTokens"
        for arrival, prompt, output, _ in draws:
            day, rest = divmod(arrival, _DAY)
            ticks = round(rest * 1e7)  # the format counts tenths of microseconds
            minutes, ticks = divmod(ticks, 600_000_000)
            hours, minutes = divmod(minutes, 60)
            seconds, ticks = divmod(ticks, 10_000_000)
            on = date(2000, 1, 1) + timedelta(days=day)
            yield f"{on} {hours:02d}:{minutes:02d}:{seconds:02d}.{ticks:07d},{prompt},{output}"


def _parsed(row: Row, text: str, days: dict[str, int]) -> tuple[int, float]:
    """(day, seconds within it) of `2023-11-16 18:15:46.6805900`; dates already read are in `days`."""
    try:
        day, clock = text.removesuffix("+00:00").split()
        if day not in days:
            days[day] = date.fromisoformat(day).toordinal()
        hours, minutes, seconds = clock.split(":")
        within = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        if not 0 <= within < _DAY + 1:
            raise ValueError
    except ValueError:
        what = f"'TIMESTAMP' is '{text}', not a time such as 2023-11-16 18:15:46.68"
        raise wrong(row.path, row.line, what) from None
    return days[day], within
