"""More of everything does no harm: what a failure says of candidates with less, and which candidate tells most.

A candidate that misses a limit takes with it all that are equal but for having no more of a resource (instances of a
pool, bandwidth of a link). That is taken to hold where more cannot slow the latency in question down:

* TTFT, TTST, queueing, and queues that grow: any resource;
* TPOT, ITL, E2EL and attainment: instances of the pools that decode, since a faster way there can crowd them;
* not for instances of a pool that keeps prefixes: requests spread over more caches, and each finds less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from paasim.scenario.ends import ends
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.space import Axis, Candidate, Space

Mask = npt.NDArray[np.bool_]

EARLY = ("ttft", "ttst", "queue")
"""Latencies that no resource slows down."""


def helps_early(base: Scenario, axis: Axis) -> bool:
    """Whether more along an axis cannot slow first tokens down."""
    if not axis.is_resource:
        return False
    steps = axis.name.split(".")
    if steps[0] == "network":
        return True
    pool = ends(base)[f"{steps[1]}.{steps[3]}"].spec
    shares = any(each.block_tokens is not None for each in base.classes.values())
    return not (pool.prefix_cache and shares)


def helps_late(base: Scenario, axis: Axis) -> bool:
    """Whether more along an axis cannot slow any token down."""
    steps = axis.name.split(".")
    decoding = {route.decode for route in base.routes.values()}
    return helps_early(base, axis) and steps[0] == "sites" and f"{steps[1]}.{steps[3]}" in decoding


class Lattice:
    """The order of a space's candidates by what they have.

    Args:
        space: whose resource axes are sorted, least first.
    """

    def __init__(self, space: Space) -> None:
        self._early = [i for i, axis in enumerate(space.axes) if helps_early(space.base, axis)]
        self._late = [i for i, axis in enumerate(space.axes) if helps_late(space.base, axis)]

    def below(self, shape: Sequence[int], candidate: Candidate, metric: str | None) -> Mask:
        """The candidates that have no more, itself included.

        Args:
            shape: of the space.
            candidate: which missed its limits.
            metric: the latency that it missed; None: queues grew.
        """
        rising = self._early if metric is None or metric in EARLY else self._late
        place = tuple(
            slice(0, position + 1) if axis in rising else slice(position, position + 1)
            for axis, position in enumerate(candidate)
        )
        found = np.zeros(tuple(shape), dtype=bool)
        found[place] = True
        return found

    def count_below(self, mask: Mask) -> npt.NDArray[np.int64]:
        """For every candidate, how many of a set have no more of any resource, itself included."""
        counts = mask.astype(np.int64)
        for axis in self._early:
            counts = np.cumsum(counts, axis=axis)
        return counts


def most_telling(
    open_: Mask, lattice: Lattice, rank: npt.NDArray[np.int64], chance: npt.NDArray[np.float64]
) -> Candidate:
    """The candidate whose simulation is expected to settle most of those that are open.

    If it fails, those with less are out; if it does, those that cost more are of no interest.

    Args:
        open_: candidates that are not settled; at least one.
        lattice: their order.
        rank: every candidate's place in the order of cost.
        chance: how likely every candidate does.
    """
    if_failing = lattice.count_below(open_)
    cheaper = np.zeros(open_.size + 1, dtype=np.int64)
    cheaper[1:] = np.cumsum(open_.reshape(-1)[np.argsort(rank.reshape(-1))])
    if_doing = int(open_.sum()) - cheaper[rank]
    settled = np.where(open_, chance * if_doing + (1.0 - chance) * if_failing, -1.0)
    best = settled.max()
    among = np.argwhere(settled >= best - 1e-9 * max(best, 1.0))
    return min((tuple(map(int, each)) for each in among), key=lambda each: int(rank[each]))
