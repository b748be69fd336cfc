"""Traces of a link's rate, from the two forms in which they are published.

* `mahimahi`: one line per chance to send a packet of 1,500 bytes, in whole milliseconds since the start
  (https://github.com/ravinet/mahimahi). Chances are put into bins, since they come every few milliseconds; the trace
  lasts as long as its last line says, as the tool itself has it.
* `table`: rows of time and rate, in columns divided by commas or blanks, with or without a header line.

A row's rate holds until the next row (`stamp: start`), or held since the one before (`stamp: end`); the row at the open
end counts for as long as the median of the others. What is missing, not a number, negative or out of order is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from paasim.core.errors import did_you_mean
from paasim.core.spec import Spec
from paasim.core.textfile import lines, wrong
from paasim.core.units import BANDWIDTH, PositiveDuration

PACKET = 1500.0
"""Bytes of one chance in a mahimahi trace."""
TIMES = ("t_s", "time_s", "time", "t", "seconds", "timestamp")
RATES = ("throughput_mbps", "rate_mbps", "bandwidth_mbps", "mbps", "throughput", "bandwidth", "rate")
"""Names of columns that are known, in lower case, without blanks."""
DATES = ("%Y.%m.%d_%H.%M.%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
"""Dates that are read as times."""
MOST = 1e16
"""A higher rate, in bit/s, is taken for a slip."""


class Trace(NamedTuple):
    """The rate of a link over time, from 0 on."""

    name: str
    times: list[float]
    """Starts of the pieces, seconds; the first is 0."""
    rates: list[float]
    """Bytes per second."""
    length: float
    """When it ends, seconds."""


class Form(Spec):
    """How a trace file is written."""

    format: Literal["auto", "mahimahi", "table"] = "auto"
    """`mahimahi` (a line per packet), `table` (time and rate), or told by the first lines."""
    step: PositiveDuration = 0.1
    """Bin into which the packets of a mahimahi trace are put."""
    time: str | None = None
    """Column of the time in seconds, or of dates: a name, or a number from 1; found by its name or the first column."""
    rate: str | None = None
    """Column of the rate: a name, or a number from 1; found by its name, or the second column."""
    unit: str = "Mbps"
    """Unit of the rate, such as `Mbps` or `kbps`."""
    stamp: Literal["start", "end"] = "start"
    """Whether a row's time is the start or the end of the interval that its rate is of."""
    select: Mapping[str, str] = Field(default_factory=dict)
    """Only rows with these values in these columns, such as `{trace: bus-10}`."""
    repeated: Literal["error", "mean"] = "error"
    """Rows with the time of the row above: an error, or their rates are averaged."""
    gap: PositiveDuration = 60.0
    """The longest step between rows; a longer one is a gap, and an error."""


def read(path: Path, form: Form) -> Trace:
    """Read a file that holds one trace.

    Raises:
        InputError: naming file and line, if it is not such a trace, or has a gap.
    """
    if _format(path, form) == "mahimahi":
        return _packets(path, form)
    (found,) = _tables(path, form, None, None)
    return found


def read_all(path: Path, form: Form, by: str | None = None, cut: float | None = None) -> list[Trace]:
    """Read a file that may hold several traces.

    Args:
        path: the file.
        form: how it is written.
        by: column that names the trace of each row.
        cut: where rows are farther apart than this, in seconds, a trace ends and another begins; without it, a gap is
            an error.

    Raises:
        InputError: naming file and line, if it is not such a file.
    """
    if _format(path, form) == "mahimahi":
        return [_packets(path, form)]
    return list(_tables(path, form, by, cut))


def _format(path: Path, form: Form) -> str:
    """The format of a file: whole numbers alone on the first lines are packets."""
    if form.format != "auto":
        return form.format
    first = [text for (_, text), _ in zip(lines(path), range(3), strict=False)]
    if not first:
        raise wrong(path, 0, "is empty", "give a file with a trace")
    return "mahimahi" if all(text.strip().isdigit() for text in first) else "table"


def _packets(path: Path, form: Form) -> Trace:
    """A mahimahi trace."""
    bins: list[int] = []
    last = 0
    for number, text in lines(path):
        if not text.strip().isdigit():
            raise wrong(path, number, f"'{text.strip()[:40]}' is not a time in whole milliseconds")
        now = int(text)
        if now < last:
            raise wrong(path, number, "the time is before that of the line above", "sort the file by time")
        if now > last + 1e3 * form.gap:
            raise wrong(
                path, number, f"{(now - last) / 1e3:g} s without a packet", "it is a gap; or set a longer 'gap'"
            )
        last = now
        index = int(now / 1e3 / form.step)
        bins.extend([0] * (index + 1 - len(bins)))
        bins[index] += 1
    if not last:
        raise wrong(path, 0, "has no time beyond 0", "give a file with a trace")
    length = last / 1e3
    count = max(math.ceil(length / form.step - 1e-9), 1)
    for extra in bins[count:]:  # a packet at the very end belongs to what is before it
        bins[count - 1] += extra
    del bins[count:]
    times = [index * form.step for index in range(count)]
    ends = [*times[1:], length]
    rates = [PACKET * n / (end - start) for n, start, end in zip(bins, times, ends, strict=True)]
    return Trace(path.name, times, rates, length)


class _Row(NamedTuple):
    line: int
    time: float
    rate: float


def _tables(path: Path, form: Form, by: str | None, cut: float | None) -> Iterator[Trace]:
    """The traces of a table: consecutive rows of one name, without a gap."""
    rows: list[_Row] = []
    last = ""
    for name, row in _rows(path, form, by):
        if rows and name == last:
            step = row.time - rows[-1].time
            if step < 0:
                raise wrong(path, row.line, "the time is before that of the line above", "sort the file by time")
            if step == 0 and form.repeated == "error":
                raise wrong(path, row.line, "the time is that of the line above", "remove one of them")
            if cut is None and step > form.gap:
                raise wrong(path, row.line, f"{step:g} s after the line above", "it is a gap; or set a longer 'gap'")
        if rows and (name != last or (cut is not None and row.time - rows[-1].time > cut)):
            yield _trace(path, form, last, rows)
            rows = []
        rows.append(row)
        last = name
    if not rows:
        raise wrong(
            path, 0, "has no rows" + (" with what is selected" if form.select else ""), "give a file with a trace"
        )
    yield _trace(path, form, last, rows)


def _trace(path: Path, form: Form, name: str, rows: list[_Row]) -> Trace:
    """The pieces of one trace."""
    times, rates = [rows[0].time], [[rows[0].rate]]
    for row in rows[1:]:
        if row.time == times[-1]:
            rates[-1].append(row.rate)
        else:
            times.append(row.time)
            rates.append([row.rate])
    if len(times) < 2:
        raise wrong(path, rows[0].line, "a trace needs rows at two times at least", "give a longer trace")
    steps = sorted(b - a for a, b in pairwise(times))
    usual = steps[len(steps) // 2]
    begin = times[0] if form.stamp == "start" else times[0] - usual
    starts = times if form.stamp == "start" else [begin, *times[:-1]]
    end = times[-1] + usual if form.stamp == "start" else times[-1]
    means = [sum(each) / len(each) for each in rates]
    return Trace(name or path.name, [time - begin for time in starts], means, end - begin)


def _rows(path: Path, form: Form, by: str | None) -> Iterator[tuple[str, _Row]]:
    """The rows that are selected, each with the name of its trace."""
    factor = BANDWIDTH.units.get(form.unit)
    if factor is None:
        raise wrong(path, 0, f"'{form.unit}' is not a unit of rates", did_you_mean(form.unit, BANDWIDTH.units))
    columns: _Columns | None = None
    for number, text in lines(path):
        fields = _split(text)
        if columns is None:
            columns = _Columns(path, form, by, fields)
            if columns.has_header:
                continue
        if all(columns.text(number, fields, place) == value for place, value in columns.selected):
            time = _time(path, number, columns.text(number, fields, columns.time))
            rate = _number(path, number, columns.text(number, fields, columns.rate), "rate") * factor
            if not 0 <= rate <= MOST:
                raise wrong(
                    path, number, f"the rate {rate / factor:g} {form.unit} is beyond all sense; it must be 0 or more"
                )
            name = columns.text(number, fields, columns.by) if columns.by is not None else ""
            yield name, _Row(number, time, rate / 8)


def _split(text: str) -> list[str]:
    return [field.strip() for field in (text.split(",") if "," in text else re.split(r"[\t ]+|;", text.strip()))]


class _Columns:
    """Where in a row things stand."""

    def __init__(self, path: Path, form: Form, by: str | None, first: list[str]) -> None:
        self.path = path
        self.has_header = not any(map(_is_number, first))
        names = [field.lstrip("\ufeff").lower() for field in first] if self.has_header else []
        if self.has_header and len(first) < 2:
            raise wrong(path, 1, f"'{first[0][:40]}' is neither a time in milliseconds nor a row of time and rate")
        self.names, self.width = names, len(first)
        self.time = self._place(form.time, TIMES, 0)
        self.rate = self._place(form.rate, RATES, 1)
        self.by = None if by is None else self._place(by, (), 0)
        self.selected = [(self._place(name, (), 0), value) for name, value in form.select.items()]

    def _place(self, asked: str | None, known: tuple[str, ...], otherwise: int) -> int:
        if asked is None:
            found = next((self.names.index(name) for name in known if name in self.names), None)
            if found is None and self.names:
                raise wrong(self.path, 1, f"has no column named {' or '.join(known)}", "say which column it is")
            return otherwise if found is None else found
        if asked.isdigit() and 1 <= int(asked) <= self.width:
            return int(asked) - 1
        if asked.lower() not in self.names:
            raise wrong(self.path, 1, f"there is no column '{asked}'", did_you_mean(asked.lower(), self.names))
        return self.names.index(asked.lower())

    def text(self, line: int, fields: list[str], place: int) -> str:
        """The field at a place."""
        if place >= len(fields) or not fields[place]:
            raise wrong(self.path, line, f"column {place + 1} is missing")
        return fields[place]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(path: Path, line: int, text: str, what: str) -> float:
    value = float(text) if _is_number(text) else math.nan
    if not math.isfinite(value):
        raise wrong(path, line, f"the {what} is '{text[:40]}', not a finite number")
    return value


def _time(path: Path, line: int, text: str) -> float:
    if not _is_number(text):
        for form in DATES:
            try:
                return (datetime.strptime(text, form) - datetime(2000, 1, 1)).total_seconds()
            except ValueError:
                continue
    return _number(path, line, text, "time")
