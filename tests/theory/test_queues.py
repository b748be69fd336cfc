"""Queues whose answer is known: M/M/1, M/M/c (Erlang C), M/D/1 and M/G/1 (Pollaczek-Khinchine), and two in a row.

Formulas: L. Kleinrock, Queueing Systems, volume 1 (Wiley 1975), chapters 3 and 5.
"""

from __future__ import annotations

from math import exp, factorial
from pathlib import Path

import pytest

from tests.theory.stations import QUEUE, TANDEM, check, run, sojourn

SERVICE = 0.1
"""Mean service time, s: 10,000 tokens at 10 us."""
EXPONENTIAL = "{kind: exponential, prompt: {mean: 10000}, output: 1}"
FIXED = "{kind: fixed, prompt: 10000, output: 1}"


def erlang_c(servers: int, offered: float) -> float:
    """Probability to wait in M/M/c with an offered load in Erlang."""
    top = offered**servers / factorial(servers) * servers / (servers - offered)
    return top / (sum(offered**k / factorial(k) for k in range(servers)) + top)


def pollaczek_khinchine(load: float, service: float, squared: float) -> float:
    """Mean time in M/G/1; `squared` is E[S^2] / E[S]^2."""
    return service + load * service * squared / (2 * (1 - load))


def simulate(tmp_path: Path, lengths: str, load: float, servers: int = 1, requests: int = 6_000) -> list[float]:
    rate = load * servers / SERVICE
    text = QUEUE.format(name="queue", rate=rate, lengths=lengths, servers=servers, requests=requests, replications=20)
    return [sojourn(records) for records in run(text, tmp_path)]


def test_m_m_1(tmp_path: Path) -> None:
    load = 0.5
    check(simulate(tmp_path, EXPONENTIAL, load, requests=12_000), SERVICE / (1 - load))


@pytest.mark.parametrize(("servers", "load"), [(2, 0.5), pytest.param(5, 0.6, marks=pytest.mark.long)])
def test_m_m_c(tmp_path: Path, servers: int, load: float) -> None:
    wait = erlang_c(servers, load * servers) * SERVICE / (servers * (1 - load))
    check(simulate(tmp_path, EXPONENTIAL, load, servers, requests=9_000), SERVICE + wait)


def test_m_d_1(tmp_path: Path) -> None:
    load = 0.6
    check(simulate(tmp_path, FIXED, load), pollaczek_khinchine(load, SERVICE, 1))


def test_m_g_1(tmp_path: Path) -> None:
    load, sigma = 0.5, 0.5
    lengths = f"{{kind: lognormal, prompt: {{mean: 10000, sigma: {sigma}, min: 1, max: 1000000}}, output: 1}}"
    check(simulate(tmp_path, lengths, load), pollaczek_khinchine(load, SERVICE, exp(sigma**2)))


@pytest.mark.long
def test_prefill_and_decode_in_a_row(tmp_path: Path) -> None:
    """M/M/1, from which requests leave as a Poisson stream again (Burke 1956), then geometric services: M/G/1."""
    load, steps = 0.4, 100
    rate = load / SERVICE
    text = TANDEM.format(rate=rate, prompt=10_000, output=steps, requests=8_000, replications=20)
    found = run(text, tmp_path)
    check([sojourn(records, "arrival", "prefill_end") for records in found], SERVICE / (1 - load))
    after = [sojourn(records, "prefill_end", "finish") for records in found]
    check(after, pollaczek_khinchine(load, steps * 0.001, 2 - 1 / steps))
