"""Laws that the records of any run obey. Each function takes what a watched run left and asserts one of them."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import numpy as np

from paasim.core.recorder import Levels
from paasim.core.request import COMPLETED, DROPPED, UNFINISHED
from paasim.metrics.definitions import ttft, ttst
from paasim.metrics.itl import pooled
from paasim.metrics.parts import ttft_parts, ttst_parts
from paasim.metrics.window import Window
from paasim.scenario.ends import path_between
from tests.laws.watch import Seen

CLOSE = 1e-9
"""Of a duration or a count, relative; times are compared to the same, absolute."""
ROAD = ("arrival", "uplink_end", "prefill_start", "prefill_end")
KV_ROAD = ("transfer_start", "transfer_end", "codec_end", "handover_end", "decode_start")


def near(a: float, b: float, scale: float = 1.0) -> bool:
    return bool(abs(a - b) <= CLOSE * max(1.0, scale, abs(a), abs(b)))


def column(seen: Seen, name: str) -> np.ndarray:
    return seen.records.requests[name]


def first_from_decode(seen: Seen) -> np.ndarray:
    rules = np.array([rule == "decode" for rule in seen.records.first_token])
    return rules[column(seen, "route").astype(int)]


def ships(seen: Seen) -> np.ndarray:
    rules = np.array([not way.stays for way in seen.world.ways])
    return rules[column(seen, "route").astype(int)]


def completed(seen: Seen) -> np.ndarray:
    return column(seen, "outcome") == COMPLETED


def steps(seen: Seen) -> np.ndarray:
    """Decode steps of each request: one less where the prefill side emits the first token."""
    return column(seen, "output_tokens") - ~first_from_decode(seen)


def computed(seen: Seen) -> np.ndarray:
    """Whose prompt a prefill engine computed, whatever became of its KV."""
    return ~np.isnan(column(seen, "prefill_end"))


def computed_again(seen: Seen) -> np.ndarray:
    """How often each request's context was computed again: after preemptions, and where its text was sent."""
    names = np.array([name == "text" for name in seen.records.levels] + [False])  # level -1 reads the last entry
    return column(seen, "preemptions") + names[column(seen, "kv_level").astype(int)]


def every_request_ends_in_one_outcome(seen: Seen) -> None:
    outcome, reason = column(seen, "outcome"), column(seen, "reason")
    assert len(outcome) == seen.world.arrived
    assert np.array_equal(column(seen, "index"), np.arange(len(outcome)))
    assert set(outcome) <= {UNFINISHED, COMPLETED, DROPPED}
    assert np.array_equal(outcome == DROPPED, reason >= 0)
    if seen.scenario.run.drain:
        assert not np.any(outcome == UNFINISHED)
    assert np.all(np.diff(column(seen, "arrival")) >= 0)
    assert np.all(column(seen, "arrival") <= seen.records.end)


def stamps_never_go_back(seen: Seen) -> None:
    done = completed(seen)

    def ordered(*names: str, where: np.ndarray) -> None:
        for before, after in pairwise(names):
            late = column(seen, after)[where] - column(seen, before)[where]
            assert not np.any(np.isnan(late)), (before, after)
            assert np.all(late >= -CLOSE), (before, after, float(late.min()))

    ordered(*ROAD, where=done)
    decodes = done & (steps(seen) > 0)
    moves = decodes & ships(seen)
    ordered("prefill_start", *KV_ROAD, where=moves)
    ordered("prefill_end", "encode_end", "transfer_end", where=moves)
    ordered("prefill_end", "decode_start", "first_step", "finish", where=decodes)
    ordered("first_step", "second_step", "finish", where=decodes & (steps(seen) > 1))
    ordered("prefill_end", "first_token", "last_token", where=done)
    ordered("finish", "last_token", where=done)
    ordered("first_token", "second_token", "last_token", where=done & (column(seen, "output_tokens") > 1))
    assert np.all(np.nan_to_num(column(seen, "finish")) <= seen.records.end + CLOSE)


def parts_add_up(seen: Seen) -> None:
    columns, rules = seen.records.requests, seen.records.first_token
    for parts, whole in ((ttft_parts(columns, rules), ttft(columns)), (ttst_parts(columns, rules), ttst(columns))):
        total = sum(parts.values())
        known = completed(seen) & ~np.isnan(whole)
        for name, part in parts.items():
            assert np.all(part[known] >= 0), name
        assert np.all(np.abs(total - whole)[known] <= CLOSE), float(np.abs(total - whole)[known].max())


def links_carry_what_was_sent(seen: Seen) -> None:
    sizes, routes = column(seen, "kv_bytes"), column(seen, "route").astype(int)
    begun, ended = ~np.isnan(column(seen, "transfer_start")), ~np.isnan(column(seen, "transfer_end"))
    for level in _levels(seen, "link"):
        spec = seen.scenario.network.links[level.name]
        total = level.totals["bytes"] + level.totals["bytes_backward"]
        uses = np.array([level.name in _links_of(seen, name) for name in seen.records.routes])[routes]
        assert total[-1] >= float(np.sum(sizes[uses & ended])) * (1 - CLOSE) - 1
        if all(route.kv.after_outage == "resume" for route in seen.scenario.routes.values()):
            assert total[-1] <= float(np.sum(sizes[uses & begun])) * (1 + CLOSE) + 1  # nothing is sent twice
        if getattr(spec, "kind", "") == "fixed":
            continue
        for name, rate in zip(("bytes", "bytes_backward"), spec.rates(), strict=True):
            sent, time = np.diff(level.totals[name]), np.diff(level.times)
            assert np.all(sent >= -1e-3)
            assert np.all(sent <= rate * time * (1 + CLOSE) + rate * CLOSE + 1), level.name


def _links_of(seen: Seen, route: str) -> list[str]:
    spec = seen.scenario.routes[route]
    if not spec.ships_kv:
        return []
    sites = [end.split(".")[0] for end in (spec.prefill, spec.decode)]
    return path_between(seen.scenario.network.links, *sites) or []


def engines_stay_inside_their_limits(seen: Seen) -> None:
    for level in _levels(seen, "pool", "fleet"):
        time = np.diff(level.times) * level.servers
        slack = CLOSE * (1 + level.times[-1]) * level.servers
        assert np.all(np.diff(level.totals["busy"]) <= time + slack)
        # Not of queue and running: who joins a decode run is counted at the coming step boundary, a little ahead.
        for name in ("busy", "tokens", "kv_tokens"):
            assert np.all(np.diff(level.totals[name]) >= -slack), name
        room = level.capacity.get("kv_tokens", inf)
        if room < inf:
            # The level is taken at samples, and the last one may lie beyond the end of the run.
            assert np.all(np.diff(level.totals["kv_tokens"])[:-1] <= room * (time + slack)[:-1])
    for way in seen.world.ways:
        for group in (way.prefill, way.decode):
            if not seen.scenario.run.drain:
                continue
            assert group.meter.queue == group.meter.running == group.meter.busy == 0
            for instance in getattr(group, "instances", None) or group._devices.values():
                assert instance.memory.pinned == 0
                assert instance.decoding.count == instance.decoding.tokens == 0
                assert instance.seqs == instance.load == 0
                left = (instance.waiting, instance.rooms, instance.ready, instance.partial)
                assert not any(left)


def tokens_are_conserved(seen: Seen) -> None:
    """What the engines computed is what requests were given, and what was computed again after preemptions."""
    if not seen.scenario.run.drain:
        return
    done = completed(seen)
    again = computed_again(seen)[done]
    pools = list(_levels(seen, "pool", "fleet"))
    prompts = sum(float(level.totals["prompt_tokens"][-1]) for level in pools)
    every = sum(float(level.totals["tokens"][-1]) for level in pools)
    want = float(np.sum((column(seen, "prompt_tokens") - column(seen, "cached_tokens"))[computed(seen)]))
    assert prompts >= want
    if not np.any(again):
        assert prompts == want
    # Each time that a sequence is computed again, the prefill step gives it its next token.
    assert every - prompts == float(np.sum(steps(seen)[done] - again))


def gaps_are_complete(seen: Seen) -> None:
    """Every pair of tokens of a request that follow each other is one gap."""
    if not seen.scenario.run.drain:
        return
    done = completed(seen)
    gaps = seen.records.gaps
    assert np.all(gaps["steps"] > 0)
    assert np.all(gaps["sequences"] >= 0)
    weight, k = gaps["sequences"], gaps["steps"]
    own = np.maximum(steps(seen) - 1, 0)
    assert float(np.sum(weight * k)) == float(np.sum(own[done]))
    total = float(np.sum(weight * (k * gaps["first"] + gaps["growth"] * k * (k - 1) / 2)))
    spans = (column(seen, "finish") - column(seen, "first_step"))[done & (own > 0)]
    assert near(total, float(np.sum(spans)), scale=1 + len(gaps["first"]) * seen.records.end)
    everything = pooled(seen.records, Window(0.0, inf, done))
    assert everything.count == int(np.sum((column(seen, "output_tokens") - 1)[done]))


def little(seen: Seen) -> None:
    """The time integral of a level is the sum of the times that requests spent in it."""
    if not seen.scenario.run.drain or np.any(column(seen, "preemptions")):
        return
    done, moves = completed(seen), ships(seen)
    routes = column(seen, "route").astype(int)
    decodes = done & moves & (steps(seen) > 0)
    for level in _levels(seen, "pool", "fleet"):
        here = np.array([seen.scenario.routes[name].prefill == level.name for name in seen.records.routes])[routes]
        there = np.array([seen.scenario.routes[name].decode == level.name for name in seen.records.routes])[routes]
        queue = _spent(seen, "uplink_end", "prefill_start", computed(seen) & here)
        queue += _spent(seen, "handover_end", "decode_start", decodes & there)
        assert near(level.totals["queue"][-1], queue, scale=len(done) * seen.records.end), level.name
        running = _spent(seen, "prefill_start", "prefill_end", computed(seen) & here & moves)
        running += _spent(seen, "prefill_start", "finish", done & here & ~moves)
        running += _spent(seen, "decode_start", "finish", decodes & there)
        assert near(level.totals["running"][-1], running, scale=len(done) * seen.records.end), level.name


def _spent(seen: Seen, start: str, end: str, where: np.ndarray) -> float:
    return float(np.sum((column(seen, end) - column(seen, start))[where]))


def _levels(seen: Seen, *kinds: str) -> list[Levels]:
    return [level for level in seen.records.resources if level.kind in kinds]


LAWS = (
    every_request_ends_in_one_outcome,
    stamps_never_go_back,
    parts_add_up,
    links_carry_what_was_sent,
    engines_stay_inside_their_limits,
    tokens_are_conserved,
    gaps_are_complete,
    little,
)
