"""From the options of `paasim sweep` to what is to be done, and who does it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paasim.cli import console
from paasim.core.errors import InputError

if TYPE_CHECKING:
    from paasim.study.execute import Crew
    from paasim.study.sweep.asked import Asked
    from paasim.study.sweep.sweep import Shard


def asked(
    source: str,
    vary: Sequence[str],
    study: str | None,
    changes: Sequence[str],
    **fields: Any,
) -> Asked:
    """What to vary; warnings of the scenario go to stderr.

    Args:
        source: a scenario, or the file or folder of a study.
        vary: `path=values` texts.
        study: name of a study of the scenario.
        changes: `path=value` texts on top of the scenario.
        fields: other fields of the study, where given.

    Raises:
        InputError: if it is not said, said twice, or wrong.
    """
    from paasim.scenario import checks
    from paasim.scenario.scenario import Scenario
    from paasim.study.sweep import asked as asking

    found = asking.read(source, study, changes)
    given = {name: value for name, value in fields.items() if value}
    if not isinstance(found, Scenario):
        if vary:
            where = f"--study {study}" if study else source
            raise InputError.one("--vary", f"{where} says what is varied", "leave out --vary, or edit the study")
        found = found.changed(**given) if given else found
    elif not vary and len(given.get("variants", ())) < 2:
        names = ", ".join(found.studies)
        todo = f"choose one of its studies with --study: {names}" if names else "write e.g. --vary run.seed=1,2,3"
        raise InputError.one("", "nothing is varied", todo)
    else:
        found = asking.of_options(found, vary, **given)
    for warning in checks.check(found.scenario):
        console.warn(warning)
    return found


def crew(dask: str | None, jobs: int | None, timeout: float | None, wanted: Asked) -> Crew | None:
    """Who does it: a cluster if one is named, processes where they are sure to pay; None: that is seen later.

    Processes are started here, and get ready while the points are made.

    Raises:
        InputError: if processes are named beside a cluster.
    """
    if dask is not None:
        if jobs is not None:
            raise InputError.one("--jobs", "does not go with --dask", "the cluster has as many workers as you start")
        from paasim.study.execute.cluster import Cluster

        return Cluster(dask, timeout)
    from paasim.study.execute.batch import WORTH_WORKERS
    from paasim.study.execute.evaluate import crew_for
    from paasim.study.expected import GUESS, requests
    from paasim.study.sweep.design import settings

    replications = wanted.study.replications or wanted.scenario.run.replications
    tasks = len(settings(wanted.study, wanted.scenario)) * replications
    seconds = tasks * requests(wanted.scenario) * GUESS
    if seconds < WORTH_WORKERS:
        return None
    found = crew_for(tasks, seconds, jobs, timeout)
    found.start()
    return found


def shard(text: str | None, dask: str | None, place: Path | None) -> Shard | None:
    """Which part to do.

    Raises:
        InputError: if it is no part, or has no folder to meet the others in.
    """
    if text is None:
        return None
    from paasim.study.sweep.sweep import Shard

    if dask is not None:
        raise InputError.one("--shard", "does not go with --dask", "a cluster shares out the points itself")
    if place is None:
        raise InputError.one("--shard", "with --json needs a folder", "name the one that the shards share: -o DIR")
    return Shard.parse(text)


def seconds(text: str | None) -> float | None:
    """A time limit.

    Raises:
        InputError: if it is no time.
    """
    from paasim.core.units import TIME

    if text is None:
        return None
    try:
        limit = TIME.parse(text)
    except ValueError as error:
        raise InputError.one("--timeout", str(error)) from None
    if limit <= 0:
        raise InputError.one("--timeout", f"'{text}' leaves no time", "write e.g. --timeout '5 min'")
    return limit


def must_be_kept(found: Asked, folder: Path | None) -> None:
    """See that a folder holds this very sweep.

    Raises:
        InputError: if it holds another, or none.
    """
    from paasim.study.sweep.asked import FILE
    from paasim.study.sweep.folder import study_text

    if folder is None:
        raise InputError.one("--resume", "with --json needs a folder", "name it: -o DIR")
    file = folder / FILE
    if not file.is_file():
        raise InputError.one("--resume", f"there is no sweep in {folder}", "leave out --resume to start one")
    if file.read_text(encoding="utf-8") != study_text(found, folder):
        todo = f"to go on with that one: paasim sweep {folder}; to do this one there: leave out --resume"
        raise InputError.one("--resume", f"{folder} holds another sweep", todo)
