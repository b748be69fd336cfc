"""What InferenceX's launch scripts, change log and history tell of its runs, and `silicon_sample.csv` does not.

Looked up in https://github.com/SemiAnalysisAI/InferenceX, `benchmarks/`, `perf-changelog.yaml` and
`configs/nvidia-master.yaml`, to March 2026: how lengths were drawn, which runs predict several tokens a step, and which
servers hold prompts back. The rows that are not of InferenceX are aiconfigurator's own, whose flags nobody states.
"""

from __future__ import annotations

import re

from paasim.results.served import Setup

PUBLIC, OWN = "InferenceX", "aiconfigurator"
LENGTHS = {PUBLIC: (0.8, 1.0), OWN: (0.9, 1.1)}
"""Lengths are drawn evenly from and to these shares of what is asked for. InferenceX's scripts say so; for the others
it is an assumption, since equal lengths would keep all users in step."""
FIRST_MTP = "2026-01-14"
"""Day of InferenceX's first multi-token prediction runs (pull request 392)."""
PREDICTS = "multi-token prediction, or not known whether"
POLLS = "polls for requests every 10 to 30 steps (--scheduler-recv-interval)"
WAITS = "holds prompts back (batch_wait_timeout_iters)"

_DEEPSEEK = re.compile(r"DeepSeek-(R1|V3)\b")


def campaign(told: str) -> str:
    """Whose run it is, by the text of its source."""
    is_public = told.startswith(("source_file=20", "db-dump")) or "gap-analysis" in told
    return PUBLIC if is_public else OWN


def predicts_tokens(setup: Setup) -> str:
    """Why a run cannot be taken to decode one token a step; empty if it can.

    Only DeepSeek's aggregated runs are in doubt: by the container images of InferenceX's history.
    """
    if not (_is_one_engine(setup) and _DEEPSEEK.search(setup.model)):
        return ""
    version, date = setup.version, setup.date
    if setup.engine == "trtllm":
        may = version == "1.2.0rc6.post3" or (version == "1.1.0rc2.post2" and not "" < date < FIRST_MTP)
    else:
        may = setup.hardware == "b200_sxm" and version not in ("", "0.5.6")
    return PREDICTS if may else ""


def held_back(setup: Setup) -> str:
    """Why a run's TTFT is not that of its engine alone; empty if it is."""
    if not _is_one_engine(setup):
        return ""
    deepseek_on_b200 = bool(_DEEPSEEK.search(setup.model)) and setup.hardware == "b200_sxm"
    if setup.engine == "sglang" and deepseek_on_b200:
        return POLLS
    waits = "Llama-3.1-70B" in setup.model and (setup.layout.tp or 1) < 8
    waits |= deepseek_on_b200 and setup.version.startswith("1.2.0rc6") and (setup.concurrency or 0) >= 64
    return WAITS if waits and setup.engine == "trtllm" and setup.isl == setup.osl == 1024 else ""


def _is_one_engine(setup: Setup) -> bool:
    return setup.campaign == PUBLIC and setup.mode == "aggregated"
