"""Run a scenario: all replications of one or several variants, pooled into a `Result`."""

from __future__ import annotations

from collections.abc import Mapping

from paasim.results.manifest import version
from paasim.results.pooling import pool
from paasim.results.result import BASE, Result
from paasim.results.schema import Document
from paasim.scenario.scenario import Scenario
from paasim.study.execute import Progress, Unit, execute, work


def simulate(
    scenario: Scenario,
    replications: int | None = None,
    *,
    variants: Mapping[str, Scenario] | None = None,
    jobs: int | None = 1,
    progress: Progress | None = None,
) -> Result:
    """Simulate a scenario.

    Args:
        scenario: what to run; it goes into the result as it is.
        replications: how often, if not as often as the scenario says.
        variants: scenarios to run in its place, by name; only the scenario itself, as `base`, if not given.
        jobs: processes; None = as many as pay.
        progress: told after every replication.
    """
    times = scenario.run.replications if replications is None else replications
    named = dict(variants) if variants else {BASE: scenario}
    units = [Unit(name, each, number) for name, each in named.items() for number in range(times)]
    found = execute(units, jobs, progress, work)
    by_variant = {name: found[i * times : (i + 1) * times] for i, name in enumerate(named)}
    document = Document(
        paasim_version=version(),
        scenario=scenario.expanded(),
        seed=scenario.run.seed,
        replications=times,
        variants={name: pool(each) for name, each in by_variant.items()},
    )
    return Result(document, by_variant)
