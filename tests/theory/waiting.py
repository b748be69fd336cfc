"""Waiting times of queues in closed form, and the load at which an objective on them is just met.

* M/M/c: A. K. Erlang; D. Gross et al., Fundamentals of Queueing Theory, 4th ed., section 2.3.
* M/D/c: G. J. Franx, A simple solution for the M/D/c waiting time distribution, Operations Research Letters 29 (2001)
  221-229; the number in the system by C. D. Crommelin's equations, P.O. Electrical Engineers' Journal 25 (1932) 41-50.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, exp, factorial, floor, lgamma, log

import numpy as np
from scipy.optimize import brentq

Law = Callable[[float], float]


def erlang_c(servers: int, offered: float) -> float:
    """Probability to wait in M/M/c with an offered load in Erlang."""
    top = offered**servers / factorial(servers) * servers / (servers - offered)
    return top / (sum(offered**k / factorial(k) for k in range(servers)) + top)


def mmc_mean(servers: int, rate: float, service: float) -> float:
    """Mean time in M/M/c, s."""
    offered = rate * service
    return service + erlang_c(servers, offered) * service / (servers - offered)


def mmc_beyond(servers: int, rate: float, service: float, time: float) -> float:
    """P(time in M/M/c > t): the wait is 0, or exponential of rate c/s - λ; then comes the service."""
    wait, drain, serve = erlang_c(servers, rate * service), servers / service - rate, 1 / service
    if abs(drain - serve) < 1e-9 * serve:
        both = exp(-serve * time) * (1 + serve * time)
    else:
        both = (drain * exp(-serve * time) - serve * exp(-drain * time)) / (drain - serve)
    return (1 - wait) * exp(-serve * time) + wait * both


@lru_cache(maxsize=512)
def mdc_numbers(servers: int, offered: float) -> np.ndarray:
    """P(n in the system) of M/D/c, n = 0, 1, ...: what is there a service time later is who waited, and who came.

    p_j = (p_0 + ... + p_c) a_j + sum over i = 1..j of p_(c+i) a_(j-i), with a_k Poisson of the offered load; as a
    linear system, cut where nothing is left.
    """
    most = servers + ceil(40 / (1 - offered / servers)) + 40
    came = np.array([exp(k * log(offered) - offered - lgamma(k + 1)) for k in range(most)])
    matrix = np.zeros((most, most))
    matrix[:, : servers + 1] = came[:, None]
    for i in range(1, most - servers):
        matrix[i:, servers + i] = came[: most - i]
    system = matrix - np.eye(most)
    system[-1] = 1.0
    right = np.zeros(most)
    right[-1] = 1.0
    return np.linalg.solve(system, right)


def mdc_mean(servers: int, rate: float, service: float) -> float:
    """Mean time in M/D/c, s: by Little's law from those who wait."""
    numbers = mdc_numbers(servers, rate * service)
    waiting = float(np.sum(np.maximum(np.arange(len(numbers)) - servers, 0) * numbers))
    return service + waiting / rate


def mdc_within(servers: int, rate: float, service: float, wait: float) -> float:
    """P(wait in M/D/c <= x), x >= 0: equation (1) of Franx."""
    if wait < 0:
        return 0.0
    turns = floor(wait / service) + 1
    numbers = np.cumsum(mdc_numbers(servers, rate * service))
    terms = turns * servers
    left = rate * (turns * service - wait)
    q = [float(numbers[min(servers + j, len(numbers) - 1)]) for j in range(terms)]
    return sum(q[terms - 1 - j] * exp(-left + j * log(left) - lgamma(j + 1)) for j in range(terms)) if left else q[-1]


def rate_for(law: Law, limit: float, servers: int, service: float) -> float:
    """The rate, from 5 % to 95 % of what is full, at which something that rises with the rate reaches a limit."""
    full = servers / service
    return float(brentq(lambda rate: law(rate) - limit, 0.05 * full, 0.95 * full, xtol=1e-10))
