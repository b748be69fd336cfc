"""Elementary effects (Morris, 1991; mean absolute effects: Campolongo, Cariboni and Saltelli, 2007), through SALib.

Trajectories walk through the whole space, one input a step, so that an effect is seen at many settings of the others:
screening for the price of (inputs + 1) points per trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paasim.study.sensitivity.salib import Respond, module, problem
from paasim.study.sensitivity.schema import Morris

LEVELS = 4
"""Levels of the grid, as is usual."""
TRAJECTORIES = 10
ROUNDING = 1e-9
"""Effects up to this share of the metric come from the rounding of sums, and are none."""


def points(inputs: int, trajectories: int) -> int:
    """How many points a study takes."""
    return trajectories * (inputs + 1)


def morris(names: Sequence[str], trajectories: int, respond: Respond, seed: int) -> list[Morris]:
    """The effects of all inputs, largest first.

    Raises:
        InputError: if SALib is not installed.
    """
    described = problem(names)
    samples = module("sample.morris").sample(described, trajectories, num_levels=LEVELS, seed=seed)
    values = respond(samples)
    found = module("analyze.morris").analyze(described, samples, values, num_levels=LEVELS, seed=seed)
    columns = [np.asarray(found[key], dtype=float) for key in ("mu_star", "mu_star_conf", "mu", "sigma")]
    least = ROUNDING * float(np.abs(values).max(initial=0.0))
    rows = zip(names, *(np.where(np.abs(column) > least, column, 0.0).tolist() for column in columns), strict=True)
    effects = [
        Morris(input=name, mu_star=star, mu_star_conf95=conf, mu=mu, sigma=sigma)
        for name, star, conf, mu, sigma in rows
    ]
    return sorted(effects, key=lambda each: -each.mu_star)
