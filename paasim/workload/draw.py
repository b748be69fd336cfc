"""The shape of one request as a workload draws it, before any policy acts."""

from __future__ import annotations

from collections.abc import Sequence

Draw = tuple[float, int, int, Sequence[int] | None]
"""(arrival in s, prompt tokens, output tokens, ids of the prompt's prefix blocks in order or None)."""

Body = tuple[int, int, Sequence[int] | None]
"""A draw without its arrival: (prompt tokens, output tokens, ids of the prompt's prefix blocks or None)."""

CHUNK = 4096
"""Draws made at a time: large enough that the cost of numpy's calls vanishes, small enough for caches."""
