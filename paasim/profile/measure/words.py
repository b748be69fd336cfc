"""Prompts of a wanted length that no server has seen before.

Random common words, so that neither this run nor an earlier one left them in the prefix cache. The seed is fresh each
time on purpose: with a fixed one, a second run would measure the cache. How many tokens a word is, is learned from
the server's own counts.
"""

from __future__ import annotations

import numpy as np

_COMMON = (
    "apple river stone house green light water music paper table window garden summer winter market school doctor "
    "engine planet silver bridge forest island letter mother father animal bottle butter camera castle circle coffee "
    "corner cotton danger dinner family finger flower friend future golden ground hammer harbor health island jacket "
    "kitchen ladder leather lemon library lion machine mirror money morning mountain nature number office orange "
    "people picture pilot pocket queen question rabbit record river season second shadow sister spring square street "
    "student sugar system teacher theory thunder ticket tiger tower train travel tree valley village voice weather "
    "wheel wind wire woman world yellow young zero"
)
WORDS = tuple(_COMMON.split())
GO_ON = " Now count upwards and never stop: 1 2 3 4 5 6 7 8 9 10 11 12"
"""After which a model that may end its answer rarely does."""


class Words:
    """Makes prompts, and learns how long they are."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng()
        self.offset = 0.0
        """Tokens of a prompt besides its words: chat template, begin-of-text."""
        self.per_word = 1.0
        """Tokens of a word."""

    def learn(self, few: tuple[int, int], many: tuple[int, int]) -> None:
        """Learn from two prompts, each as (words, tokens)."""
        if many[0] > few[0] and many[1] > few[1]:
            self.per_word = (many[1] - few[1]) / (many[0] - few[0])
            self.offset = max(0.0, few[1] - self.per_word * few[0])

    def count(self, tokens: float) -> int:
        """Words of a prompt of so many tokens, at least one."""
        return max(1, round((tokens - self.offset) / self.per_word))

    def text(self, words: int) -> str:
        """So many random words."""
        return " ".join(WORDS[i] for i in self._rng.integers(len(WORDS), size=words))
