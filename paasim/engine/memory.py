"""KV memory of one instance: blocks, and the prefix cache that lives in whatever blocks are free.

Blocks of `block` tokens, as in PagedAttention (arXiv 2309.06180). Decoding sequences account for their own growing
blocks (`decoding.py`); everything else that holds blocks (prompts being computed, KV being sent, room reserved for KV
under way, cached blocks in use) is counted here in `pinned`. The prefix cache keeps blocks that nobody uses any more
in least-recently-used order; they cost nothing, since they go the moment their room is wanted.

Left out: copy-on-write of partial blocks, swapping to host memory. Entries are cached from the moment their prompt is
admitted, as vLLM does, also where a chunked prefill computes them a little later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from math import inf


class KvMemory:
    """Blocks of one instance.

    Args:
        tokens: KV capacity in tokens; infinity = no limit.
        block: tokens per block.
        entry: tokens per prefix-cache entry (the workload's hash block); 0 = no prefix cache.
    """

    __slots__ = ("block", "cached", "capacity", "entry", "entry_blocks", "pinned", "users")

    def __init__(self, tokens: float, block: int, entry: int = 0) -> None:
        self.block = block
        self.capacity: float = inf if tokens == inf else tokens // block
        """Blocks in all."""
        self.pinned = 0
        """Blocks in use, without those of decoding sequences."""
        self.entry = entry
        self.entry_blocks = -(-entry // block)
        self.users: dict[int, int] = {}
        """Cache entries in use -> number of users."""
        self.cached: OrderedDict[int, None] = OrderedDict()
        """Cache entries that nobody uses, least recently used first."""

    def blocks(self, tokens: int) -> int:
        """Blocks that hold `tokens` tokens."""
        return -(-tokens // self.block)

    def hits(self, ids: Sequence[int] | None, most: int) -> int:
        """How many of the first `most` prefix entries are in memory, counted from the front."""
        if not self.entry or ids is None:
            return 0
        users, cached = self.users, self.cached
        count = 0
        for i in ids[:most]:
            if i not in users and i not in cached:
                break
            count += 1
        return count

    def claim(self, ids: Sequence[int] | None, prompt: int, tokens: int) -> tuple[int, int, int]:
        """What holding `tokens` tokens of a request takes: (prefix entries, blocks of its own, blocks to find).

        Whole prefix entries of the prompt are shared; the rest are blocks of its own. The last figure counts what is
        not yet pinned by others.
        """
        if not self.entry or ids is None:
            need = self.blocks(tokens)
            return 0, need, need
        pins = min(prompt // self.entry, len(ids))
        need = self.blocks(tokens - pins * self.entry)
        return pins, need, need + self.unpinned(ids, pins) * self.entry_blocks

    def unpinned(self, ids: Sequence[int], count: int) -> int:
        """How many of the first `count` entries would have to be pinned anew, in entries."""
        users = self.users
        return count - sum(1 for i in ids[:count] if i in users)

    def pin(self, ids: Sequence[int], count: int) -> None:
        """Use the first `count` entries: those that nobody used so far now take room for good."""
        users, cached = self.users, self.cached
        for i in ids[:count]:
            if i in users:
                users[i] += 1
            else:
                users[i] = 1
                cached.pop(i, None)
                self.pinned += self.entry_blocks

    def unpin(self, ids: Sequence[int], count: int) -> None:
        """Stop using the first `count` entries; the last become the first to go (children before parents)."""
        users, cached = self.users, self.cached
        for i in reversed(ids[:count]):
            left = users[i] - 1
            if left:
                users[i] = left
            else:
                del users[i]
                cached[i] = None
                self.pinned -= self.entry_blocks

    def trim(self, decoding_blocks: float) -> None:
        """Let cached entries go until all fits; called whenever something else took room."""
        room = (self.capacity - self.pinned - decoding_blocks) // self.entry_blocks
        cached = self.cached
        while len(cached) > room and cached:
            cached.popitem(last=False)
