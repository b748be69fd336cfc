"""The network against queueing theory: links in the mesh, classes, weights, priorities, access links, paths.

A slowdown is the mean time of a transfer over its mean time alone.
"""

from __future__ import annotations

import pytest

from paasim.core.recorder import Records
from tests.theory.network import EXPONENTIAL, RATE, by, holds, link, poisson, route, simulate
from tests.theory.test_queues import erlang_c

LOGNORMAL = {
    "kind": "lognormal",
    "prompt": {"mean": 10_000, "sigma": 0.8, "min": 1, "max": 1_000_000},
    "output": {"fixed": 1},
}
FIXED = {"kind": "fixed", "prompt": 10_000, "output": 1}


@pytest.mark.parametrize(
    ("lengths", "requests"),
    [(EXPONENTIAL, 1_200), (FIXED, 600)],
    ids=["M/M/1-PS", "M/D/1-PS"],
)
def test_one_link(lengths: dict[str, object], requests: int) -> None:
    """M/G/1-PS: 1 / (1 - load), whatever the law (Kleinrock, Queueing Systems II, section 4.4), in the mesh as well."""
    load = 0.22
    found = simulate({"all": poisson(load, lengths)}, {"wire": link()}, {"only": route(weight=2.0)}, requests=requests)
    holds(found, 1 / (1 - load))


@pytest.mark.long
def test_classes_of_different_sizes() -> None:
    """Processor sharing is as slow for every class: E[S_i] / (1 - load) (Kelly, Reversibility, section 3.3)."""
    loads = {
        "short": (0.05, {"kind": "fixed", "prompt": 2_000, "output": 1}, 2_000),
        "long": (0.15, EXPONENTIAL, 10_000),
    }
    workloads = {name: poisson(*given) for name, given in loads.items()}
    found = simulate(workloads, {"wire": link()}, {"only": route(weight=2.0)}, requests=1_500)
    for klass in range(2):
        holds(found, 1 / (1 - 0.2), by("class", klass))


@pytest.mark.long
@pytest.mark.parametrize("kv", [{}, {"weight": 2.0}], ids=["plain", "mesh"])
def test_access_links_and_a_trunk(kv: dict[str, float]) -> None:
    """Flows that get C/n each and share C: the mean time of M/M/n, whatever the law of sizes.

    Source: J. W. Cohen, The multiple phase service network with generalized processor sharing, Acta Informatica 12
    (1979). So many devices that no two transfers share an access link.
    """
    lines, load = 4, 0.5
    fleet = {"b": {"fleet": {"devices": 100_000, "profile": {"form": {"decode": {"a": "1 ns"}}}}}}
    speed = f"{RATE / lines} B/s"
    trunk = link(access={"down": speed, "up": speed, "rtt": "0 s"})
    found = simulate(
        {"all": poisson(load, LOGNORMAL)}, {"trunk": trunk}, {"only": route(decode="b", **kv)},
        requests=700, sites=fleet,
    )  # fmt: skip
    holds(found, 1 + erlang_c(lines, load * lines) / (lines * (1 - load)), rate=RATE / lines)


@pytest.mark.long
def test_a_path_of_two_links() -> None:
    """Two ways that meet in front of the narrowest link: it alone decides, and is shared by the flows of both."""
    load, cut = 0.22, 8_000
    links = {"left": link(("a", "x"), 3 * RATE), "right": link(("c", "x"), 2 * RATE), "last": link(("x", "b"))}
    found = simulate(
        {"all": poisson(load, EXPONENTIAL)},
        links,
        {"left": route(), "right": route("c.prefill")},
        requests=1_500,
        router={"kind": "threshold", "prompt_tokens": cut, "below": "left", "above": "right"},
        sites={"x": {}},
    )
    for way in range(2):
        holds(found, 1 / (1 - load), by("route", way))


BELOW = 4_000
"""Prompts of up to so many tokens are of the first class, the others of the second: a request's class is its route."""
MEANS = 400, 4_000_000
"""Tokens of a prompt on average. Each law has less than 0.1 % on the other side."""


def two_classes(loads: tuple[float, float], sizes: tuple[float, float], **ways: dict[str, float]) -> list[Records]:
    """Two classes of exponential sizes, `sizes` times `SERVICE` alone on the link, brought about by codecs' ratios."""
    routes, workloads = {}, {}
    for i, (name, kv) in enumerate(ways.items()):
        ratio = MEANS[i] / 10_000 / sizes[i]
        workloads[name] = poisson(loads[i], EXPONENTIAL | {"prompt": {"mean": MEANS[i]}}, 10_000 * sizes[i])
        routes[name] = route(codec={"kind": "ratio", "ratio": ratio}, **kv)
    first, second = ways
    router = {"kind": "threshold", "prompt_tokens": BELOW, "below": first, "above": second}
    return simulate(workloads, {"wire": link()}, routes, requests=2_300, router=router)


def discriminatory(loads: tuple[float, float], sizes: tuple[float, float], weights: tuple[float, float]) -> list[float]:
    """Slowdown of two classes of exponential sizes that share by weight.

    Source: G. Fayolle, I. Mitrani, R. Iasnogorodski, Sharing a processor among many job classes, Journal of the ACM
    27 (1980), section 3.
    """
    (a, b), (s, t), (g, h) = loads, sizes, weights
    whole = g / s * (1 - a) + h / t * (1 - b)
    return [(1 + b * (h - g) / s / whole) / (1 - a - b), (1 + a * (g - h) / t / whole) / (1 - a - b)]


@pytest.mark.long
def test_weights() -> None:
    loads, sizes, weights = (0.1, 0.1), (0.04, 0.04), (4.0, 1.0)
    found = two_classes(loads, sizes, heavy={"weight": weights[0]}, light={"weight": weights[1]})
    for i, theory in enumerate(discriminatory(loads, sizes, weights)):
        holds(found, theory, by("route", i))


@pytest.mark.long
def test_priorities() -> None:
    """The first class as if alone, M/M/1-PS; the second as in the preemptive-resume M/M/1.

    With exponential sizes it does not matter for the mean how a class shares what it gets (Kleinrock, Queueing Systems
    II, section 3.4): E[T2] = E[S2] / (1 - a) + (λ1 E[S1²] + λ2 E[S2²]) / 2 / ((1 - a) (1 - a - b)).
    """
    (a, b), (s, t) = loads, sizes = (0.1, 0.08), (0.04, 0.04)
    found = two_classes(loads, sizes, first={"priority": 1}, second={})
    holds(found, 1 / (1 - a), by("route", 0))
    holds(found, 1 / (1 - a) + (a * s + b * t) / t / ((1 - a) * (1 - a - b)), by("route", 1))
