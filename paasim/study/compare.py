"""Run variants of a scenario on the same requests (common random numbers) and compare them, paired."""

from __future__ import annotations

from collections.abc import Sequence

from paasim.core.errors import InputError, did_you_mean
from paasim.results.result import BASE, Result
from paasim.scenario.scenario import Scenario
from paasim.study.execute import Progress
from paasim.study.paired import paired
from paasim.study.run import simulate


def compare(
    scenario: Scenario,
    names: Sequence[str] = (),
    replications: int | None = None,
    *,
    jobs: int | None = 1,
    progress: Progress | None = None,
) -> Result:
    """Run variants of a scenario on the same requests and compare each with the first.

    Args:
        scenario: with its variants.
        names: which ones, the baseline first; `base` is the scenario itself. All, with `base` first, if empty.
        replications: how often, if not as often as the scenario says.
        jobs: processes, as in `paasim.study.run.simulate`.
        progress: told after every replication.

    Raises:
        InputError: if a name is unknown or repeated, or there is nothing to compare.
    """
    known = {BASE: scenario, **scenario.variants}
    wanted = list(names) or list(known)
    for name in wanted:
        if name not in known:
            raise InputError.one("--variants", f"there is no variant '{name}'", did_you_mean(name, known))
        if wanted.count(name) > 1:
            raise InputError.one("--variants", f"'{name}' is given twice", "name every variant once")
    if len(wanted) < 2:
        where = scenario.where("variants")
        raise InputError.one(where, "there is only one variant", "comparing needs two: add one under 'variants'")
    result = simulate(scenario, replications, variants={n: known[n] for n in wanted}, jobs=jobs, progress=progress)
    comparison = paired(result, wanted[0], closed_loop=scenario.has_closed_loop)
    return Result(result.document.model_copy(update={"comparison": comparison}), result.replications)
