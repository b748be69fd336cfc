"""What a sweep came to: a row for every point, its table, and its document for scripts."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from paasim.core.spec import Spec, document_schema
from paasim.results.schema import Variant
from paasim.scenario.scenario import Scenario
from paasim.scenario.studies import StudySpec
from paasim.study.execute.evaluate import Failure
from paasim.study.point import Outcome
from paasim.study.sweep.design import Setting, paths
from paasim.study.sweep.table import columns

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["done", "failed", "timed out", "worker died"]


@dataclass(frozen=True)
class Row:
    """One point with what it came to."""

    setting: Setting
    label: str
    key: str | None
    """The hash that its outcome is kept under; None for a point that cannot run."""
    replications: int
    ended: Outcome | Failure

    @property
    def status(self) -> Status:
        """How it ended."""
        return self.ended.kind if isinstance(self.ended, Failure) else "done"


class PointDocument(Spec):
    """One point of `paasim sweep --json`."""

    point: int
    """Its number, from 1."""
    values: dict[str, Any]
    """Path -> value, as in the scenario."""
    variant: str
    """`base` is the scenario itself."""
    replications: int
    """How often it was simulated."""
    status: Status
    """Whether there is a result."""
    reason: str | None
    """Why not; null where there is one."""
    key: str | None
    """Hash that it is kept under in the store; null for values that do not fit."""
    result: Variant | None
    """As a variant of `result.json`."""


class SweepDocument(Spec):
    """What `paasim sweep --json` prints. Fields are added, never renamed or removed."""

    schema_version: Literal[1] = 1
    paasim_version: str
    scenario: dict[str, Any]
    """The scenario with every default filled in."""
    study: dict[str, Any]
    """What was varied."""
    seed: int
    remarks: list[str]
    """Where points do not meet the same requests."""
    points: list[PointDocument]


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Attributes:
        scenario: what was varied, with its variants.
        study: how.
        rows: one per point and variant, in order.
        remarks: what to know when points are compared.
        warnings: what was odd on the way.
    """

    scenario: Scenario
    study: StudySpec
    rows: Sequence[Row]
    remarks: Sequence[str] = ()
    warnings: Sequence[str] = field(default=(), compare=False)

    @property
    def failures(self) -> list[Row]:
        """Points without a result."""
        return [row for row in self.rows if row.status != "done"]

    @functools.cached_property
    def columns(self) -> Mapping[str, list[Any]]:
        """The table by column (`paasim.study.sweep.table`)."""
        return columns(paths(self.study), self.rows)

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """The table: a row per point and variant, times in ms."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns))

    def document(self) -> SweepDocument:
        """Everything, for scripts."""
        from paasim.results.manifest import version

        points = [
            PointDocument(
                point=number,
                values=dict(row.setting.values),
                variant=row.setting.variant,
                replications=row.replications,
                status=row.status,
                reason=row.ended.reason if isinstance(row.ended, Failure) else None,
                key=row.key,
                result=row.ended.variant if isinstance(row.ended, Outcome) else None,
            )
            for number, row in enumerate(self.rows, 1)
        ]
        return SweepDocument(
            paasim_version=version(),
            scenario=self.scenario.expanded(),
            study=self.study.model_dump(mode="json", exclude_defaults=True),
            seed=self.scenario.run.seed,
            remarks=list(self.remarks),
            points=points,
        )

    def to_json(self) -> str:
        """The document as text: same sweep, same bytes."""
        return self.document().model_dump_json(indent=2) + "\n"


def sweep_schema() -> dict[str, Any]:
    """The JSON schema of what `paasim sweep --json` prints."""
    return document_schema(SweepDocument, "paasim sweep")
