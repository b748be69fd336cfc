"""KV memory of one instance, in blocks, and the prefix cache that lives in whatever blocks are free.

Blocks of `block` tokens, as in PagedAttention (arXiv 2309.06180). Decoding sequences account for their own growing
blocks (`decoding.py`); everything else that holds blocks (prompts being computed, KV being sent, room reserved for KV
under way, prefix entries in use) is counted here in `pinned`. Prefix entries that nobody uses cost nothing, since they
go the moment their room is wanted (`prefix.py`).

Left out: copy-on-write of partial blocks, swapping to host memory. Entries are cached from the moment their prompt is
admitted, as vLLM does, also where a chunked prefill computes them a little later.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from paasim.engine.prefix import Node, PrefixTree

Claim = tuple[int, int, int, int]
"""What holding a request's KV takes: prefix entries that it would use; how many of them are in memory, from the front;
blocks of its own besides; blocks to find for it (its own, and those of entries that nobody uses yet). A plain tuple,
since one is made for every admission."""


class KvMemory:
    """Blocks of one instance.

    Args:
        tokens: KV capacity in tokens; infinity = no limit.
        block: tokens per block.
        entry: tokens per prefix-cache entry (the workload's hash block), a multiple of `block`; 0 = no prefix cache.
    """

    __slots__ = ("_entry_blocks", "block", "capacity", "entry", "growing", "pinned", "tree")

    def __init__(self, tokens: float, block: int, entry: int = 0) -> None:
        self.block = block
        self.capacity: float = inf if tokens == inf else tokens // block
        """Blocks in all."""
        self.pinned = 0
        """Blocks in use, without those of decoding sequences."""
        self.entry = entry
        self._entry_blocks = -(-entry // block)
        self.tree = PrefixTree()
        self.growing = 0
        """Blocks that decoding sequences may come to hold before anyone looks again, at most."""

    def claim(self, ids: Sequence[int] | None, prompt: int, tokens: int) -> Claim:
        """What holding `tokens` tokens of a request takes, whose prompt has these entries: whole ones are shared."""
        if not self.entry or not ids:
            own = -(-tokens // self.block)
            return 0, 0, own, own
        entries = min(prompt // self.entry, len(ids))
        own = -(-(tokens - entries * self.entry) // self.block)
        found, in_use = self.tree.find(ids, entries)
        return entries, found, own, own + (entries - in_use) * self._entry_blocks

    def take(self, ids: Sequence[int] | None, claim: Claim) -> Node | None:
        """Hold what was claimed; returns what `give_back` takes for the prefix entries."""
        entries, _, own, _ = claim
        self.pinned += own
        if not entries:
            return None
        tree = self.tree
        before = tree.used
        node = tree.pin(ids or (), entries)
        self.pinned += (tree.used - before) * self._entry_blocks
        return node

    def give_back(self, own: int, node: Node | None) -> None:
        """Let go of blocks of its own, and of prefix entries."""
        self.pinned -= own
        if node is not None:
            tree = self.tree
            before = tree.used
            tree.unpin(node)
            self.pinned -= (before - tree.used) * self._entry_blocks

    def hits(self, ids: Sequence[int] | None, prompt: int) -> int:
        """Tokens of a prompt that are cached; at least its last token has to be computed."""
        if not self.entry or not ids:
            return 0
        return self.entry * self.tree.find(ids, min((prompt - 1) // self.entry, len(ids)))[0]

    def is_crowded(self) -> bool:
        """Whether cached entries may have to go: they are let go lazily, when something has come in."""
        tree = self.tree
        return tree.unused > 0 and self.pinned + tree.unused * self._entry_blocks > self.capacity - self.growing

    def trim(self, decoding_blocks: float) -> None:
        """Let cached entries go until all fits beside what is pinned and decoding; call it when either grew."""
        room = (self.capacity - self.pinned - decoding_blocks) // self._entry_blocks
        if self.tree.unused > room:
            self.tree.keep(int(room) if room > 0 else 0)
