"""The prefix cache against a naive one that keeps every entry on its own, and what it does for requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from paasim.engine.memory import KvMemory
from paasim.engine.prefix import Node, PrefixTree
from tests.laws.scenes import kv_size
from tests.laws.watch import run
from tests.small import MODEL, pool, scene, trace

Path_ = tuple[int, ...]


@dataclass
class Naive:
    """Every entry is a path from the root; what goes is looked up by going through all of them."""

    users: dict[Path_, int] = field(default_factory=dict)
    let_go: dict[Path_, int] = field(default_factory=dict)
    serial: int = 0

    def pin(self, path: Path_) -> None:
        for end in range(1, len(path) + 1):
            self.users[path[:end]] = self.users.get(path[:end], 0) + 1

    def unpin(self, path: Path_) -> None:
        self.serial += 1
        for end in range(1, len(path) + 1):
            self.users[path[:end]] -= 1
            if not self.users[path[:end]]:
                self.let_go[path[:end]] = self.serial

    def unused(self) -> list[Path_]:
        return [path for path, users in self.users.items() if not users]

    def keep(self, most: int) -> None:
        while len(unused := self.unused()) > most:
            leaves = [path for path in unused if not any(self._is_below(other, path) for other in self.users)]
            del self.users[min(leaves, key=lambda path: self.let_go[path])]

    @staticmethod
    def _is_below(other: Path_, path: Path_) -> bool:
        return len(other) > len(path) and other[: len(path)] == path

    def find(self, path: Path_) -> tuple[int, int]:
        found = [end for end in range(1, len(path) + 1) if path[:end] in self.users]
        return len(found), sum(self.users[path[:end]] > 0 for end in found)


paths = st.lists(st.integers(0, 2), min_size=1, max_size=7).map(tuple)
calls = st.lists(
    st.tuples(st.sampled_from(["pin", "pin", "unpin", "keep", "find"]), paths, st.integers(0, 12)), max_size=60
)


def named(path: Path_, names: dict[Path_, int]) -> list[int]:
    """Ids as a workload gives them: equal id, equal prefix up to and with that entry."""
    return [names.setdefault(path[:end], len(names)) for end in range(1, len(path) + 1)]


@given(calls)
def test_the_tree_does_what_single_entries_would(calls: list[tuple[str, Path_, int]]) -> None:
    tree, naive = PrefixTree(), Naive()
    names: dict[Path_, int] = {}
    held: list[tuple[Path_, Node]] = []
    for what, path, number in calls:
        if what == "pin":
            held.append((path, tree.pin(named(path, names), len(path))))
            naive.pin(path)
        elif what == "unpin" and held:
            path, node = held.pop(number % len(held))
            tree.unpin(node)
            naive.unpin(path)
        elif what == "keep":
            tree.keep(number)
            naive.keep(number)
        assert tree.unused == len(naive.unused())
        assert tree.used == len(naive.users) - len(naive.unused())
        assert tree.find(named(path, names), len(path)) == naive.find(path)
        for kept, _ in held:  # what is in use never goes
            assert tree.find(named(kept, names), len(kept)) == (len(kept), len(kept))
    for _, node in held:
        tree.unpin(node)
    assert tree.used == 0
    tree.keep(0)
    assert tree.unused == 0
    assert tree.find(named((0,), names), 1) == (0, 0)


@given(st.lists(st.tuples(paths, st.integers(1, 40)), min_size=1, max_size=8))
def test_shared_entries_are_counted_once_and_all_come_back(held: list[tuple[Path_, int]]) -> None:
    memory = KvMemory(inf, 16, 32)
    names: dict[Path_, int] = {}
    taken = []
    own = 0
    for path, rest in held:
        claim = memory.claim(named(path, names), 32 * len(path) + rest, 32 * len(path) + rest)
        before = memory.pinned
        taken.append((claim[2], memory.take(named(path, names), claim)))
        assert memory.pinned - before == claim[3]
        own += claim[2]
    shared = {path[:end] for path, _ in held for end in range(1, len(path) + 1)}
    assert memory.pinned == own + 2 * len(shared)
    for blocks, node in taken:
        memory.give_back(blocks, node)
    assert memory.pinned == 0
    assert memory.tree.unused == len(shared)


def test_of_one_prompt_the_last_entry_goes_first_and_of_several_the_oldest() -> None:
    tree = PrefixTree()
    old, new = tree.pin([1, 2, 3], 3), tree.pin([1, 2, 4, 5], 4)
    tree.unpin(old)
    tree.unpin(new)
    lengths = []
    for most in range(5, -1, -1):
        tree.keep(most)
        lengths.append((tree.find([1, 2, 3], 3)[0], tree.find([1, 2, 4, 5], 4)[0]))
    assert lengths == [(3, 4), (2, 4), (2, 3), (2, 2), (1, 1), (0, 0)]


# ---- what requests see -----------------------------------------------------------------------------------------------

CLOUD = {"cloud": {"prefill": "here.whole", "decode": "here.whole"}}


def cached(
    folder: Path, blocks: list[list[int]], prompts: list[int], tokens: int | None, gap: float = 60.0
) -> list[int]:
    """Cached tokens of requests that come one after the other (or `gap` seconds apart)."""
    requests = [(i * gap, prompt, 3) for i, prompt in enumerate(prompts)]
    room = {} if tokens is None else {"kv_memory": kv_size(MODEL, tokens)}
    pools = {"whole": pool("mixed", prefix_cache=True, **room)}
    seen = run(scene(trace(folder, requests, blocks), pools, CLOUD))
    spent = seen.records.requests["prefill_end"] - seen.records.requests["prefill_start"]
    found = seen.records.requests["cached_tokens"]
    if gap >= 60:  # alone in its step: 1 ms per token that is not cached
        assert all(abs(s - 0.001 * (p - c)) < 1e-9 for s, p, c in zip(spent, prompts, found, strict=True))
    return [int(tokens) for tokens in found]


def test_a_prefix_that_was_computed_before_is_not_computed_again(tmp_path: Path) -> None:
    blocks = [[1, 2, 3], [1, 2, 4], [5], [1, 2, 3]]
    assert cached(tmp_path, blocks, [1400, 1500, 300, 1400], None) == [0, 1024, 0, 1024]


def test_the_last_token_is_always_computed(tmp_path: Path) -> None:
    assert cached(tmp_path, [[1, 2], [1, 2]], [1024, 1024], None) == [0, 512]


def test_least_recently_used_prefixes_go_when_room_is_wanted(tmp_path: Path) -> None:
    """Room for three prompts of one entry each: the fourth takes the place of the one unused for longest."""
    order = [1, 2, 3, 1, 4, 1, 3, 2]
    assert cached(tmp_path, [[i, 100 + n] for n, i in enumerate(order)], [600] * 8, 2100) == [
        *(0, 0, 0, 512),
        *(0, 512, 512, 0),
    ]


def test_requests_at_once_share_what_they_have_in_common(tmp_path: Path) -> None:
    """Two prompts of 1,100 tokens fit into 1,500, since 1,024 of each are the same."""
    blocks = [[1, 2, 3], [1, 2, 4]]
    requests = [(0.0, 1100, 50), (0.0, 1100, 50)]
    pools = {"whole": pool("mixed", prefix_cache=True, kv_memory=kv_size(MODEL, 1500))}
    seen = run(scene(trace(tmp_path, requests, blocks), pools, CLOUD))
    starts = seen.records.requests["prefill_start"]
    assert starts[0] == starts[1]
    apart = run(scene(trace(tmp_path, requests), pools, CLOUD))
    assert all(later > sooner for sooner, later in pairwise(apart.records.requests["prefill_start"]))
