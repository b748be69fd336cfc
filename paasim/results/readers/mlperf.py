"""MLPerf Inference: `mlperf_log_summary.txt` of LoadGen, and tables of them (`mlperf_inference_v5.1_llm.csv`).

Times are ns. A request's clock starts when it was scheduled, not when it was sent. TPOT is (E2EL - TTFT) / (n - 1) as
here. `accelerators_total` of the published summaries is per node. `performance_units` of some results is wrong
(Queries/s for tokens): only `completed_tokens_per_s` and its like are read. How accelerators are divided into engines
is not published, so a simulation cannot be held against a result as it stands.
See https://github.com/mlcommons/inference/tree/master/loadgen and https://github.com/mlcommons/inference_results_v5.1.
"""

from __future__ import annotations

import re
from math import inf
from pathlib import Path

from paasim.profile.importers.imported import has_columns, text_of
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import number, percentile
from paasim.results.readers.tables import Row, rows_of
from paasim.results.served import Served, Setup

COLUMNS = ("system", "model", "scenario", "mean_ttft_ns", "mean_tpot_ns", "target_qps")
UNDIVIDED = "how the accelerators are divided into engines is not stated"
_ENGINE = re.compile(r"(vllm|sglang|tensorrt-llm|tensorrt|pytorch)[ -]?v?(\d[\w.+]*)?", re.IGNORECASE)
_PAIR = re.compile(r"^\s*(.+?)\s*:\s*(\S.*?)\s*$")
_NAMES = (
    (re.compile(r"first token latency \(ns\)$", re.IGNORECASE), "ttft"),
    (re.compile(r"time (to|per) output token \(ns\)$", re.IGNORECASE), "tpot"),
    (re.compile(r"latency \(ns\)$"), "e2el"),
)
"""End of a key in the log -> paasim's name; the order matters."""


def read(path: Path) -> list[Served]:
    """Read a log as one run, or every row of a table.

    Raises:
        InputError: if a column is missing, or a value is no number.
    """
    if text_of(path).lstrip()[:1] == "=":
        return [_of_log(path)]
    return [_of_row(row) for row in rows_of(path, COLUMNS)]


def _of_row(row: Row) -> Served:
    stated: dict[str, dict[str, float]] = {}
    for column in row.cells:
        found = re.fullmatch(r"(mean|p[\d.]+)_(ttft|tpot)_ns", column)
        if found and (value := row.number(column)) is not None:
            stated.setdefault(found[2], {})[percentile(found[1])] = value * 1e-9
    each, nodes = row.whole("accelerators_total"), row.whole("nodes")
    engine = _ENGINE.search(row.text("software"))
    scenario = row.text("scenario")
    samples = row.number("completed_samples_per_s") or row.number("samples_per_s")
    tokens = row.number("completed_tokens_per_s") or row.number("tokens_per_s")
    rates = {"requests_per_s": samples, "output_tokens_per_s": tokens}
    return Served(
        name=f"{row.text('id')} {row.text('system')} {row.text('model')} {scenario}",
        setup=Setup(
            engine=engine[1].lower() if engine else "",
            version=(engine[2] or "") if engine else "",
            model=row.text("model"),
            hardware=row.text("accelerator"),
            precision=row.text("weight_data_types").replace("UNSET", "").lower(),
            gpus=each * nodes if each and nodes else None,
            concurrency=_users(scenario),
            request_rate=_rate(scenario, row.number("target_qps")),
            clock="scheduled",
            osl=tokens / samples if tokens and samples and scenario != "Offline" else None,
            source=row.text("source_path"),
        ),
        stated=stated,
        rates={name: value for name, value in rates.items() if value},
        warnings=[] if row.text("result") in ("VALID", "") else [f"its result is {row.text('result')}"],
        unusable=UNDIVIDED if stated else "no latency is given",
    )


def _users(scenario: str) -> int | None:
    """SingleStream sends one request after another."""
    return 1 if scenario == "SingleStream" else None


def _rate(scenario: str, target: float | None) -> float | None:
    """Server and Interactive are Poisson arrivals; Offline is all at once."""
    if scenario in ("Server", "Interactive"):
        return target
    return inf if scenario == "Offline" else None


def _of_log(path: Path) -> Served:
    facts: dict[str, str] = {}
    stated: dict[str, dict[str, float]] = {}
    for line_number, line in enumerate(text_of(path).splitlines(), start=1):
        if not (pair := _PAIR.match(line)):
            continue
        key, value = pair[1], pair[2]
        facts.setdefault(key, value)
        for ending, metric in _NAMES:
            if ending.search(key):
                name = _statistic(key)
                found = number(value, key, f"{path}:{line_number}") if name else None
                if found is not None:
                    stated.setdefault(metric, {})[name] = found * 1e-9
                break
    result, scenario = facts.get("Result is", ""), facts.get("Scenario", "")

    def fact(*keys: str) -> float | None:
        return next((number(facts[key], key, str(path)) for key in keys if key in facts), None)

    rates = {
        "requests_per_s": fact("Completed samples per second", "Samples per second"),
        "output_tokens_per_s": fact("Completed tokens per second", "Tokens per second"),
    }
    return Served(
        name=path.name.split(".txt")[0],
        setup=Setup(
            concurrency=_users(scenario),
            request_rate=_rate(scenario, fact("target_qps")),
            clock="scheduled",
            source=path.name,
        ),
        stated=stated,
        rates={name: value for name, value in rates.items() if value},
        warnings=[] if result == "VALID" else [f"its result is {result or 'not stated'}"],
        unusable=UNDIVIDED if stated else "no latency is given",
    )


def _statistic(key: str) -> str:
    """`Mean First Token latency (ns)`, `99.00 percentile latency (ns)`."""
    if found := re.match(r"([\d.]+) percentile", key):
        return percentile(f"p{found[1]}")
    return percentile(key.split()[0].lower()) if key.split()[0] in ("Min", "Max", "Mean") else ""


def _recognises(path: Path, head: str) -> bool:
    return "MLPerf Results Summary" in head[:2000] or has_columns(head, *COLUMNS)


FORMAT = Format("mlperf", "MLPerf results (a LoadGen summary, or a table of them)", _recognises, read)
