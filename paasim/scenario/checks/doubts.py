"""Warnings: what makes the answer of a run mean something else than the user may think."""

from __future__ import annotations

from paasim.scenario.checks.fits import too_long
from paasim.scenario.checks.place import Found, PartCheck, at
from paasim.scenario.ends import path_between
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from paasim.scenario.stations import is_spread_known, stations


def model_differs(scenario: Scenario, parts: Parts) -> Found:
    """A profile measured with another model tells how fast that one is."""
    for name, end in parts.ends.items():
        measured, served = parts.profiles[name].spec.model, parts.models[name].id
        if measured != served:
            what = f"the profile is of model '{measured}', but the requests are for '{served}'"
            yield at(scenario, (*end.path, "profile"), what, "times are those of the profile's model")


def load_is_above_capacity(scenario: Scenario, parts: Parts) -> Found:
    """No pool, device or link is offered more than it can carry."""
    if not is_spread_known(scenario):
        return
    for station in stations(scenario, parts):
        if station.utilisation > 1:
            what = f"offered load is {station.utilisation:.0%} of the capacity ({station.why})"
            yield at(scenario, station.path, what, "queues will grow without bound: lower the rate or add capacity")


def some_requests_are_too_long(scenario: Scenario, parts: Parts) -> Found:
    """Every request fits into the KV memory of the engines on its route."""
    for end, route, share, room in too_long(scenario, parts):
        if share < 1.0:
            what = f"{share:.2%} of the requests on '{route}' do not fit into the KV memory ({room:,.0f} tokens)"
            yield at(scenario, end.path, what, "they will be dropped: use more memory or shorter prompts")


def kv_moves_over_a_link(scenario: Scenario, parts: Parts) -> Found:
    """A KV cache that moves within a site takes a link of that site."""
    for name, route in scenario.routes.items():
        site = parts.ends[route.prefill].site
        if not route.ships_kv or site != parts.ends[route.decode].site:
            continue
        if not path_between(scenario.network.links, site, site):
            what = f"its KV cache moves in no time, since no link joins '{site}' to itself"
            todo = f"add one under network.links, such as fabric: {{between: [{site}, {site}], ...}}"
            yield at(scenario, ("routes", name), what, todo)


def pools_are_used(scenario: Scenario, parts: Parts) -> Found:
    """Every pool and fleet is on a route."""
    used = {end for route in scenario.routes.values() for end in (route.prefill, route.decode)}
    for name, end in parts.ends.items():
        if name not in used:
            yield at(scenario, end.path, "is on no route", "name it in a route or leave it out")


def first_token_differs(scenario: Scenario) -> Found:
    """Routes that are compared agree on who emits the first token, else TTFT and TPOT are not like for like."""
    rules: dict[str, list[str]] = {}
    for each in (scenario, *scenario.fitting.values()):
        for name, route in each.routes.items():
            if route.ships_kv:
                rules.setdefault(route.first_token, []).append(name)
    if len(rules) > 1:
        told = "; ".join(f"{rule}: {', '.join(dict.fromkeys(names))}" for rule, names in sorted(rules.items()))
        what = f"routes differ in first_token ({told})"
        yield at(scenario, ("routes",), what, "TTFT and TPOT of such routes are not like for like; TTST and E2EL are")


DOUBTS: tuple[PartCheck, ...] = (
    model_differs,
    load_is_above_capacity,
    some_requests_are_too_long,
    kv_moves_over_a_link,
    pools_are_used,
)
