"""Simulated serving against measured serving: fits the shipped calibrations, and says how near they come.

    python benchmarks/serving.py --data "$PAASIM_DATA" [--write]

Makes a profile of every aiconfigurator table, reads the runs of `silicon_sample.csv.gz`, and for each engine simulates
them by kernel times alone, by a calibration fitted without the run's (model, GPU) pair, by one fitted without its
model, and, where a profile has enough runs, by one fitted to the other runs of the same profile. With `--write` the
calibrations go to `profiles/calibrations/` and the tables into `docs/fidelity.md`. Under five minutes on
one core with the inner loop compiled, about twice that as plain Python.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from paasim.profile.calibrations import FOLDER, CalibrationFile, write
from paasim.profile.importers import aiconfigurator
from paasim.profile.importers.imported import records_of
from paasim.profile.spec import Calibration
from paasim.profile.write import make
from paasim.study.calibration import silicon
from paasim.study.calibration.calibrate import (
    ENGINE,
    ENOUGH,
    FEWEST,
    PROFILE,
    Response,
    calibrate,
    folds,
    held_out,
    rounded,
    solve,
)
from paasim.study.calibration.misfit import errors, misfits
from paasim.study.calibration.serving import BATCHING, MeasuredRun, serve

ROOT = Path(__file__).resolve().parents[1]
TABLES, RUNS = "profiles/aiconfigurator", "profiles/measured_e2e/silicon_sample.csv.gz"
ID = ("hardware", "model", "dtype", "engine", "tp", "ep")
BEGIN, END = "<!-- made by benchmarks/serving.py: begin -->", "<!-- made by benchmarks/serving.py: end -->"
SOURCE = "https://github.com/ai-dynamo/aiconfigurator"
HOW = (
    "Fitted by benchmarks/serving.py to the runs of silicon_sample.csv with this engine: simulated closed loops over "
    "profiles composed of measured kernels, robust fit of log ratios of TPOT and TTFT. For such profiles only. "
    "Errors are on (model, GPU) pairs held out."
)
CAMPAIGNS = {
    "": "InferenceX, engines launched with flags tuned for throughput",
    "aiconfigurator": "aiconfigurator's own runs, flags not stated",
}
SCHEMES = {
    "none": "kernel times alone",
    "pair": "engine calibrated without the (model, GPU) pair",
    "model": "engine calibrated without the model",
    "other": "engine and model calibrated on the model's other GPUs, where there are enough runs; else as above",
    "own": "profile calibrated by other runs of its own (a random fifth left out)",
}
Times = dict[int, tuple[float, float]]
"""Number of the run -> simulated TTFT and TPOT."""


def tables(data: Path, work: Path) -> dict[silicon.Key, str]:
    """Profiles of every aiconfigurator configuration, made in `work` unless they are there."""
    found = {}
    for row in records_of(data / TABLES / "memory.csv", ID):
        read = aiconfigurator.read(data / TABLES, {name: row[name] for name in ID})
        path = work / f"{read.header['id']}.yaml"
        if not path.is_file():
            make(read.header, read.table, path)
        model = read.header["model"]
        key = silicon.Key(read.header["hardware"], model, read.header["dtype"], row["engine"], int(row["tp"]))
        found[key] = str(path)
    return found


def by_engine(runs: Sequence[MeasuredRun], results: dict[str, Times]) -> dict[str, CalibrationFile]:
    """Fit every engine; simulate every run without its pair and without its model."""
    setups = sorted({run.setup for run in runs})
    files = {}
    for setup in setups:
        numbers = [i for i, run in enumerate(runs) if run.setup == setup]
        mine = [runs[i] for i in numbers]
        found, response = calibrate(mine, ENGINE, rounds=3)
        for scheme, label in (("pair", lambda run: run.pair), ("model", lambda run: run.title)):
            held = held_out(mine, [label(run) for run in mine], response, ENGINE)
            results[scheme] |= {i: pair for i, pair in zip(numbers, held, strict=True) if pair is not None}
        results["other"] |= {numbers[i]: times for i, times in on_other_gpus(mine, response)}
        files[setup] = header(mine, found)
        say(f"{setup}: {len(mine)} runs, scale {found.scale:.3f}, overhead {found.overhead * 1e3:.2f} ms, "
            f"request {found.request * 1e3:.1f} ms")  # fmt: skip
    borrow(runs, files, results["model"])
    return files


def on_other_gpus(runs: Sequence[MeasuredRun], response: Response) -> Iterator[tuple[int, tuple[float, float]]]:
    """Simulate every run by a calibration fitted to its model on other GPUs; to all other pairs if those are few."""
    for pair in dict.fromkeys(run.pair for run in runs):
        mine = [i for i, run in enumerate(runs) if run.pair == pair]
        others = [i for i, run in enumerate(runs) if run.pair != pair]
        same = [i for i in others if runs[i].title == runs[mine[0]].title]
        chosen = np.array(same if len(same) >= FEWEST else others)
        if len(chosen) < FEWEST:
            continue
        calibration = solve([runs[i] for i in chosen], response.take(chosen), ENGINE)
        for i in mine:
            yield i, serve(runs[i], calibration)


def header(runs: Sequence[MeasuredRun], found: Calibration) -> CalibrationFile:
    """The file of a calibration, errors apart; figures rounded to what they are good for."""
    dates = sorted({run.date for run in runs if run.date})
    versions = sorted({run.version for run in runs if run.version})
    unstated = sum(not run.version for run in runs)
    return CalibrationFile(
        engine=runs[0].engine,
        versions=", ".join(versions) + (f"; not stated for {unstated} runs" if unstated else ""),
        calibration=rounded(found),
        batching=BATCHING[runs[0].engine],
        runs=len(runs),
        source=SOURCE,
        licence="Apache-2.0",
        date=f"{dates[0]} to {dates[-1]}" if dates else "",
        how=f"{HOW} Runs: {CAMPAIGNS[runs[0].campaign]}.",
    )


def borrow(runs: Sequence[MeasuredRun], files: dict[str, CalibrationFile], times: Times) -> None:
    """An engine that a campaign ran with one model only: that model is predicted from the engine's other runs."""
    for i, run in enumerate(runs):
        if i not in times:
            other = next(name for name, file in files.items() if file.engine == run.engine and name != run.setup)
            times[i] = serve(run, files[other].calibration)


def by_profile(runs: Sequence[MeasuredRun], files: dict[str, CalibrationFile]) -> Times:
    """Simulate every run by a calibration fitted to other runs of the same profile."""
    found: Times = {}
    groups: dict[tuple[str, str], list[int]] = {}
    for i, run in enumerate(runs):
        groups.setdefault((run.setup, run.profile), []).append(i)
    for numbers in groups.values():
        if len(numbers) < ENOUGH:
            continue
        mine = [runs[i] for i in numbers]
        _, response = calibrate(mine, PROFILE, start=files[mine[0].setup].calibration, rounds=2)
        held = held_out(mine, folds(len(mine)), response, PROFILE)
        found |= {i: pair for i, pair in zip(numbers, held, strict=True) if pair is not None}
    return found


def cell(found: np.ndarray, p90: bool = True) -> str:
    """Median and 90th percentile of the absolute error."""
    if not len(found):
        return "-"
    text = f"{np.median(np.abs(found)):.1%}"
    return f"{text} / {np.quantile(np.abs(found), 0.9):.0%}" if p90 else text


def report(runs: Sequence[MeasuredRun], read: silicon.Silicon, results: dict[str, Times]) -> Iterator[str]:
    """The section of docs/fidelity.md."""
    yield from counts(runs, read)
    yield "\nAbsolute relative errors, median / 90th percentile:\n"
    yield "| | runs | TPOT | TTFT, concurrency ≤ 4 | TTFT, concurrency ≤ 64 |\n|---|---|---|---|---|"
    for scheme, title in SCHEMES.items():
        times = results[scheme]
        yield (
            f"| {title} | {len(times)} | {cell(errors(runs, times, 'tpot'))} "
            f"| {cell(errors(runs, times, 'ttft', lambda r: r.concurrency <= 4))} "
            f"| {cell(errors(runs, times, 'ttft', lambda r: r.concurrency <= 64))} |"
        )
    yield "\nBy engine, GPU and model (bias: median signed error; TTFT where concurrency is at most 64):\n"
    yield (
        "| engine | GPU | model | runs | TPOT, kernels alone | pair left out | bias | model left out | own profile "
        "| TTFT, pair left out | bias | own profile |\n" + "|---" * 12 + "|"
    )
    for key in sorted({(run.setup, run.hardware, run.title, bool(run.prefill)) for run in runs}):
        yield _row(runs, results, key)


def counts(runs: Sequence[MeasuredRun], read: silicon.Silicon) -> Iterator[str]:
    """Which rows are simulated, and why the others are not."""
    total = len(runs) + sum(read.dropped.values())
    split = sum(bool(run.prefill) for run in runs)
    yield f"Of {total:,} rows {len(runs)} can be simulated ({split} of them disaggregated). The others:\n"
    yield "| rows | left out because |\n|---|---|"
    for reason, count in read.dropped.most_common():
        yield f"| {count} | {reason} |"
    held = Counter(run.held for run in runs if run.held)
    for why, count in held.items():
        yield f"| ({count}) | TTFT only: the server {why} |"
    yield "\nThose without a profile at their number of GPUs:\n"
    yield "| model | GPU | precision | rows, by number of GPUs | measured at |\n|---|---|---|---|---|"
    asked: dict[silicon.Width, list[str]] = {}
    for width, count in sorted(read.widths.items()):
        asked.setdefault(width._replace(asked=0), []).append(f"{count} on {width.asked}")
    for each, several in asked.items():
        measured = ", ".join(map(str, each.measured))
        yield f"| {each.model} | {each.hardware} | {each.dtype} | {', '.join(several)} | {measured} |"


def _row(runs: Sequence[MeasuredRun], results: dict[str, Times], key: tuple[str, str, str, bool]) -> str:
    def here(run: MeasuredRun) -> bool:
        return (run.setup, run.hardware, run.title, bool(run.prefill)) == key

    def calm(run: MeasuredRun) -> bool:
        return here(run) and run.concurrency <= 64

    tpot = {scheme: errors(runs, times, "tpot", here) for scheme, times in results.items()}
    ttft = {scheme: errors(runs, times, "ttft", calm) for scheme, times in results.items()}
    setup, hardware, model, split = key
    cells = [setup, hardware, model + (", disaggregated" if split else ""), str(len(tpot["none"]))]
    cells += [cell(tpot["none"], False), cell(tpot["pair"]), bias(tpot["pair"])]
    cells += [cell(tpot["model"], False), cell(tpot["own"], False)]
    cells += [cell(ttft["pair"]), bias(ttft["pair"]), cell(ttft["own"], False)]
    return "| " + " | ".join(cells) + " |"


def bias(found: np.ndarray) -> str:
    """Median signed error."""
    return f"{np.median(found):+.0%}" if len(found) else "-"


def say(text: str) -> None:
    """Talk on stderr; the tables go to stdout."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds profiles/aiconfigurator")
    parser.add_argument("--work", type=Path, help="folder for the profiles, kept for another time")
    parser.add_argument("--write", action="store_true", help="write calibrations and docs/fidelity.md")
    asked = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        read = silicon.read(asked.data / RUNS, tables(asked.data, asked.work or Path(scratch)))
        runs = read.runs
        say(f"{len(runs)} runs; {dict(read.dropped)}")
        results: dict[str, Times] = {"none": {i: serve(run) for i, run in enumerate(runs)}}
        results |= {"pair": {}, "model": {}, "other": {}}
        files = by_engine(runs, results)
        results["own"] = by_profile(runs, files)
    lines = "\n".join(report(runs, read, results))
    print(lines)
    if asked.write:
        for setup, file in files.items():

            def mine(run: MeasuredRun, setup: str = setup) -> bool:
                return run.setup == setup

            told = {"before": misfits(runs, results["none"], mine), "after": misfits(runs, results["pair"], mine)}
            write(file.model_copy(update=told), ROOT / "profiles" / FOLDER / f"{setup}.yaml")
        page = ROOT / "docs" / "fidelity.md"
        before, rest = page.read_text(encoding="utf-8").split(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    say(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
