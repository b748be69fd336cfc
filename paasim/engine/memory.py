"""KV memory of one instance: blocks, and the prefix cache that lives in whatever blocks are free.

Blocks of `block` tokens, as in PagedAttention (arXiv 2309.06180). Decoding sequences account for their own growing
blocks (`decoding.py`); everything else that holds blocks (prompts being computed, KV being sent, room reserved for KV
under way, cached blocks in use) is counted here in `pinned`. The prefix cache keeps blocks that nobody uses any more
in least-recently-used order; they cost nothing, since they go the moment their room is wanted.

Left out: copy-on-write of partial blocks, swapping to host memory. Entries are cached from the moment their prompt is
admitted, as vLLM does, also where a chunked prefill computes them a little later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf


class KvMemory:
    """Blocks of one instance.

    Args:
        tokens: KV capacity in tokens; infinity = no limit.
        block: tokens per block.
        entry: tokens per prefix-cache entry (the workload's hash block); 0 = no prefix cache.
    """

    __slots__ = (
        "_chains",
        "_serial",
        "block",
        "cached",
        "capacity",
        "entry",
        "entry_blocks",
        "extra",
        "pinned",
        "used",
    )

    def __init__(self, tokens: float, block: int, entry: int = 0) -> None:
        self.block = block
        self.capacity: float = inf if tokens == inf else tokens // block
        """Blocks in all."""
        self.pinned = 0
        """Blocks in use, without those of decoding sequences."""
        self.entry = entry
        self.entry_blocks = -(-entry // block)
        self.used: set[int] = set()
        """Cache entries in use."""
        self.extra: dict[int, int] = {}
        """Of these, the ones with several users -> users beyond the first."""
        self.cached: dict[int, int] = {}
        """Cache entries that nobody uses -> when they were last let go (a serial number)."""
        self._chains: deque[tuple[int, list[int]]] = deque()
        """(serial number, entries) as they were let go: the oldest goes first, from its end. Entries that were used
        again since stand in a later chain, or in none."""
        self._serial = 0

    def blocks(self, tokens: int) -> int:
        """Blocks that hold `tokens` tokens."""
        return -(-tokens // self.block)

    # Entries of one prompt are a chain: whoever uses or keeps an entry does so with all before it, and the last of a
    # chain goes first. So presence, use and shared use each hold for a leading part of any prompt's entries, and the
    # rest can be handled at once.

    def hits(self, ids: Sequence[int] | None, most: int) -> int:
        """How many of the first `most` prefix entries are in memory, counted from the front."""
        if not self.entry or ids is None:
            return 0
        used, cached = self.used, self.cached
        count = 0
        for i in ids[:most]:
            if i not in used and i not in cached:
                break
            count += 1
        return count

    def claim(self, ids: Sequence[int] | None, prompt: int, tokens: int) -> tuple[int, int, int]:
        """What holding `tokens` tokens of a request takes: (prefix entries, blocks of its own, blocks to find).

        Whole prefix entries of the prompt are shared; the rest are blocks of its own. The last figure counts what is
        not yet pinned by others.
        """
        if not self.entry or ids is None:
            need = -(-tokens // self.block)
            return 0, need, need
        pins = min(prompt // self.entry, len(ids))
        need = -(-(tokens - pins * self.entry) // self.block)
        return pins, need, need + (pins - self._in_use(ids, pins)) * self.entry_blocks

    def _in_use(self, ids: Sequence[int], count: int) -> int:
        """How many of the first `count` entries somebody uses."""
        used = self.used
        found = 0
        for i in ids[:count]:
            if i not in used:
                break
            found += 1
        return found

    def pin(self, ids: Sequence[int], count: int) -> None:
        """Use the first `count` entries: those that nobody used so far now take room for good."""
        extra, cached = self.extra, self.cached
        shared = self._in_use(ids, count)
        for i in ids[:shared]:
            extra[i] = extra.get(i, 0) + 1
        new = ids[shared:count]
        for i in new:
            if cached.pop(i, None) is None:
                break
        self.used.update(new)
        self.pinned += len(new) * self.entry_blocks

    def unpin(self, ids: Sequence[int], count: int) -> None:
        """Stop using the first `count` entries; the last become the first to go (children before parents)."""
        extra = self.extra
        shared = 0
        for i in ids[:count]:
            more = extra.get(i)
            if more is None:
                break
            if more > 1:
                extra[i] = more - 1
            else:
                del extra[i]
            shared += 1
        free = list(ids[shared:count])
        if free:
            self._serial = serial = self._serial + 1
            self.used.difference_update(free)
            self.cached.update(dict.fromkeys(free, serial))
            self._chains.append((serial, free))
            self.pinned -= len(free) * self.entry_blocks

    def trim(self, decoding_blocks: float) -> None:
        """Let cached entries go until all fits; called whenever something else took room."""
        cached, chains = self.cached, self._chains
        room = (self.capacity - self.pinned - decoding_blocks) // self.entry_blocks
        most = room if room > 0 else 0
        while len(cached) > most:
            serial, ids = chains[0]
            while ids and len(cached) > most:
                i = ids.pop()
                if cached.get(i) == serial:
                    del cached[i]
            if not ids:
                chains.popleft()
