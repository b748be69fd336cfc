"""The prefix cache of one instance: a tree of prompt prefixes, those in use pinned, the others least recently used.

An entry is one block of a prompt (as the workload hashes them): equal id, equal prefix up to and with that block. A
node holds a run of entries that were only ever met together, so that a prompt of dozens of entries is two or three
nodes (the radix tree of SGLang, arXiv 2312.07104). Entries that nobody uses stay until their room is wanted: those
unused for longest go first, and of one prompt the last entry first, so that what remains is always a whole prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush


class Node:
    """A run of entries below a parent."""

    __slots__ = ("children", "ids", "let_go", "parent", "users")

    def __init__(self, ids: Sequence[int], parent: Node | None, users: int) -> None:
        self.ids = list(ids)
        self.parent = parent
        self.users = users
        """Requests that use all of it."""
        self.children: dict[int, Node] = {}
        self.let_go = 0
        """When it was last let go (a serial number)."""


class PrefixTree:
    """Entries in memory. `used` counts those that somebody uses, `unused` those that are only kept."""

    __slots__ = ("_pushes", "_root", "_serial", "_unused_leaves", "unused", "used")

    def __init__(self) -> None:
        self._root = Node((), None, 1)
        self._unused_leaves: list[tuple[int, int, Node]] = []
        """(when let go, tie-breaker, node): candidates to go; what was used again since is skipped."""
        self._serial = self._pushes = 0
        self.used = 0
        self.unused = 0

    def find(self, ids: Sequence[int], most: int) -> tuple[int, int]:
        """How many of the first `most` entries are in memory, and how many of them are in use, both from the front."""
        node = self._root
        found = in_use = 0
        while found < most:
            child = node.children.get(ids[found])
            if child is None:
                break
            length = _common(child.ids, ids, found, most)
            found += length
            if child.users:
                in_use = found
            if length < len(child.ids):
                break
            node = child
        return found, in_use

    def pin(self, ids: Sequence[int], count: int) -> Node:
        """Use the first `count` (at least one) entries, adding those that are missing; returns what `unpin` takes."""
        node = self._root
        at = 0
        while at < count:
            child = node.children.get(ids[at])
            if child is None:
                child = node.children[ids[at]] = Node(ids[at:count], node, 1)
                self.used += count - at
                return child
            length = _common(child.ids, ids, at, count)
            if length < len(child.ids):
                child = self._split(child, length)
            if not child.users:
                self.used += length
                self.unused -= length
            child.users += 1
            node = child
            at += length
        return node

    def _split(self, node: Node, length: int) -> Node:
        """Cut a node after `length` entries; returns the front part, which is new."""
        parent = node.parent
        assert parent is not None
        front = Node(node.ids[:length], parent, node.users)
        front.let_go = node.let_go
        parent.children[front.ids[0]] = front
        node.ids = node.ids[length:]
        node.parent = front
        front.children[node.ids[0]] = node
        return front

    def unpin(self, node: Node) -> None:
        """Stop using what `pin` returned this node for."""
        self._serial = serial = self._serial + 1
        at: Node | None = node
        while at is not None and at is not self._root:
            at.users -= 1
            if not at.users:
                at.let_go = serial
                self.used -= len(at.ids)
                self.unused += len(at.ids)
                if not at.children:
                    self._may_go(at)
            at = at.parent

    def _may_go(self, node: Node) -> None:
        self._pushes += 1
        heappush(self._unused_leaves, (node.let_go, self._pushes, node))

    def keep(self, most: int) -> None:
        """Let unused entries go until at most `most` of them are left."""
        leaves = self._unused_leaves
        while self.unused > most:
            serial, _, node = leaves[0]
            if node.users or node.children or node.let_go != serial or not node.ids:
                heappop(leaves)
                continue
            excess = self.unused - most
            if excess < len(node.ids):
                del node.ids[-excess:]
                self.unused = most
                return
            heappop(leaves)
            self.unused -= len(node.ids)
            parent = node.parent
            assert parent is not None
            del parent.children[node.ids[0]]
            node.ids = []
            if parent.parent is not None and not parent.users and not parent.children:
                self._may_go(parent)


def _common(own: list[int], ids: Sequence[int], start: int, end: int) -> int:
    """How many entries of `own` agree with `ids[start:end]`, counted from the front."""
    length = len(own)
    if length <= end - start:
        if own == ids[start : start + length]:
            return length
    else:
        length = end - start
    for i in range(length):
        if own[i] != ids[start + i]:
            return i
    return length
