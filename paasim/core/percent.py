"""Shares written in per cent, such as `95 %`."""

from __future__ import annotations

import re

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def percent(value: object) -> float | None:
    """The share that a text such as `95 %` means, here 0.95; None for anything else."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) / 100 if match else None


def share(text: str) -> float | None:
    """The share that `95 %` or `0.95` means; None for what is no number."""
    found = percent(text)
    if found is not None:
        return found
    try:
        return float(text)
    except ValueError:
        return None
