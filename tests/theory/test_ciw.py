"""A queue without a closed form, M/G/3 with two classes: an independent simulator gives the same mean times.

Source: G. Palmer et al., Ciw: an open-source discrete event simulation library, Journal of Simulation 13 (2019),
https://github.com/CiwPython/Ciw.
"""

from __future__ import annotations

from pathlib import Path

import ciw
import numpy as np
import pytest

from tests.theory.stations import TWO_CLASSES, interval, run


@pytest.mark.long
def test_two_classes(tmp_path: Path) -> None:
    ours: list[list[float]] = [[], []]
    for records in run(TWO_CLASSES.format(requests=8_000, replications=16), tmp_path):
        spent = (records.requests["finish"] - records.requests["arrival"])[400:]
        for klass in (0, 1):
            ours[klass].append(float(np.mean(spent[records.requests["class"][400:] == klass])))
    theirs = [_ciw(seed) for seed in range(16)]
    for klass in (0, 1):
        mine, half = interval(ours[klass])
        other, other_half = interval([times[klass] for times in theirs])
        assert max(half, other_half) <= 0.02 * other
        assert abs(mine - other) <= (half**2 + other_half**2) ** 0.5


def _ciw(seed: int) -> list[float]:
    """Mean times of both classes in one run of ciw."""
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions={"short": [ciw.dists.Exponential(8)], "long": [ciw.dists.Exponential(2)]},
        service_distributions={"short": [ciw.dists.Exponential(10)], "long": [ciw.dists.Deterministic(0.3)]},
        number_of_servers=[3],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(800)
    records = [record for record in simulation.get_all_records() if record.arrival_date > 30]
    return [
        float(np.mean([one.exit_date - one.arrival_date for one in records if one.customer_class == name]))
        for name in ("short", "long")
    ]
