"""What more of one thing would buy: one instance, the next size of a link, a smaller KV cache, another threshold.

Each is tried alone. The relieved scenario meets the same replications as the search did, so the gain, a ratio of two
maxima, is known far better than either of them. A relief that hardly moves the margin at the old maximum is not
searched for: its gain is read off the slope.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from paasim.engine.pool import PoolSpec
from paasim.router.threshold import ThresholdSpec
from paasim.scenario.ends import End
from paasim.scenario.legs import Leg, legs
from paasim.scenario.loader import changed
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from paasim.study.plan.max_rate.bench import Bench
from paasim.study.plan.max_rate.bottleneck import loads
from paasim.study.plan.max_rate.find import COARSE, Found, Settings
from paasim.study.plan.max_rate.search import search

SIZES = (1e9, 2.5e9, 5e9, 10e9, 25e9, 40e9, 50e9, 100e9, 200e9, 400e9, 800e9, 1600e9)
"""Sizes in which links are sold, bits/s."""
MORE_DEVICES = 1.25
THRESHOLDS = (1.25, 0.8)
WARM = 1.06
"""First step of a search that starts near its end."""
CODECS = ("fp8", "int4")
"""Smaller forms of a KV cache; what they do to the answers is not simulated."""
SMALLER = 0.9
"""Bytes on the wire, over those of now, from which a codec counts as smaller."""


@dataclass(frozen=True)
class Relief:
    """One thing to have more of.

    Attributes:
        label: for people: `+1 instance of cloud.prefill`.
        changes: as `--set` takes them.
        price: what it costs, $/h; None where that is not known.
        gain: by how much the maximum load rises, relative; None before it was measured.
    """

    label: str
    changes: tuple[str, ...]
    price: float | None = None
    gain: float | None = None

    @property
    def per_dollar(self) -> float | None:
        """Gain per $/h; None where either is not known, infinite where it costs nothing."""
        if self.gain is None or self.price is None:
            return None
        return self.gain / self.price if self.price else float("inf")


def reliefs(found: Found, settings: Settings) -> list[Relief]:
    """Every relief of what was used at the maximum, with its gain, the best first.

    By gain per $ where the prices of all that help are known, else by gain.

    Raises:
        InputError: if the scenario names something that is not there.
    """
    if found.at is None or found.bracket.high is None:
        return []
    used = {name for name, load in loads(found.at).items() if load > 0}
    routes = dict.fromkeys(name for each in found.at.outcomes for name in each.variant.routes)
    measured = [_measured(each, found, settings) for each in candidates(found.bench.scenario, used, list(routes))]
    known = all(each.price is not None for each in measured if (each.gain or 0) > 0)
    return sorted(measured, key=lambda each: -((each.per_dollar if known else each.gain) or 0.0))


def candidates(scenario: Scenario, used: set[str], routes: Sequence[str]) -> Iterator[Relief]:
    """What there could be more of, of the pools, fleets and routes that were used."""
    parts = Parts.of(scenario).sound()
    for end in parts.ends.values():
        if end.name in used:
            yield _one_more(parts, end)
    seen: set[str] = set()
    for name in routes:
        route = scenario.routes[name]
        if route.ships_kv:
            ways = legs(scenario.network.links, parts.ends[route.prefill], parts.ends[route.decode], scenario.base)
            yield from (_next_size(leg) for leg in ways if leg.key and leg.key not in seen)
            seen |= {leg.key for leg in ways}
            yield from _smaller(scenario, parts, name)
    if isinstance(scenario.router, ThresholdSpec):
        for by in THRESHOLDS:
            tokens = round(scenario.router.prompt_tokens * by)
            yield Relief(f"threshold at {tokens:,} tokens", (f"router.prompt_tokens={tokens}",), 0.0)


def _next_size(leg: Leg) -> Relief:
    more = bits(next_size(leg.bandwidth))
    return Relief(f"{leg.name} at {more} in place of {bits(leg.bandwidth)}", (f"{leg.key}={more}",))


def _smaller(scenario: Scenario, parts: Parts, name: str) -> Iterator[Relief]:
    """The first codec that sends a good deal less than the route's own."""
    kv, dtype = scenario.routes[name].kv, parts.models[scenario.routes[name].prefill].kv_dtype
    for codec in CODECS:
        change = f"routes.{name}.kv.codec={codec}"
        if changed(scenario, [change]).routes[name].kv.wire_bytes(1e6, dtype) <= SMALLER * kv.wire_bytes(1e6, dtype):
            yield Relief(f"KV cache in {codec} on route {name}", (change,), 0.0)
            return


def bits(bandwidth: float) -> str:
    """A bandwidth in bits, as links are sold: `25 Gbps`."""
    units = ("Tbps", 1e12), ("Gbps", 1e9), ("Mbps", 1e6), ("kbps", 1e3)
    unit, factor = next(((unit, factor) for unit, factor in units if bandwidth >= factor), ("bps", 1.0))
    return f"{bandwidth / factor:.6g} {unit}"


def next_size(bandwidth: float) -> float:
    """The next size in which links are sold, bits/s; twice as much outside of what is sold."""
    larger = [size for size in SIZES if size > bandwidth]
    return larger[0] if larger and bandwidth >= SIZES[0] / 2 else 2 * bandwidth


def _one_more(parts: Parts, end: End) -> Relief:
    price = end.spec.price if end.spec.price is not None else parts.profiles[end.name].spec.price
    if isinstance(end.spec, PoolSpec):
        return Relief(
            f"+1 instance of {end.name}", (f"{'.'.join(end.path)}.instances={end.spec.instances + 1}",), price
        )
    more = max(end.count + 1, round(end.count * MORE_DEVICES))
    cost = None if price is None else price * (more - end.count)
    return Relief(f"+{more - end.count} devices at {end.name}", (f"{'.'.join(end.path)}.devices={more}",), cost)


def _measured(relief: Relief, found: Found, settings: Settings) -> Relief:
    """The relief with its gain."""
    old, base, bracket = found.bench, found.length, found.bracket
    scenario = changed(old.scenario, relief.changes)
    bench = Bench(scenario, old.objectives, old.warmup, old.jobs, old.store, old.progress, old.whole)
    numbers = range(1 if base.is_recorded else settings.replications)
    at = bench.snapped(bracket.estimate)
    before, after = (each.trial(at, base.requests, numbers) for each in (old, bench))
    expected = (after.slack - before.slack) / bracket.slope if bracket.slope else 0.0
    if not bracket.is_unsteady and bracket.slope and abs(expected) < settings.tolerance / 2:
        gain = expected
    else:
        begin = at * (1 + min(max(expected, -0.3), 0.5))
        tolerance = settings.tolerance * COARSE
        gain = search(bench, begin, base.requests, len(numbers), tolerance, WARM).estimate / bracket.estimate - 1
    old.done, old.simulated = old.done + bench.done, old.simulated + bench.simulated
    return replace(relief, gain=gain)
