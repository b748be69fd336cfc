"""The network at work: links, plain or in the mesh, and the way between any two sites.

A link is plain if its rate and its round trip say all about it and no KV cache passes it together with another link.
Plain links cost the least; all others are in a mesh, one for all links that paths join.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf, prod
from typing import TYPE_CHECKING

from paasim.core.errors import InputError
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh
from paasim.link.mesh.meshed import MeshedLink
from paasim.link.mesh.path import Path, Tap
from paasim.link.plain.duplex import DuplexLink
from paasim.scenario.ends import directions, path_between
from paasim.scenario.hop import Hop, LastMile, LinkHop, PathHop
from paasim.scenario.world import Resource

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.core.streams import Streams
    from paasim.link.link import LinkSpec
    from paasim.link.transport.transport import TransportSpec
    from paasim.scenario.ends import End
    from paasim.scenario.routes import RouteSpec
    from paasim.scenario.scenario import Scenario


class Wiring:
    """The links of a scenario, and hops over them, which are made as they are asked for."""

    def __init__(self, env: Environment, scenario: Scenario, known: Mapping[str, End], streams: Streams) -> None:
        self._env = env
        self._streams = streams
        self._scenario = scenario
        self._specs = scenario.network.links
        self._known = known
        self._fleets = {end.site for end in known.values() if end.is_fleet}
        self._meshes = dict(_meshes(env, scenario, known))
        self._channels = {n: spec.channels(streams.get, n, scenario.base) for n, spec in self._specs.items()}
        self._links: dict[str, DuplexLink | MeshedLink] = {}
        for name, spec in self._specs.items():
            mesh = self._meshes.get(name)
            meshed = None if mesh is None else MeshedLink(name, mesh, spec.rates(), self._channels[name])
            self._links[name] = meshed or spec.build(env, name)
        self._last_miles: dict[str, LastMile] = {}
        self._taps: dict[tuple[str, bool], Taps] = {}
        self._draws: dict[str, Callable[[], float]] = {}
        self._paths: dict[tuple[str, str, str], Path] = {}

    def resources(self) -> Iterator[Resource]:
        """The links, and the last miles that hops pass."""
        for name, link in self._links.items():
            forward, backward = self._specs[name].rates()
            capacity = {
                "bytes_per_s": forward,
                "bytes_per_s_backward": backward,
                "price_per_byte": self._specs[name].price,
            }
            yield Resource(name, "link", 1, capacity, link.totals)
        for name, mile in self._last_miles.items():
            yield _last_mile(name, self._links[name], mile, self._known[mile.site].count)

    def hop(self, a: str, b: str) -> Hop | None:
        """The hop of small messages from site `a` to site `b`; None within a site that has no link to itself."""
        return self._hop(a, b, None, "")

    def kv_hop(self, a: str, b: str, name: str) -> Hop | None:
        """The hop of the KV cache of a route from site `a` to site `b`; None within a site without a link to itself."""
        return self._hop(a, b, self._scenario.routes[name], name)

    def _hop(self, a: str, b: str, route: RouteSpec | None, name: str) -> Hop | None:
        names = path_between(self._specs, a, b)
        if names is None:
            raise InputError.one(
                self._scenario.where("routes", name),
                f"{self._scenario.label}routes.{name}: no link joins the sites '{a}' and '{b}'",
                f"add one under network.links with between: [{a}, {b}]",
            )
        if not names:
            return None
        ways = list(directions(self._specs, names, a))
        end = next(self._ends(ways, a, b), None)
        mile = None if end is None else self._last_mile(end[0], end[2])
        link = self._links[names[0]]
        if len(names) == 1 and self._specs[names[0]].is_plain and isinstance(link, DuplexLink):
            return LinkHop(link, ways[0][1], mile)
        path = self._path(a, b, ways, route, name)
        tap = None if end is None or mile is None else self._tap(end[0], end[1], mile)
        if route is None:
            return PathHop(path, tap)
        kv = route.kv
        return PathHop(path, tap, kv.weight, kv.priority, kv.express or 0.0, kv.after_outage == "restart")

    def _ends(self, ways: list[tuple[str, bool]], a: str, b: str) -> Iterator[tuple[str, bool, str]]:
        """The last mile on the way: its link, whether the way goes forward there, and the devices' site."""
        for (link, is_forward), site in ((ways[0], a), (ways[-1], b)):
            if site in self._fleets and self._specs[link].access is not None:
                yield link, is_forward, site

    def _last_mile(self, link: str, site: str) -> LastMile:
        if link not in self._last_miles:
            self._last_miles[link] = LastMile(link, self._specs[link], site, self._streams, self._scenario.base)
        return self._last_miles[link]

    def _tap(self, link: str, is_forward: bool, mile: LastMile) -> Taps:
        return self._taps.setdefault((link, is_forward), Taps(link, mile, is_forward))

    def _path(self, a: str, b: str, ways: list[tuple[str, bool]], route: RouteSpec | None, name: str) -> Path:
        key = (a, b, name)
        if key not in self._paths:
            specs = [self._specs[link] for link, _ in ways]
            channels = [self._channels[link][0 if is_forward else 1] for link, is_forward in ways]
            rates = [self._specs[link].rates()[0 if is_forward else 1] for link, is_forward in ways]
            unshared = [rate for spec, rate in zip(specs, rates, strict=True) if not spec.is_shared]
            mesh = next((self._meshes[link] for link, _ in ways if link in self._meshes), None)
            self._paths[key] = Path(
                self._env,
                mesh or Mesh(self._env),
                len(self._paths),
                tuple(channels),
                sum(spec.rtt for spec in specs),
                min(unshared, default=inf),
                None if route is None else self._transport(specs, route, name),
                path_loss(specs),
                self._jitter(tuple(link for link, _ in ways)),
            )
        return self._paths[key]

    def _transport(self, specs: list[LinkSpec], route: RouteSpec, name: str) -> TransportSpec | None:
        try:
            return transport(specs, route)
        except ValueError as error:
            what = f"{self._scenario.label}routes.{name}: {error}"
            raise InputError.one(self._scenario.where("routes", name), what, "say which, e.g. transport: tcp") from None

    def _jitter(self, links: tuple[str, ...]) -> Callable[[], float] | None:
        """Draws the delay that links add to a transfer; None if they add none."""
        draws = [draw for link in links if (draw := self._draw(link)) is not None]
        return (lambda: sum(draw() for draw in draws)) if draws else None

    def _draw(self, link: str) -> Callable[[], float] | None:
        jitter = self._specs[link].jitter
        if jitter is None:
            return None
        if link not in self._draws:
            self._draws[link] = jitter.build(self._streams.get(f"link.{link}.jitter"))
        return self._draws[link]


class Taps:
    """The access links of devices in one direction, for the mesh; each is made when its device is first met."""

    def __init__(self, link: str, mile: LastMile, is_forward: bool) -> None:
        self._link = link
        self._mile = mile
        self._is_forward = is_forward
        self._taps: dict[int, Tap] = {}

    def __call__(self, device: int) -> Tap:
        """That of a device."""
        tap = self._taps.get(device)
        if tap is None:
            access = self._mile.of(device)
            assert access is not None
            rate, curve = access.forward, access.forward_curve
            if not self._is_forward:
                rate, curve = access.backward, access.backward_curve
            channel = Channel(f"{self._link}: device {device}", rate, curve)
            tap = self._taps[device] = Tap(channel, access.rtt, access.loss, access.jitter)
        return tap


def transport(specs: list[LinkSpec], route: RouteSpec) -> TransportSpec | None:
    """The transport of a route's transfers over some links: its own, else that on which they agree.

    Raises:
        ValueError: if they do not agree.
    """
    if route.transport is not None:
        return route.transport
    found = [sender for spec in specs if (sender := spec.sender()) is not None]
    if any(sender != found[0] for sender in found):
        raise ValueError("the links of its path have different transports")
    return found[0] if found else None


def path_loss(specs: Iterable[LinkSpec]) -> float:
    """Share of packets that some link of a path loses."""
    return 1.0 - prod(1.0 - spec.loss for spec in specs)


def _meshes(env: Environment, scenario: Scenario, known: Mapping[str, End]) -> Iterator[tuple[str, Mesh]]:
    """Which links are in which mesh."""
    specs = scenario.network.links
    together: list[set[str]] = []
    for route in scenario.routes.values():
        if not route.ships_kv:
            continue
        names = set(path_between(specs, known[route.prefill].site, known[route.decode].site) or ())
        if len(names) > 1 or any(not specs[name].is_plain for name in names) or not _is_plain(route):
            together = [names.union(*(s for s in together if s & names)), *(s for s in together if not s & names)]
    for names in together:
        mesh = Mesh(env)
        for name in names:
            yield name, mesh


def _is_plain(route: RouteSpec) -> bool:
    kv = route.kv
    return route.transport is None and kv.weight == 1.0 and kv.priority == 0 and kv.express is None


def _last_mile(name: str, link: DuplexLink | MeshedLink, mile: LastMile, devices: int) -> Resource:
    """The access links of a fleet's devices together: whatever passes the link passes one of them."""
    forward, backward = mile.rates()

    def totals(now: float) -> dict[str, float]:
        carried = link.totals(now)
        sent, sent_back = carried["bytes"], carried["bytes_backward"]
        busy = {"busy": sent / forward, "busy_backward": sent_back / backward}
        return busy | {"bytes": sent, "bytes_backward": sent_back}

    capacity = {"bytes_per_s": forward, "bytes_per_s_backward": backward}
    return Resource(f"{name}: last mile of {mile.site}", "access", devices, capacity, totals)
