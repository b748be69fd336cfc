"""Processor sharing on a link: M/G/1-PS has mean sojourn E[S] / (1 - load), whatever the law of the sizes.

Source: L. Kleinrock, Queueing Systems, volume 2 (Wiley 1976), section 4.4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.theory.stations import LINK, check, run, sojourn

SIZE = 2 * 32 * 32 * 128 * 2
"""KV bytes per token of Llama 2 7B: 32 layers, 32 heads of 128, keys and values of 2 bytes."""


@pytest.mark.parametrize(
    ("lengths", "requests"),
    [
        pytest.param("{kind: exponential, prompt: {mean: 10000}, output: 1}", 8_000, marks=pytest.mark.long),
        pytest.param(
            "{kind: lognormal, prompt: {mean: 10000, sigma: 0.8, min: 1, max: 1000000}, output: 1}",
            8_000,
            marks=pytest.mark.long,
        ),
        ("{kind: fixed, prompt: 10000, output: 1}", 2_000),
    ],
    ids=["M/M/1-PS", "M/G/1-PS", "M/D/1-PS"],
)
def test_shared_link(tmp_path: Path, lengths: str, requests: int) -> None:
    load, alone = 0.4, 0.1
    bandwidth = f"{SIZE * 10_000 / alone:.0f} B/s"
    text = LINK.format(
        name="link", rate=load / alone, lengths=lengths, bandwidth=bandwidth, requests=requests, replications=20
    )
    times = [sojourn(records, "prefill_end", "transfer_end") for records in run(text, tmp_path)]
    check(times, alone / (1 - load))
