"""Rows of a table of runs that are one measurement, or should be alike and are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from paasim.results.served import TYPICAL, Served

ALIKE = 1.5
"""Largest over smallest TPOT of rows of one set-up, above which something else must differ."""
REPEATED = "the same measurement stands in another row"
DIGITS = 5
"""Decimals of a second, 0.01 ms, to which two extracts of one measurement agree."""


def mark_unlike(runs: Sequence[Served]) -> None:
    """Warn of rows whose like, in all that the file tells, was much faster or slower."""
    like = defaultdict(list)
    for run in runs:
        if "tpot" in run.stated:
            s = run.setup
            facts = (s.engine, s.version, s.model, s.hardware, s.precision, s.mode, s.layout, s.prefill, s.decode)
            like[(*facts, s.concurrency, s.isl, s.osl)].append(run)
    for several in like.values():
        values = [run.stated["tpot"][TYPICAL] for run in several]
        for run, value in zip(several, values, strict=True):
            if max(values) > ALIKE * value or value > ALIKE * min(values):
                run.warnings.append(
                    f"another row of the very same set-up has a TPOT more than {ALIKE:g} times as large or as small: "
                    "something that the file does not tell differs"
                )


def mark_repeats(runs: Sequence[Served], facts: Sequence[int]) -> None:
    """Keep one of the rows that hold the same measurement: one that can be used, of those the one that says most.

    Same are engine, GPU, mode, lengths and concurrency, and both latencies to 0.01 ms. Of the 809 measurements of
    aiconfigurator's file that so stand in several rows, 620 have the very same figures; in the others they differ in
    the last digit of a float (an extract written anew), or one is the other rounded to 0.01 ms (the `gap-analysis`
    extracts). Precision agrees in every one of them, and no other two rows lie within 0.02 ms of each other. What does
    not agree tells no two measurements apart: the name of the model (DeepSeek R1 or V3: one architecture), and widths
    that a row leaves out or has multiplied in twice. Kimi K2.5 on 4 B200, say, has 4 x 4 GPUs in two extracts and 4 in
    the third, as InferenceX ran it (`kimik2.5-fp4-b200-vllm`: tp 4, no data parallelism).

    Args:
        runs: the rows; those that are not kept are marked `unusable`.
        facts: of each row, how many of its cells are filled in.
    """
    same = defaultdict(list)
    for i, run in enumerate(runs):
        if len(run.stated) == 2:
            s, times = run.setup, (round(each[TYPICAL], DIGITS) for each in run.stated.values())
            same[s.engine, s.hardware, s.mode, s.isl, s.osl, s.concurrency, *times].append(i)
    for several in same.values():
        kept = max(several, key=lambda i: (not runs[i].unusable, facts[i], -i))
        for i in several:
            if i != kept:
                runs[i].unusable = REPEATED
