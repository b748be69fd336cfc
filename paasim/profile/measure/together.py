"""Streams that decode together, and what a step takes while all of them do.

The window begins when the last stream has its first token and ends when the first stream ends; within it every step of
the engine gives each stream one token, so a step takes what lies between two tokens of a stream. Parts of an answer can
come late and then together (network, scheduling of either side): a step's time is the median over stretches of several
tokens, of all streams.
"""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from paasim.core.errors import InputError
from paasim.profile.measure.client import Client, Reply

STRETCH = 8
"""Parts of an answer, at the fewest, over which a gap is averaged (all of them, if they are fewer)."""
LEAST = 4
"""Parts that a stream must get within the window."""
SKIPPED = 1
"""Parts at the beginning of the window that do not count: the last prompt still shares the first step."""
WATCH = 0.02
"""How often streams are looked at, s."""


@dataclass(frozen=True)
class Window:
    """What was seen while all streams decoded."""

    gap: float
    """Seconds of a step."""
    context: float
    """Tokens of context of a stream, on average over streams and window."""
    per_part: float
    """Tokens that came together."""


def run(client: Client, prompts: Sequence[str], tokens: int, until: float = math.inf) -> list[Reply]:
    """Send all prompts at once and wait for all answers.

    Args:
        client: the server.
        prompts: one for each stream.
        tokens: tokens of each answer.
        until: give up at this time of `time.perf_counter`.

    Raises:
        InputError: the first that a stream met.
        TimeoutError: if the answers take longer than allowed.
    """
    replies = [Reply() for _ in prompts]

    def one(prompt: str, reply: Reply) -> None:
        try:
            client.send(prompt, tokens, reply)
        except InputError as error:
            reply.error = error

    # Daemons, so that Ctrl-C need not wait for answers.
    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in zip(prompts, replies, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(WATCH)
            if time.perf_counter() > until:
                raise TimeoutError
    for reply in replies:
        if reply.error is not None:
            raise reply.error
    return replies


def window(replies: Sequence[Reply]) -> Window | None:
    """What a step took while all streams decoded; None if they hardly did so at the same time."""
    begin = max(reply.stamps[0] for reply in replies)
    end = min(reply.stamps[-1] for reply in replies)
    gaps, contexts = [], []
    for reply in replies:
        within = [i for i, at in enumerate(reply.stamps) if begin <= at <= end][SKIPPED:]
        if len(within) < LEAST:
            return None
        each, stamps = reply.tokens_per_part, reply.stamps
        count, steps = max(1, (len(within) - 1) // STRETCH), len(within) - 1
        edges = [within[0] + steps * k // count for k in range(count + 1)]
        gaps += [(stamps[j] - stamps[i]) / (j - i) / each for i, j in pairwise(edges)]
        # The step that gives token i + 1 reads the prompt and the i tokens before it.
        contexts.append(reply.prompt + each * (within[0] + within[-1] + 1) / 2)
    per_part = statistics.fmean(reply.tokens_per_part for reply in replies)
    return Window(statistics.median(gaps), statistics.fmean(contexts), per_part)


def most_at_once(replies: Sequence[Reply]) -> int:
    """Most streams that were answered at the same time."""
    edges = sorted([(reply.stamps[0], 1) for reply in replies] + [(reply.stamps[-1], -1) for reply in replies])
    now = most = 0
    for _, change in edges:
        now += change
        most = max(most, now)
    return most
