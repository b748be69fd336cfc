"""Run a scenario: all replications of one or several variants, pooled into a `Result`."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from paasim.results.manifest import version
from paasim.results.pooling import pool
from paasim.results.result import BASE, Result
from paasim.results.schema import Document, Variant
from paasim.scenario.capacity import analyze
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
        jobs: processes; None = as many as pay. More than one needs a program that is safe to import
            (`if __name__ == "__main__":`), as for `concurrent.futures`.
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
        variants={name: _with_bounds(pool(each), named[name]) for name, each in by_variant.items()},
    )
    return Result(document, by_variant)


def _with_bounds(variant: Variant, scenario: Scenario) -> Variant:
    """The same with what each resource can carry, where that is known before a run."""
    most: dict[str, float] = {}
    for station in analyze(scenario).stations:
        if station.max_rate < inf and (station.kv_bytes or not station.is_link):
            most[station.resource] = min(station.max_rate, most.get(station.resource, inf))
    resources = {name: used.model_copy(update={"max_rate": most.get(name)}) for name, used in variant.resources.items()}
    return variant.model_copy(update={"resources": resources})
