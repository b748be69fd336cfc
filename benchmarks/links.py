"""Simulated transfers per CPU second over shared links, where many are under way at once.

Usage: python benchmarks/links.py [CONCURRENT ...]     (default 1000 10000; what 1000 must reach is printed beside it)

A fixed number of transfers is under way at any moment: as one arrives, the next one starts on the same device. Every
device has an access link of its own, of 5 to 100 MB/s; the trunk has 40 % of what they ask for together, so that some
transfers are bound by their access link and the others by the trunk. Sizes are exponential, 50 MB on average.

* `plain`: one link that nothing but its rate describes (`paasim.link.plain.direction`);
* `mesh`: the same as part of a mesh (`paasim.link.mesh.mesh`);
* `slow start`: the same over TCP with cold connections;
* `three links`: a triangle of links, over which transfers take one link or two;
* `scenario`: requests of a closed loop through `simulate_once`, over a plain link, and over two links with slow start.
  Devices are drawn at random, 50 per user, so that few have two transfers at once; with four per user every tenth has.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import yaml

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Release
from paasim.link.access import Access
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh
from paasim.link.mesh.path import Path, Tap
from paasim.link.shared import SharedSpec
from paasim.link.transport.tcp import TcpSpec
from paasim.results.manifest import is_compiled
from paasim.scenario import from_dict
from paasim.simulate import simulate_once

Send = Callable[[int, float], Moment]
"""Starts a transfer of a device, of so many bytes."""
SEED = 3
MEAN = 50e6
SLOWEST, FASTEST = 5e6, 100e6
"""Bytes per second."""
TRUNK = 0.4
"""Rate of the trunk over that of all access links."""
RTT = 0.02
PER_RUN = 5
"""Transfers per device and run."""
BARS = {"plain": 10_000, "mesh": 10_000, "mesh, slow start": 1_000, "three links, slow start": 300}
"""Transfers per CPU second that 1,000 concurrent ones must reach."""


def access_rates(devices: int) -> list[float]:
    """Bytes per second, evenly spread over the logarithm."""
    rng = np.random.default_rng(SEED)
    return [float(rate) for rate in SLOWEST * (FASTEST / SLOWEST) ** rng.random(devices)]


def plain(env: Environment, devices: int) -> Send:
    rates = access_rates(devices)
    link = SharedSpec(between=("a", "b"), bandwidth=f"{TRUNK * sum(rates) * 8} bps", rtt=f"{RTT} s").build(env, "trunk")
    taps = [Access(rate, rate, 0.0) for rate in rates]
    return lambda device, size: link.transfer(size, Release(env.now, 0.0, 0.0, 1), True, taps[device])


def mesh(env: Environment, devices: int, slow_start: bool = False) -> Send:
    rates = access_rates(devices)
    transport = TcpSpec(reuse="never") if slow_start else None
    path = Path(env, Mesh(env), 0, (Channel("trunk", TRUNK * sum(rates)),), RTT, transport=transport)
    taps = [Tap(Channel("access", rate), 0.0) for rate in rates]
    return lambda device, size: path.transfer(size, Release(env.now, 0.0, 0.0, 1), taps[device], 1.0, 0, False)


def triangle(env: Environment, devices: int, slow_start: bool = False) -> Send:
    """Six ways through a triangle: each link alone, and each pair of them, weights of one to four."""
    rates = access_rates(devices)
    transport = TcpSpec(reuse="never") if slow_start else None
    ab, bc, ca = (Channel(name, share * TRUNK * sum(rates)) for name, share in (("ab", 0.4), ("bc", 0.5), ("ca", 0.6)))
    net = Mesh(env)
    ways = [(ab,), (bc,), (ca,), (ab, bc), (bc, ca), (ca, ab)]
    paths = [Path(env, net, i, way, RTT * len(way), transport=transport) for i, way in enumerate(ways)]
    taps = [Tap(Channel("access", rate), 0.0) for rate in rates]

    def send(device: int, size: float) -> Moment:
        release = Release(env.now, 0.0, 0.0, 1)
        return paths[device % 6].transfer(size, release, taps[device], float(1 + device % 4), 0, False)

    return send


def drive(make: Callable[[Environment, int], Send], devices: int) -> float:
    """Transfers per CPU second, all devices being busy all the time."""
    env = Environment()
    send = make(env, devices)
    sizes = iter(np.random.default_rng(SEED).exponential(MEAN, (PER_RUN + 2) * devices).tolist())
    left = PER_RUN * devices

    def go_on(device: int) -> None:
        moment = send(device, next(sizes))
        assert moment.callbacks is not None
        moment.callbacks.append(lambda _: done(device))

    def done(device: int) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            go_on(device)
        else:
            env._running = False

    start = time.process_time()
    for device in range(devices):
        go_on(device)
    env.run()
    assert left <= 0
    return PER_RUN * devices / (time.process_time() - start)


SCENARIO = """
name: Many transfers at once
model: llama-3.1-8b
workload:
  arrivals: {{kind: closed-loop, users: {users}}}
  lengths: {{kind: exponential, prompt: {{mean: 400}}, output: {{fixed: 2}}}}
sites:
  cloud: {{pools: {{prefill: {{role: prefill, instances: 8, profile: {{form: {{prefill: {{b: 1 ns}}}}}}}}}}}}
  homes: {{fleet: {{devices: {devices}, profile: {{form: {{decode: {{a: 1 us}}}}}}}}}}
network:
  links: {{{links}}}
routes: {{paas: {{prefill: cloud.prefill, decode: homes, first_token: decode}}}}
router: {{kind: fixed, route: paas}}
run: {{requests: {requests}, replications: 1, seed: 3}}
"""
"""A closed loop of which next to all time is the transfer, 52 MB on average."""

ACCESS = "access: {down: 300 Mbps, up: 50 Mbps, rtt: 5 ms}"
LINKS = {
    "scenario, plain": "internet: {{between: [cloud, homes], bandwidth: {trunk} Gbps, rtt: 20 ms, {access}}}",
    "scenario, two links and slow start": (
        "wan: {{between: [cloud, exchange], bandwidth: {trunk} Gbps, rtt: 15 ms, transport: {{kind: tcp}}}}, "
        "metro: {{between: [exchange, homes], bandwidth: {wide} Gbps, rtt: 5 ms, transport: {{kind: tcp}}, {access}}}"
    ),
}


def scenario(users: int, links: str, per_user: int = 50) -> float:
    """Requests, each with a transfer, per CPU second of a whole simulation."""
    trunk = TRUNK * users * 0.3
    links = links.format(trunk=trunk, wide=2 * trunk, access=ACCESS)
    text = SCENARIO.format(users=users, devices=per_user * users, requests=PER_RUN * users, links=links)
    wired = from_dict(yaml.safe_load(text))
    start = time.process_time()
    simulate_once(wired)
    return PER_RUN * users / (time.process_time() - start)


def main() -> None:
    counts = [int(text) for text in sys.argv[1:] if text.isdigit()] or [1_000, 10_000]
    kinds: dict[str, Any] = {
        "plain": plain,
        "mesh": mesh,
        "mesh, slow start": lambda env, n: mesh(env, n, True),
        "three links": triangle,
        "three links, slow start": lambda env, n: triangle(env, n, True),
    }
    print(f"{'transfers per CPU second, ' + ('compiled' if is_compiled() else 'plain Python'):42s}{'at once':>8s}")
    for name, make in kinds.items():
        for count in counts:
            tell(name, count, drive(make, count))
    for name, links in LINKS.items():
        tell(name, 1_000, scenario(1_000, links))
    tell("scenario, plain, four devices per user", 1_000, scenario(1_000, LINKS["scenario, plain"], 4))


def tell(name: str, count: int, rate: float) -> None:
    bar = f"   at least {BARS[name]:,d}" if count == 1_000 and name in BARS else ""
    print(f"{name:42s}{count:8,d}{rate:12,.0f}{bar}", flush=True)


if __name__ == "__main__":
    main()
