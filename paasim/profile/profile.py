"""A profile: its header, its table, and the step times made from both."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from paasim.core.errors import InputError
from paasim.profile.spec import PHASES, Calibration, ProfileSpec

if TYPE_CHECKING:
    from paasim.profile.steps import Attended, StepTime
    from paasim.profile.table import Table


class Profile:
    """Measured hardware.

    Attributes:
        spec: the header.
        table: the measured steps, None for a profile of coefficients alone.
        path: its YAML file, None if it is written inline.
    """

    def __init__(self, spec: ProfileSpec, path: Path | None = None) -> None:
        self.spec = spec
        self.path = path
        self.table: Table | None = None
        if spec.table is not None:
            if path is None:
                what = "a profile written inline cannot name a table"
                raise InputError.one("", what, "put it into a YAML file of its own, or give the form alone")
            from paasim.profile.table import read

            self.table = read(path.parent / spec.table)
            for phase in PHASES:
                if self.table.points(phase) is not None and getattr(spec.form, phase) is None:
                    what = f"the table has {phase} rows, but there is no form.{phase}"
                    raise InputError.one(str(path), what, "fit it: paasim profile fit TABLE.csv -o FILE.yaml")
        self._steps: StepTime | None = None

    @property
    def id(self) -> str:
        """Its name."""
        return self.spec.id

    def steps(self, attended: Attended | None = None) -> StepTime:
        """Step times.

        Args:
            attended: for a model with sliding windows, what one sequence's context adds to S (`Model.attended`).
        """
        from paasim.profile.steps import StepTime

        if attended is not None:
            return StepTime(self.id, self.spec.form, self.table, self.spec.calibration, attended)
        if self._steps is None:
            self._steps = StepTime(self.id, self.spec.form, self.table, self.spec.calibration)
        return self._steps

    def calibrated(self, calibration: Calibration) -> Profile:
        """The same hardware with another calibration in the place of its own."""
        other = copy.copy(self)
        other.spec = self.spec.model_copy(update={"calibration": calibration})
        other._steps = None
        return other

    def slowed(self, factor: float) -> Profile:
        """The same hardware with every step `factor` times as long, its calibration kept."""
        return self.calibrated(self.spec.calibration.slowed(factor))

    def digest(self) -> str:
        """A hash of what defines it, for the manifest of a result."""
        state = hashlib.blake2b(self.spec.model_dump_json().encode(), digest_size=16)
        if self.path is not None and self.spec.table is not None:
            state.update((self.path.parent / self.spec.table).read_bytes())
        return state.hexdigest()
