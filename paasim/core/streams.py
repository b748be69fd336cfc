"""Named random streams: what one part draws never shifts what another part draws.

A stream is (seed, replication, purpose). The purpose is hashed with BLAKE2b, never with `hash()`, and passed as a
spawn key to `numpy.random.SeedSequence`, so that streams are independent and the same on every machine.
"""

from __future__ import annotations

import hashlib

import numpy as np


class Streams:
    """The random streams of one replication of a run."""

    def __init__(self, seed: int, replication: int = 0) -> None:
        self.seed = seed
        self.replication = replication
        self._given: set[str] = set()

    def get(self, purpose: str) -> np.random.Generator:
        """A fresh generator for `purpose`, such as `workload.chat.arrivals`.

        Raises:
            ValueError: if the purpose was given out before: two owners of one stream would be correlated.
        """
        if purpose in self._given:
            raise ValueError(f"random stream '{purpose}' has two owners")
        self._given.add(purpose)
        digest = hashlib.blake2b(purpose.encode(), digest_size=16).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.replication, *words))
        return np.random.Generator(np.random.PCG64(sequence))
