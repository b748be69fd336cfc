"""Errors in names: what a scenario refers to has to be there, and to suit."""

from __future__ import annotations

from paasim.core.errors import did_you_mean
from paasim.kv.codec.adaptive import AdaptiveSpec
from paasim.scenario.builder import origin
from paasim.scenario.checks.place import Found, NameCheck, at
from paasim.scenario.ends import ends, path_between
from paasim.scenario.scenario import Scenario
from paasim.scenario.wiring import path_loss, transport


def links_join_sites(scenario: Scenario) -> Found:
    """Every end of a link is a site."""
    for name, link in scenario.network.links.items():
        for position, site in enumerate(link.between):
            if site not in scenario.sites:
                path = ("network", "links", name, "between", position)
                yield at(scenario, path, f"there is no site '{site}'", did_you_mean(site, scenario.sites))


def routes_name_ends(scenario: Scenario) -> Found:
    """Both ends of a route are pools or fleets."""
    known = ends(scenario)
    for name, route in scenario.routes.items():
        for side in ("prefill", "decode"):
            end = getattr(route, side)
            if end in known:
                continue
            what = f"there is no pool or fleet '{end}'"
            if end in scenario.sites:
                what = f"the site '{end}' has no fleet; a pool is named site.pool"
            yield at(scenario, ("routes", name, side), what, did_you_mean(end, known))


def routes_suit_roles(scenario: Scenario) -> Found:
    """A route prefills where prompts are computed and decodes where answers are generated."""
    known = ends(scenario)
    for name, route in scenario.routes.items():
        for side, other in (("prefill", "decode"), ("decode", "prefill")):
            end = known.get(getattr(route, side))
            if end is not None and end.spec.role == other:
                what = f"'{end.name}' has the role '{other}' and cannot {side}"
                yield at(scenario, ("routes", name, side), what, f"name a pool of role {side} or mixed, or a fleet")


def routes_have_a_path(scenario: Scenario) -> Found:
    """The sites of a route, and those of its users, are joined by links."""
    known = ends(scenario)
    if any(links_join_sites(scenario)):
        return  # a slip in a link's sites would be told again by every route
    for name, route in scenario.routes.items():
        start, goal = known.get(route.prefill), known.get(route.decode)
        if start is None or goal is None:
            continue
        pairs = [(start.site, goal.site)]
        for position in range(len(scenario.classes)):
            users = origin(scenario, known, position)
            if users in scenario.sites:
                pairs += [(users, start.site), (goal.site, users)]
        for a, b in dict.fromkeys(tuple(sorted(pair)) for pair in pairs):
            links = path_between(scenario.network.links, a, b)
            if links is None:
                what = f"no link joins '{a}' and '{b}': the site is unreachable"
                todo = (
                    f"add one under network.links, such as wan: {{between: [{a}, {b}], bandwidth: 10 Gbps, rtt: 20 ms}}"
                )
                yield at(scenario, ("routes", name), what, todo)


def paths_have_a_transport(scenario: Scenario) -> Found:
    """The links that a route's KV cache passes agree on a transport, or the route says one; and it can use the path."""
    known, specs = ends(scenario), scenario.network.links
    for name, route in scenario.routes.items():
        start, goal = known.get(route.prefill), known.get(route.decode)
        if start is None or goal is None or not route.ships_kv:
            continue
        links = [specs[link] for link in path_between(specs, start.site, goal.site) or ()]
        senders = {sender.model_dump_json() for link in links if (sender := link.sender()) is not None}
        if route.transport is None and len(senders) > 1:
            what = "the links of its path have different transports"
            yield at(scenario, ("routes", name), what, "say which it uses, e.g. transport: tcp")
            continue
        sender = transport(links, route)
        rtt = sum(link.rtt + (0.0 if link.access is None else link.access.round_trip) for link in links)
        fault = "" if sender is None or not links else sender.fault(rtt, path_loss(links))
        if fault:
            what, _, todo = fault.partition("; ")
            yield at(scenario, ("routes", name), what, todo)


def users_are_at_a_site(scenario: Scenario) -> Found:
    """The origin of a request class is a site."""
    for name, workload in scenario.classes.items():
        if workload.origin is not None and workload.origin not in scenario.sites:
            path = ("workload",) if scenario.workload is not None else ("workloads", name)
            what = f"there is no site '{workload.origin}'"
            yield at(scenario, (*path, "origin"), what, did_you_mean(workload.origin, scenario.sites))


def devices_serve_their_own_users(scenario: Scenario) -> Found:
    """Whoever may be sent to a fleet has a device there, unless it is a single one that all share."""
    known = ends(scenario)
    for name in scenario.router.routes_named() or scenario.routes:
        route = scenario.routes.get(name)
        found = {known.get(route.prefill), known.get(route.decode)} if route else set()
        for site in sorted(end.site for end in found if end is not None and end.is_fleet and end.count > 1):
            for position, klass in enumerate(scenario.classes):
                users = origin(scenario, known, position)
                if users != site:
                    what = f"takes the user's own device at '{site}', but the users of '{klass}' are at '{users}'"
                    yield at(scenario, ("routes", name), what, f"let their origin be {site}, or choose another route")


def router_names_routes(scenario: Scenario) -> Found:
    """Every route that the router names exists."""
    for route in scenario.router.routes_named():
        if route not in scenario.routes:
            path = next(
                (("router", key) for key, value in scenario.router if value == route),
                ("router",),
            )
            yield at(scenario, path, f"there is no route '{route}'", did_you_mean(route, scenario.routes))


def adaptive_codecs_have_a_deadline(scenario: Scenario) -> Found:
    """A codec that follows the bandwidth knows by when the KV has to be there."""
    for name, route in scenario.routes.items():
        codec = route.kv.codec
        if not route.ships_kv or not isinstance(codec, AdaptiveSpec) or codec.deadline is not None:
            continue
        path = ("routes", name, "kv", "codec")
        todo = "give it a deadline, such as deadline: 500 ms"
        if route.first_token == "prefill":
            yield at(scenario, path, "no limit of the SLO says by when KV is needed after the first token", todo)
            continue
        without = [klass for klass, spec in scenario.classes.items() if (spec.slo or scenario.slo).ttft is None]
        if without:
            what = f"goes by the TTFT limit of the SLO, but {', '.join(without)} {_have(without)} none"
            yield at(scenario, path, what, f"{todo}, or slo: {{ttft: 2 s}}")


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def run_has_an_end(scenario: Scenario) -> Found:
    """Requests that come without end need a duration or a number of requests."""
    if scenario.run.duration is not None or scenario.run.requests is not None:
        return
    endless = [name for name, workload in scenario.classes.items() if not workload.is_finite]
    if endless:
        what = "needs 'duration' or 'requests', since requests would come without end"
        yield at(scenario, ("run",), what, "write e.g. duration: 10 min")


NAMES: tuple[NameCheck, ...] = (
    links_join_sites,
    routes_name_ends,
    routes_suit_roles,
    routes_have_a_path,
    paths_have_a_transport,
    users_are_at_a_site,
    devices_serve_their_own_users,
    router_names_routes,
    adaptive_codecs_have_a_deadline,
    run_has_an_end,
)
