"""How a phone slows down as it gets warm: the figures under `thermal` of profiles/iphone/llama-3.2-3b.

Usage: python benchmarks/thermal.py [--data DIR]     (DIR else $PAASIM_DATA, else ../shared/data)

The log holds 1,000 prompts one after another, with two rests of 52 and 130 minutes. From each rest on, the time of work
so far gives the heat, h = 1 - exp(-work / time constant), and a step takes (cool + (hot - cool) h) times what the
profile says. Five figures are fitted to all prompts and answers, robustly, since the phone's governor also lets go now
and then for reasons that no length of work explains. To see what they are worth, each period is also predicted from
figures fitted to the other two.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paasim.profile import load

Floats = npt.NDArray[np.float64]
PROFILE = "iphone/llama-3.2-3b/q4-k-m/llama.cpp/tp1"
LOG = Path("edge") / "ios_llama_cpp" / "llama_q4km_lmsys1000.csv.gz"
REST = 60.0
"""Seconds without work that count as a rest."""
EARLY = 400.0
"""Seconds of work after a rest in which the phone is still getting warm."""
FEWEST = 16
"""Tokens of an answer from which its rate counts."""


@dataclass
class Log:
    """Prompts and answers in their order, shape (requests,)."""

    period: npt.NDArray[np.int64]
    """Number of rests before."""
    work: Floats
    """Seconds of work since the last rest, at the start of the prompt."""
    prompt: Floats
    """Seconds of the prompt over those of the profile."""
    answer_work: Floats
    """Seconds of work since the last rest, in the middle of the answer."""
    answer: Floats
    """Seconds per token of the answer over those of the profile; NaN for short answers."""


def read(path: Path) -> Log:
    """The log, held against the profile."""
    steps = load(PROFILE).steps()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    rows, period, work, end = [], 0, 0.0, None
    for r in records:
        start = datetime.fromisoformat(r["Timestamp"].replace("Z", "+00:00")).timestamp()
        prompt, answer = float(r["Prefill_Latency_ms"]) / 1e3, float(r["Decode_Latency_ms"]) / 1e3
        n, made = int(r["Prefill_Tokens"]), int(r["Decode_Tokens"])
        if end is not None and start - end > REST:
            period, work = period + 1, 0.0
        by_profile = steps.prefill(n, n * n / 2)
        rate = answer / made / steps.decode(1, n + made / 2) if made >= FEWEST else np.nan
        rows.append((period, work, prompt / by_profile, work + prompt + answer / 2, rate))
        end, work = start + prompt + answer, work + prompt + answer
    columns = np.array(rows).T
    return Log(columns[0].astype(np.int64), *columns[1:])


def fit(log: Log, kept: npt.NDArray[np.bool_]) -> Floats:
    """(prefill cool, prefill hot, decode cool, decode hot, time constant in s) of the kept requests."""
    from scipy.optimize import least_squares

    def off(figures: Floats) -> Floats:
        both = np.concatenate([part[kept] for part in residuals(log, figures)])
        return both[np.isfinite(both)]

    starts = [np.array([0.6, 1.0, 0.8, 1.1, constant]) for constant in (30.0, 100.0, 300.0)]
    bounds = ([0.05] * 4 + [1.0], [5.0] * 4 + [7200.0])
    scale = [1, 1, 1, 1, 100.0]
    found = [least_squares(off, x, bounds=bounds, loss="soft_l1", f_scale=0.1, x_scale=scale) for x in starts]
    return np.asarray(min(found, key=lambda each: float(each.cost)).x)


def residuals(log: Log, figures: Floats) -> tuple[Floats, Floats]:
    """Logarithms of measured over predicted, of prompts and of answers."""
    cool, hot, cool_decode, hot_decode, constant = figures
    heat, heat_decode = 1 - np.exp(-log.work / constant), 1 - np.exp(-log.answer_work / constant)
    prompt = np.log(log.prompt) - np.log(cool + (hot - cool) * heat)
    return prompt, np.log(log.answer) - np.log(cool_decode + (hot_decode - cool_decode) * heat_decode)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    default = os.environ.get("PAASIM_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default), help="folder that holds edge/ios_llama_cpp")
    log = read(parser.parse_args().data / LOG)
    everything = np.ones(len(log.period), dtype=bool)
    a, b, c, d, constant = fit(log, everything)
    print(f"prefill: [{a:.2f}, {b:.2f}], decode: [{c:.2f}, {d:.2f}], time_constant: {constant:.0f} s\n")
    print(
        "| period | requests | in the first 400 s "
        "| prefill: profile alone | with heat | decode: profile alone | with heat |"
    )
    print("|---|---|---|---|---|---|---|")
    for period in range(int(log.period.max()) + 1):
        here = log.period == period
        early = here & (log.work < EARLY)
        alone = residuals(log, np.array([1.0, 1.0, 1.0, 1.0, 1.0]))
        heat = residuals(log, fit(log, ~here))
        cells = [str(period + 1), str(np.count_nonzero(here)), str(np.count_nonzero(early))]
        for part in (0, 1):
            cells += [f"{np.nanmedian(np.abs(np.expm1(of[part][early]))):.0%}" for of in (alone, heat)]
        print("| " + " | ".join(cells).replace("%", " %") + " |")


if __name__ == "__main__":
    main()
