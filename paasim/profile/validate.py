"""How well a profile predicts a table that it was not made from: relative errors by phase, in and out of its box."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from paasim.profile.fit import predict
from paasim.profile.profile import Profile
from paasim.profile.spec import PHASES
from paasim.profile.table import Table


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


def validate(profile: Profile, table: Table) -> list[Errors]:
    """Compare a profile with measured steps; phases that it lacks are left out."""
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
    return found
