"""Shares of variance (Sobol, 2001; estimators and sampling: Saltelli et al., 2010), through SALib.

The inputs are taken as independent and even over their ranges; (inputs + 2) points per base sample. Second-order
indices are left out: total less first order says whether there are interactions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paasim.study.sensitivity.salib import Respond, module, problem
from paasim.study.sensitivity.schema import Sobol

SAMPLES = 64


def rounded(samples: int) -> int:
    """The next power of two, which Sobol sequences need for their balance."""
    return 1 << max(samples - 1, 1).bit_length()


def points(inputs: int, samples: int) -> int:
    """How many points a study takes."""
    return samples * (inputs + 2)


def sobol(names: Sequence[str], samples: int, respond: Respond, seed: int) -> list[Sobol]:
    """The indices of all inputs, largest total first.

    Args:
        names: of the inputs.
        samples: base samples, a power of two.
        respond: gives the metric at samples.
        seed: of the sequence and the bootstrap.

    Raises:
        InputError: if SALib is not installed.
    """
    described = problem(names)
    drawn = module("sample.sobol").sample(described, samples, calc_second_order=False, seed=seed)
    analyze = module("analyze.sobol").analyze
    values = respond(drawn)
    if np.ptp(values) == 0:  # nothing varies: no share of nothing
        return [Sobol(input=name, first=0, first_conf95=0, total=0, total_conf95=0) for name in names]
    found = analyze(described, values, calc_second_order=False, seed=seed)
    columns = [np.asarray(found[key], dtype=float).tolist() for key in ("S1", "S1_conf", "ST", "ST_conf")]
    rows = zip(names, *columns, strict=True)
    indices = [
        Sobol(input=name, first=first, first_conf95=a, total=total, total_conf95=b) for name, first, a, total, b in rows
    ]
    return sorted(indices, key=lambda each: -each.total)
