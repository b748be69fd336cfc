"""Doing a sweep: all of it, or every n-th point of it where several machines share a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.scenario.scenario import Scenario
from paasim.study import fingerprint
from paasim.study.execute import Crew
from paasim.study.execute.evaluate import Failure, Watch, evaluate
from paasim.study.point import Outcome
from paasim.study.store import Store
from paasim.study.sweep import asked as asking
from paasim.study.sweep.asked import Asked
from paasim.study.sweep.points import Candidate, candidates
from paasim.study.sweep.remarks import remarks
from paasim.study.sweep.result import Row, Sweep


@dataclass(frozen=True)
class Shard:
    """One of several equal parts of a sweep: every `of`-th point from the `number`-th on."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `2/8`.

        Raises:
            InputError: if it is no such text.
        """
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise InputError.one(f"--shard {text}", "is not a part of a whole", "write i/n from 1/n to n/n, e.g. 2/8")
        return cls(int(number), int(of))

    def has(self, position: int) -> bool:
        """Whether the point at a position, from 0, is in it."""
        return position % self.of == self.number - 1


@dataclass(frozen=True)
class Part:
    """What one shard did."""

    rows: Sequence[Row]
    missing: int
    """Points of other shards that are not done yet."""
    warnings: Sequence[str]

    @property
    def failures(self) -> list[Row]:
        """Points without a result."""
        return [row for row in self.rows if row.status != "done"]


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Any] | None = None,
    *,
    zip: Sequence[Mapping[str, Any]] = (),
    study: str | None = None,
    variants: Sequence[str] = (),
    sample: int | None = None,
    replications: int | None = None,
    folder: str | Path | None = None,
    jobs: int | None = None,
    timeout: float | None = None,
    watch: Watch | None = None,
) -> Sweep:
    """Simulate a scenario at many points; a point that fails is named in the result, and the others are done.

    Args:
        scenario: what to vary, with its variants.
        vary: path -> values (a list, or a range such as `log(1 Gbps, 100 Gbps, 5)`); all combinations are done.
        zip: groups of the same whose values change together.
        study: name of a study of the scenario, in place of `vary` and `zip`.
        variants: variants to vary in turn; `base` is the scenario itself.
        sample: points of a Latin hypercube over `vary`, in place of all combinations.
        replications: how often every point is simulated, if not as often as the scenario says.
        folder: where outcomes are kept and looked for; None: nowhere.
        jobs: processes; None = as many as pay.
        timeout: seconds that a point may take.
        watch: told how far it is.

    Raises:
        InputError: for a path, variant or value that does not fit.
    """
    fields = {"variants": list(variants), "sample": sample, "replications": replications}
    given = {name: value for name, value in fields.items() if value}
    if study is not None:
        wanted = asking.named(scenario, study).changed(**given)
    else:
        data = {"vary": dict(vary or {}), "zip": [dict(group) for group in zip], **given}
        wanted = Asked(scenario, asking.study_of(data, "sweep"))
    made = candidates(wanted.study, scenario, wanted.places)
    store = Store(Path(folder)) if folder is not None else None
    done = work_out(wanted, made, store=store, jobs=jobs, timeout=timeout, watch=watch)
    assert isinstance(done, Sweep)
    return done


def work_out(
    asked: Asked,
    made: Sequence[Candidate],
    *,
    store: Store | None = None,
    shard: Shard | None = None,
    crew: Crew | None = None,
    jobs: int | None = None,
    timeout: float | None = None,
    watch: Watch | None = None,
) -> Sweep | Part:
    """Work out the points of a sweep, or those of one shard.

    Args:
        asked: what is varied.
        made: its points.
        store: where outcomes are kept; a shard needs one.
        shard: which points to do; None: all.
        crew: who does it, in place of `jobs` and `timeout`.
        jobs: processes; None = as many as pay.
        timeout: seconds that a point may take.
        watch: told how far it is.

    Returns:
        The sweep; or, if other shards have not done theirs yet, what this one did.
    """
    mine = [i for i, each in enumerate(made) if each.point is not None and (shard is None or shard.has(i))]
    points = [point for i in mine if (point := made[i].point) is not None]
    asking_for = [made[i].question for i in mine]
    ended = evaluate(points, crew=crew, store=store, watch=watch, timeout=timeout, jobs=jobs, questions=asking_for)
    by_position: dict[int, Outcome | Failure] = dict(zip(mine, ended, strict=True))
    rows = [_row(each, by_position.get(i), store) for i, each in enumerate(made)]
    whole = [row for row in rows if row is not None]
    warnings = store.warnings if store is not None else []
    if len(whole) < len(rows):
        own = [rows[i] for i in mine]
        return Part([row for row in own if row is not None], len(rows) - len(whole), list(warnings))
    return Sweep(asked.scenario, asked.study, whole, remarks(asked.study, made), list(warnings))


def _row(made: Candidate, ended: Outcome | Failure | None, store: Store | None) -> Row | None:
    """A point's row; None if another shard has yet to do it."""
    if made.point is None:
        assert made.error is not None
        reason = " | ".join(str(made.error).splitlines())
        return Row(made.setting, made.label, None, 0, Failure(made.label, "failed", reason, made.error))
    key = fingerprint.sealed(made.question)
    if ended is None and store is not None:
        ended = store.get(key)
    return None if ended is None else Row(made.setting, made.label, key, made.point.count, ended)
