"""The inputs that a scenario has by itself: load, lengths, links, codecs, batching limits, thresholds.

Continuous ones only: how many instances there are is a decision (`paasim plan`), not something that may turn out
otherwise. What has no single number to turn (a recorded trace's lengths, a rate that changes over time) is left out,
and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from paasim.core.units import BANDWIDTH, RATE, TIME
from paasim.kv.codec.quantize import QuantizeSpec
from paasim.kv.codec.ratio import RatioSpec
from paasim.link.link import LinkSpec
from paasim.router.threshold import ThresholdSpec
from paasim.scenario.builder import origin
from paasim.scenario.ends import End, ends, path_between
from paasim.scenario.scenario import Scenario
from paasim.study.sensitivity.inputs import Input, Setting, Write
from paasim.study.sensitivity.lengths import length_settings

BATCHING = (0.5, 2.0)
"""Batching limits are decisions, taken by factors of two."""

Found = tuple[str, Sequence[Setting], str]
"""Name, settings, and why there are none."""


def found(scenario: Scenario, spread: float) -> tuple[list[Input], dict[str, str]]:
    """The inputs of a scenario, and what is left out with the reason.

    Args:
        scenario: whose routes say what is used.
        spread: how far each may be off, as a share of what the scenario says.
    """
    inputs: list[Input] = []
    left_out: dict[str, str] = {}
    for name, settings, reason in [*_load(scenario), *_lengths(scenario), *_links(scenario), *_codecs(scenario)]:
        if settings:
            inputs.append(Input(name, 1 - spread, 1 + spread, tuple(settings), f"±{spread * 100:g} %"))
        elif reason:
            left_out[name] = reason
    for end in used_ends(scenario).values():
        inputs += _batching(end)
    if isinstance(scenario.router, ThresholdSpec) and scenario.router.prompt_tokens:
        setting = Setting("router.prompt_tokens", _whole(scenario.router.prompt_tokens))
        inputs.append(Input("threshold of the router", 1 - spread, 1 + spread, (setting,), f"±{spread * 100:g} %"))
    return inputs, left_out


def used_routes(scenario: Scenario) -> list[str]:
    """The routes that the router may choose."""
    return list(scenario.router.routes_named() or scenario.routes)


def used_ends(scenario: Scenario) -> dict[str, End]:
    """The pools and fleets on those routes, by name."""
    known = ends(scenario)
    routes = [scenario.routes[name] for name in used_routes(scenario) if name in scenario.routes]
    return {name: known[name] for route in routes for name in (route.prefill, route.decode) if name in known}


def prefixes(scenario: Scenario) -> dict[str, str]:
    """Where each request class stands."""
    return {name: "workload" if scenario.workloads is None else f"workloads.{name}" for name in scenario.classes}


def _load(scenario: Scenario) -> Iterator[Found]:
    rates, bursts = [], []
    users = False
    for name, prefix in prefixes(scenario).items():
        workload = scenario.classes[name]
        arrivals = workload.arrivals
        if workload.trace is not None:
            at = f"{prefix}.trace.speed" if "trace" in _keys(scenario, prefix) else f"{prefix}.speed"
            rates.append(Setting(at, _times(workload.trace.speed)))
        elif workload.closed_loop is not None:
            users = True
            rates.append(Setting(f"{prefix}.arrivals.users", _whole(workload.closed_loop.users)))
        elif arrivals is not None and arrivals.rate is not None:
            rates.append(Setting(f"{prefix}.arrivals.rate", _in(RATE.format, arrivals.rate)))
        elif (speed := getattr(arrivals, "speed", None)) is not None:
            rates.append(Setting(f"{prefix}.arrivals.speed", _times(speed)))
        for field in ("cv", "burstiness"):
            if (value := getattr(arrivals, field, None)) is not None:
                power = 1 if field == "cv" else -2  # cv = 1 / sqrt(burstiness)
                bursts.append(Setting(f"{prefix}.arrivals.{field}", _times(value, power)))
    yield ("users" if users else "arrival rate"), rates, ""
    yield "burstiness of arrivals (cv)", bursts, ""


def _lengths(scenario: Scenario) -> Iterator[Found]:
    for part in ("prompt", "output"):
        settings: list[Setting] = []
        reasons: list[str] = []
        for name, prefix in prefixes(scenario).items():
            lengths = scenario.classes[name].lengths
            if lengths is None:
                reasons.append("the lengths of a recorded trace are what they are")
            else:
                settings += length_settings(lengths, f"{prefix}.lengths", part)
        yield f"{part} length", settings, next(iter(reasons), "it is one token")


def _links(scenario: Scenario) -> Iterator[Found]:
    links = scenario.network.links
    for name in used_links(scenario):
        spec, at = links[name], f"network.links.{name}"
        ways = {"bandwidth": spec.bandwidth, "backward_bandwidth": spec.backward_bandwidth}
        varies = spec.capacity is not None or spec.backward_capacity is not None
        rates = [Setting(f"{at}.{key}", _in(BANDWIDTH.format, bits)) for key, bits in ways.items() if bits is not None]
        yield f"bandwidth of {name}", [] if varies else rates, "its rate changes over time"
        rtt = [Setting(f"{at}.rtt", _in(TIME.format, spec.rtt))] if spec.rtt else []
        yield f"RTT of {name}", rtt, "it takes no time"
        yield from _last_mile(scenario, name, spec)


def _last_mile(scenario: Scenario, name: str, spec: LinkSpec) -> Iterator[Found]:
    fleets = [end.site for end in used_ends(scenario).values() if end.is_fleet]
    if spec.access is None or not set(fleets) & set(spec.between):
        return
    at = f"network.links.{name}.access"
    down, up, rtt = spec.access.figures(scenario.base)
    varies = spec.access.down_capacity is not None or spec.access.up_capacity is not None
    rates = [_inside(scenario, at, key, _in(BANDWIDTH.format, bits)) for key, bits in (("down", down), ("up", up))]
    yield f"last mile of {name}", [] if varies else rates, "its rate changes over time"
    trip = [_inside(scenario, at, "rtt", _in(TIME.format, rtt))] if rtt else []
    yield f"last-mile RTT of {name}", trip, ""


def used_links(scenario: Scenario) -> list[str]:
    """The links that prompts, KV caches or tokens pass on those routes, in the order of the scenario."""
    known, links = ends(scenario), scenario.network.links
    places = [origin(scenario, known, i) for i in range(len(scenario.classes))]
    passed: set[str] = set()
    for route in (scenario.routes[name] for name in used_routes(scenario) if name in scenario.routes):
        start, goal = known[route.prefill].site, known[route.decode].site
        if route.ships_kv:
            passed.update(path_between(links, start, goal) or ())
        for home in places:
            for site in (start, goal):
                if home is not None and home != site:
                    passed.update(path_between(links, home, site) or ())
    return [name for name in links if name in passed]


def _codecs(scenario: Scenario) -> Iterator[Found]:
    for name in used_routes(scenario):
        route = scenario.routes[name]
        codec, at = route.kv.codec, f"routes.{name}.kv.codec"
        if not route.ships_kv:
            continue
        if isinstance(codec, RatioSpec):
            written = codec.model_dump(mode="json", exclude_none=True)
            yield f"ratio of the KV codec of {name}", [Setting(at, _block(written, "ratio", least=1.0))], ""
        elif isinstance(codec, QuantizeSpec):
            written = codec.model_dump(mode="json", exclude_none=True)
            yield f"bits of the KV codec of {name}", [Setting(at, _block(written, "bits", most=32.0))], ""


def _batching(end: End) -> Iterator[Input]:
    written = end.spec.batching_or_default().model_dump(mode="json", exclude_none=True)
    for key in ("max_tokens", "chunk"):
        if key in written:
            setting = Setting(".".join((*end.path, "batching")), _block(written, key, whole=True))
            yield Input(f"{key} of {end.name}", *BATCHING, (setting,), "half and twice")


def _keys(scenario: Scenario, path: str) -> Sequence[str]:
    *_, node = scenario.tree.steps(tuple(path.split(".")))
    return list(node.keys)


def _inside(scenario: Scenario, at: str, key: str, write: Write) -> Setting:
    """A setting of one key in a block that may stand in the scenario as the name of a preset."""
    *_, node = scenario.tree.steps(tuple(at.split(".")))
    if not isinstance(node.value, str):
        return Setting(f"{at}.{key}", write)
    preset = node.value
    return Setting(at, lambda factor: json.dumps({"preset": preset, key: write(factor)}))


def _in(write: Write, value: float) -> Write:
    return lambda factor: write(value * factor)


def _times(value: float, power: int = 1) -> Write:
    return lambda factor: f"{value * factor**power:.12g}"


def _whole(value: int) -> Write:
    return lambda factor: str(max(1, round(value * factor)))


def _block(
    written: dict[str, object], key: str, *, least: float = 0.0, most: float = 1e12, whole: bool = False
) -> Write:
    """A whole block with one number of it changed: it may stand in the scenario by name, or not at all."""
    value = float(str(written[key]))

    def write(factor: float) -> str:
        changed = min(max(value * factor, least), most)
        return json.dumps({**written, key: max(1, round(changed)) if whole else changed})

    return write
