"""Queues whose answer is known: M/M/1, M/M/c (Erlang C), M/D/1 and M/G/1 (Pollaczek-Khinchine).

Formulas: L. Kleinrock, Queueing Systems, volume 1 (Wiley 1975), chapters 3 and 5.
"""

from __future__ import annotations

from math import exp, factorial
from pathlib import Path

import pytest

from tests.theory.stations import QUEUE, check, run, sojourn

SERVICE = 0.1
"""Mean service time, s: 10,000 tokens at 10 us."""
EXPONENTIAL = "{kind: exponential, prompt: {mean: 10000}, output: 1}"
FIXED = "{kind: fixed, prompt: 10000, output: 1}"


def erlang_c(servers: int, offered: float) -> float:
    """Probability to wait in M/M/c with an offered load in Erlang."""
    top = offered**servers / factorial(servers) * servers / (servers - offered)
    return top / (sum(offered**k / factorial(k) for k in range(servers)) + top)


def simulate(tmp_path: Path, lengths: str, load: float, servers: int = 1, requests: int = 24_000) -> list[float]:
    rate = load * servers / SERVICE
    text = QUEUE.format(name="queue", rate=rate, lengths=lengths, servers=servers, requests=requests, replications=10)
    return [sojourn(records) for records in run(text, tmp_path)]


def test_m_m_1(tmp_path: Path) -> None:
    load = 0.5
    check(simulate(tmp_path, EXPONENTIAL, load), SERVICE / (1 - load))


@pytest.mark.parametrize("servers", [2, 5])
def test_m_m_c(tmp_path: Path, servers: int) -> None:
    load = 0.6
    wait = erlang_c(servers, load * servers) * SERVICE / (servers * (1 - load))
    check(simulate(tmp_path, EXPONENTIAL, load, servers, requests=30_000), SERVICE + wait)


def test_m_d_1(tmp_path: Path) -> None:
    load = 0.7
    check(simulate(tmp_path, FIXED, load), SERVICE + load * SERVICE / (2 * (1 - load)))


def test_m_g_1(tmp_path: Path) -> None:
    load, sigma = 0.5, 0.5
    lengths = f"{{kind: lognormal, prompt: {{mean: 10000, sigma: {sigma}, min: 1, max: 1000000}}, output: 1}}"
    squared = exp(sigma**2)  # E[S^2] / E[S]^2 of a log-normal law
    check(simulate(tmp_path, lengths, load), SERVICE + load * SERVICE * squared / (2 * (1 - load)))
