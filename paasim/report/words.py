"""Numbers and names as people read them."""

from __future__ import annotations

from collections.abc import Sequence

PARTS = {
    "uplink": "sending the prompt",
    "prefill_queue": "waiting for prefill",
    "prefill": "prefill",
    "encode": "encoding the KV cache",
    "transfer_wait": "waiting to transfer",
    "transfer": "KV transfer",
    "decode_codec": "decoding the KV cache",
    "handover": "hand-over",
    "decode_queue": "waiting to decode",
    "first_step": "first decode step",
    "second_step": "second decode step",
    "downlink": "sending the token",
}
"""Parts of TTFT and TTST in words."""

NOTHING = 1e-9
"""Seconds up to which a time is none: what is left of sums of floating-point numbers."""
FOR_EVER = 1e9
"""Seconds (32 years) from which a time is as good as endless: over a link of no capacity, bytes never arrive."""


def seconds(value: float) -> str:
    """A time in the unit that reads best, three digits: `820 ms`, `2.35 s`, `4.1 min`; `for ever` beyond 32 years."""
    if value >= FOR_EVER:
        return "for ever"
    factor, unit = _unit(value)
    return f"{digits(value * factor)} {unit}" if abs(value) >= NOTHING else "0 ms"


def _unit(value: float) -> tuple[float, str]:
    """The unit in which a time, s, reads best: how many of it make a second, and its name."""
    size = abs(value)
    if size >= 600:
        return 1 / 60, "min"
    if size >= 1:
        return 1.0, "s"
    return (1e3, "ms") if size >= 1e-3 or size == 0 else (1e6, "µs")


def interval(low: float, high: float) -> str:
    """An interval of times in one unit: `0.38 to 0.44 s`."""
    return with_interval(0.0, (low, high))[1]


def with_interval(value: float, ends: tuple[float, float]) -> tuple[str, str]:
    """A time and its interval, both in the unit that reads best for the largest: `0.41 s` and `0.38 to 1.44 s`."""
    factor, unit = _unit(max(map(abs, (value, *ends))))
    middle, low, high = (digits(each * factor) if abs(each) >= NOTHING else "0" for each in (value, *ends))
    return f"{middle} {unit}", f"{low} to {high} {unit}"


def digits(value: float, significant: int = 3) -> str:
    """A number with three significant digits, without an exponent where that reads well."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (significant - 1):
        return f"{value:,.0f}"
    return f"{value:#.{significant}g}".rstrip(".") if abs(value) >= 1e-4 else f"{value:.1e}"


def tick(value: float) -> str:
    """A time on an axis, as short as can be: `10 ms`, `1 s`, `100 s`."""
    return f"{value:g} s" if value >= 1 else f"{value * 1e3:g} ms" if value else "0"


def count(value: float) -> str:
    """A number of tokens on an axis, as short as can be: `500`, `20k`, `1M`."""
    return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"


def share(value: float) -> str:
    """A share as a percentage that never rounds to all or nothing: `>99.9 %`."""
    percent = value * 100
    if 99.9 < percent < 100:
        return ">99.9 %"
    if 0 < percent < 0.1:
        return "<0.1 %"
    return f"{percent:.1f} %"


def size(value: float) -> str:
    """Bytes with a decimal prefix: `12.3 GB`."""
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(value) >= factor:
            return f"{digits(value / factor)} {unit}"
    return f"{digits(value)} B"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
