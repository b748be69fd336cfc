"""How well a profile predicts a table that it was not made from: relative errors by phase, in and out of its box."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from paasim.core.errors import InputError
from paasim.profile.fit import predict
from paasim.profile.importers import formats
from paasim.profile.importers.imported import Select, head_of
from paasim.profile.profile import Profile
from paasim.profile.spec import PHASES
from paasim.profile.table import HEADER, Table, read


@dataclass(frozen=True)
class Errors:
    """Relative errors |predicted / measured - 1| over some rows."""

    phase: str
    inside: bool
    """Whether the rows lie in the profile's measured box."""
    rows: int
    median: float
    p95: float
    max: float
    bias: float
    """Median of predicted / measured - 1."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def measured_steps(path: Path, format: str = "", select: Select | None = None) -> Table:
    """Measured steps of a file in our own form or that of a known benchmark; an empty `format` is recognised.

    Raises:
        InputError: if the form is not known or the file is not of it.
    """
    if not format and path.is_file() and head_of(path).startswith(",".join(HEADER)):
        if select:
            raise InputError.one("--select", "a plain table has no columns to select by", "leave it out")
        return read(path)
    return formats.read(path, format, select or {}).table


def validate(profile: Profile, table: Table, against: str = "") -> list[Errors]:
    """Compare a profile with measured steps; phases that it lacks are left out.

    Args:
        profile: what predicts.
        table: what was measured.
        against: name of the table, for errors.

    Raises:
        InputError: if they have no phase in common.
    """
    steps = profile.steps()
    can = {"prefill": steps.can_prefill, "decode": steps.can_decode, "mixed": steps.can_prefill and steps.can_decode}
    found = []
    for phase in PHASES:
        rows = [row for row in table.rows if row.phase == phase] if can[phase] else []
        predicted = [predict(steps, row) for row in rows]
        off = np.array([seconds / row.latency - 1 for row, (seconds, _) in zip(rows, predicted, strict=True)])
        outside = np.array([is_outside for _, is_outside in predicted], dtype=bool)
        for inside in (True, False):
            part = off[outside != inside]
            if len(part):
                size = np.abs(part)
                figures = (np.median(size), np.percentile(size, 95), size.max(), np.median(part))
                found.append(Errors(phase, inside, len(part), *map(float, figures)))
    if not found:
        has, lacks = sorted({row.phase for row in table.rows}), [phase for phase in PHASES if not can[phase]]
        what = f"has rows of {', '.join(has) or 'no phase'}; {profile.id} has no {' and no '.join(lacks)} measurements"
        raise InputError.one(against, what, "nothing can be compared: choose another profile or file")
    return found
