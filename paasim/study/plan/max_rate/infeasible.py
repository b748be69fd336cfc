"""Why no load is low enough, and what would make one so.

Measured at next to no load, where requests hardly meet: what is too slow there is too slow alone. Then, one thing at
a time and as little of it as is enough: wider links, a smaller KV cache, faster engines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paasim.scenario.legs import legs
from paasim.scenario.loader import changed
from paasim.scenario.parts import Parts
from paasim.study.plan.max_rate.bench import Bench, Trial
from paasim.study.plan.max_rate.find import Found
from paasim.study.plan.max_rate.relief import CODECS, bits

WIDER = (2.0, 4.0, 10.0)
FASTER = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
FEW = 2
"""Replications per remedy: without queues they differ little."""


@dataclass(frozen=True)
class Remedy:
    """Something that makes the objectives feasible at next to no load, or does not.

    Attributes:
        label: for people.
        changes: as `--set` takes them; empty where nothing of the kind is enough.
        feasible: whether the objectives are met with it.
    """

    label: str
    changes: tuple[str, ...]
    feasible: bool


@dataclass(frozen=True)
class Infeasible:
    """Why no load is low enough.

    Attributes:
        trial: next to no load.
        parts: mean parts of TTFT there, s, the largest first.
        dropped: requests that are dropped there, by reason.
        remedies: what was tried, one thing at a time.
    """

    trial: Trial
    parts: dict[str, float]
    dropped: dict[str, int]
    remedies: list[Remedy]


def infeasible(found: Found) -> Infeasible:
    """Explain a search that found no load low enough, and look for what would be enough.

    Raises:
        ValueError: if the search did find one.
        InputError: if the scenario names something that is not there.
    """
    trial = found.bracket.high
    if trial is None or found.bracket.low is not None:
        raise ValueError("some load is low enough")
    variants = [each.variant for each in trial.outcomes]
    parts: dict[str, float] = {}
    dropped: dict[str, int] = {}
    for each in variants:
        for name, value in each.ttft_parts.items():
            parts[name] = parts.get(name, 0.0) + value / len(variants)
        for reason, count in each.requests.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    parts = dict(sorted(parts.items(), key=lambda item: -item[1]))
    return Infeasible(trial, parts, dropped, [_enough(found, *family) for family in _families(found, trial)])


def _enough(found: Found, label: str, steps: list[tuple[str, tuple[str, ...]]]) -> Remedy:
    """The least of a kind of remedy that is enough."""
    old = found.bench
    trial = found.bracket.high
    assert trial is not None
    for amount, changes in steps:
        bench = Bench(
            changed(old.scenario, changes), old.objectives, old.warmup, old.jobs, old.store, old.progress, old.whole
        )
        at = bench.trial(trial.factor, trial.requests, range(min(FEW, len(trial.outcomes))))
        old.done, old.simulated = old.done + bench.done, old.simulated + bench.simulated
        if at.met:
            return Remedy(f"{label}{amount}", changes, True)
    return Remedy(f"{label}{steps[-1][0]}", (), False)


def _families(found: Found, trial: Trial) -> Iterator[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    """Kinds of remedies for what the requests passed, each with its steps from the least on."""
    scenario = found.bench.scenario
    parts = Parts.of(scenario).sound()
    routes = dict.fromkeys(name for each in trial.outcomes for name in each.variant.routes)
    seen: set[str] = set()
    for name in routes:
        route = scenario.routes[name]
        start, goal = parts.ends[route.prefill], parts.ends[route.decode]
        if route.ships_kv:
            for leg in legs(scenario.network.links, start, goal, scenario.base):
                if leg.key and leg.key not in seen:
                    seen.add(leg.key)
                    texts = [bits(leg.bandwidth * by) for by in WIDER]
                    yield f"{leg.name} at ", [(text, (f"{leg.key}={text}",)) for text in texts]
            yield f"KV cache of route {name} in ", [(each, (f"routes.{name}.kv.codec={each}",)) for each in CODECS]
        for end in (start, goal):
            if end.name not in seen and end.spec.calibration is None:
                seen.add(end.name)
                path = ".".join(end.path)
                yield (
                    f"a profile for {end.name} that is faster by ",
                    [(f"{by:g} times", (f"{path}.calibration={{scale: {1 / by:.6g}}}",)) for by in FASTER],
                )
