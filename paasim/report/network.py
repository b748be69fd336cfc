"""What KV transfers take, in words, in tables and as a document: the answer of `paasim network explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from paasim.report.words import digits, seconds, size
from paasim.scenario.outlook.hiding import CAPS, Hiding
from paasim.scenario.outlook.outlook import Outlook
from paasim.scenario.outlook.transfers import Limit, Transfer

if TYPE_CHECKING:
    from rich.table import Table

    from paasim.scenario.scenario import Scenario

NONE = "–"
LIMITS = {
    "production": "the prefill",
    "codec": "the codec",
    "setup": "connection set-up",
    "slow-start": "slow start",
    "fixed-cost": "the fixed cost",
    "propagation": "the round trip",
    **CAPS,
}
"""What limits a transfer, in words; links and last miles have their names."""
READING = (
    "bound: bytes over the narrowest link and half a round trip",
    "alone: from when it may begin (whole: the prefill's end, else its start) to the last byte's arrival, by itself",
    "at load: the same on average beside the scenario's own requests, a link giving 1 - its load (processor sharing)",
    "exposed: what of 'alone' comes after the prefill",
    "hidden from: what the narrowest link needs so that all but the last layer or chunk has left when that is made",
)
"""What the columns mean."""
NO_ROUTES = "No route of this scenario sends a KV cache over a link. There is no transfer to explain."


def answer(found: Sequence[Outlook]) -> str:
    """Two sentences: on the route that most requests take, at its middle prompt length."""
    if not found:
        return NO_ROUTES
    route = found[0]
    told = route.transfers[len(route.transfers) // 2]
    kept = "all of it" if told.exposed >= told.duration else f"{seconds(told.exposed)} of it"
    first = (
        f"On {route.route}, the KV cache of {_tokens(told.prompt)} ({size(told.wire)} on the wire) takes "
        f"{seconds(told.duration)} alone on its path, {kept} after the prefill; it is limited by {_named(told.limit)}."
    )
    return f"{first} {_hidden_in_words(told.hiding, route)}"


def _named(what: Limit) -> str:
    """`the link wan`, `the last mile of homes`, `slow start`."""
    return f"the link {what.name}" if what.kind == "trunk" else f"the {what.name}" if what.name else LIMITS[what.kind]


def _hidden_in_words(hidden: Hiding, route: Outlook) -> str:
    leg = route.leg(hidden.leg)
    name = f"the {leg.name}" if leg.is_access else f"the link {leg.name}"
    now = f"it has {bits(leg.bandwidth)}{' on average' if leg.varies else ''}"
    if hidden.bandwidth is not None:
        return f"It is hidden behind the prefill if {name} has {bits(hidden.bandwidth)} or more ({now})."
    text = f"{name[0].upper()}{name[1:]} alone cannot hide it behind the prefill: {_why(hidden)}"
    if hidden.equals_prefill is not None:
        return f"{text}; it takes as long as the prefill if {name} has {bits(hidden.equals_prefill)} ({now})."
    return f"{text}."


def _why(hidden: Hiding) -> str:
    return f"{hidden.why_never}{f' ({bits(hidden.needed)})' if hidden.needed is not None else ''}"


def tables(found: Sequence[Outlook]) -> Iterator[Table]:
    """One table per route, a row per prompt length."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    for route in found:
        table = Table(title=path(route), box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
        packs = any(told.wire != told.size for told in route.transfers)
        columns = ["prompt", "KV cache", *(["on wire"] if packs else []), "prefill", "bound", "alone"]
        for column in [*columns, "at load", "exposed", "limited by", "hidden from"]:
            table.add_column(column, justify="left" if column == "limited by" else "right", no_wrap=True)
        for told in route.transfers:
            weight = [size(told.size), *([size(told.wire)] if packs else [])]
            times = [seconds(value) for value in (told.prefill, told.lower_bound, told.duration)]
            load = NONE if told.loaded is None else seconds(told.loaded.duration)
            star = "*" if told.is_extrapolated else ""
            table.add_row(
                f"{told.prompt:,}{star}", *weight, *times, load, seconds(told.exposed), limit(told.limit), _from(told)
            )
        yield table


def path(route: Outlook) -> str:
    """`paas: internet -> last mile of homes, by layers, over tcp (new connections)`."""
    legs = " -> ".join(f"{leg.name} {bits(leg.bandwidth)}" for leg in route.course.legs)
    by = f", {getattr(route.spec.kv.streaming, 'kind', 'streamed')}"
    state = " (open connections)" if route.is_warm else " (new connections)"
    state = "" if route.transport in ("rdma", "ideal") else state
    return f"{route.route}: {legs}{by}{f', {route.transport}{state}' if route.transport else ''}"


def notes(found: Sequence[Outlook]) -> Iterator[str]:
    """What has to be known to read the tables."""
    if not found:
        return
    yield from READING
    for route in found:
        whys = {told.hiding.why_never: told for told in route.transfers if told.hiding.why_never}
        for why, told in whys.items():
            like = f"at {told.prompt:,} tokens and the like"
            if told.hiding.needed is not None:
                yield f"{route.route}: what the whole path needs, {like}, since {why}"
            elif told.hiding.equals_prefill is None:
                yield f"{route.route}: never {like}, since {why}"
            else:
                yield f"{route.route}: never {like}, since {why}; in brackets: where it takes as long as the prefill"
        if route.is_overloaded:
            yield f"{route.route}: no time at load, since a link of its path is offered more than it carries"
        elif route.load is None:
            yield f"{route.route}: no time at load, since the rate of requests follows from the run"
        if route.course.varies:
            yield f"{route.route}: a rate of its path changes over time; its mean stands for it, outages counted"
    if any(told.is_extrapolated for route in found for told in route.transfers):
        yield "*: the prefill is outside of what the profile was measured on"


def document(scenario: Scenario, found: Sequence[Outlook]) -> dict[str, Any]:
    """All of it, for scripts; bits/s, bytes and seconds."""
    return {
        "schema_version": 1,
        "scenario": scenario.name,
        "answer": answer(found),
        "routes": {route.route: _route(route) for route in found},
    }


def _route(route: Outlook) -> dict[str, Any]:
    load = route.load or {}
    return {
        "requests_per_s": route.rate or None,
        "streaming": getattr(route.spec.kv.streaming, "kind", None),
        "codec": route.spec.kv.codec.label,
        "transport": route.transport or None,
        "connections": None if not route.transport else "open" if route.is_warm else "new",
        "rtt": route.course.rtt,
        "loss": route.course.loss,
        "path": [
            {
                "name": leg.name,
                "key": leg.key or None,
                "bandwidth": leg.bandwidth,
                "rtt": leg.rtt,
                "varies": leg.varies,
                "background": 8 * leg.background,
                "background_flows": leg.others,
                "load": load.get(leg.station, 0.0) if route.load is not None else None,
            }
            for leg in route.course.legs
        ],
        "transfers": [_transfer(told) for told in route.transfers],
    }


def _transfer(told: Transfer) -> dict[str, Any]:
    hidden = told.hiding
    return {
        "prompt_tokens": told.prompt,
        "kv_bytes": told.size,
        "wire_bytes": told.wire,
        "prefill": told.prefill,
        "lower_bound": told.lower_bound,
        "alone": {
            "first_byte": told.first_byte,
            "transfer": told.duration,
            "after_prefill": told.exposed,
            "decode_codec": told.unpack,
        },
        "at_load": None
        if told.loaded is None
        else {"transfer": told.loaded.duration, "after_prefill": told.loaded.exposed},
        "limit": {"kind": told.limit.kind, "name": told.limit.name or None},
        "hidden": {
            "link": hidden.leg,
            "key": hidden.key or None,
            "bandwidth": hidden.bandwidth,
            "bandwidth_at_load": hidden.bandwidth_at_load,
            "path_bandwidth": hidden.needed,
            "why_never": hidden.why_never or None,
            "as_long_as_prefill": hidden.equals_prefill,
        },
        "extrapolated": told.is_extrapolated,
    }


def limit(what: Limit) -> str:
    """What limits a transfer, in words."""
    return what.name or LIMITS[what.kind]


def bits(rate: float) -> str:
    """Bits per second with a decimal prefix: `12.3 Gbps`."""
    for factor, unit in ((1e12, "Tbps"), (1e9, "Gbps"), (1e6, "Mbps"), (1e3, "kbps")):
        if rate >= factor:
            return f"{_short(rate / factor)} {unit}"
    return f"{_short(rate)} bps"


def _short(number: float) -> str:
    """Three digits, and none that say nothing: `10`, `1.5`, `0.25`, `1,250`."""
    return f"{number:.3g}" if number < 1000 else digits(number)


def _tokens(prompt: int) -> str:
    return f"a prompt of {prompt:,} tokens"


def _from(told: Transfer) -> str:
    """`7.2 Gbps`; what the whole path needs; or `never`, with what takes as long as the prefill."""
    hidden = told.hiding
    if hidden.bandwidth is not None:
        return bits(hidden.bandwidth)
    if hidden.needed is not None:
        return f"path {bits(hidden.needed)}"
    return "never" if hidden.equals_prefill is None else f"never ({bits(hidden.equals_prefill)})"
