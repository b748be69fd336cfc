"""A table of InferenceX's token-position experiment: one row per result of its benchmark client, closed loop.

The keys are vLLM's without `_ms`, and the values are in s. `parallelism_from_name`: tp8, tep8 (tensor-parallel
attention, expert-parallel experts) or dep8 (data-parallel attention, expert-parallel experts).
See https://github.com/SemiAnalysisAI/InferenceX: experimental/token_position_decode_slo.
"""

from __future__ import annotations

import re
from pathlib import Path

from paasim.profile.importers.imported import has_columns
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import percentile
from paasim.results.readers.tables import Row, rows_of
from paasim.results.served import STATED, Layout, Served, Setup

COLUMNS = ("file", "model_id", "max_concurrency", "median_ttft", "median_tpot")


def read(path: Path) -> list[Served]:
    """Read every row as a run.

    Raises:
        InputError: if a column is missing, or a cell is no number.
    """
    return [_run(row, path) for row in rows_of(path, COLUMNS)]


def _run(row: Row, path: Path) -> Served:
    layout = _layout(row.text("parallelism_from_name"))
    completed = row.whole("completed")
    sent, made = row.number("total_input_tokens"), row.number("total_output_tokens")
    rates = {"requests_per_s": row.number("request_throughput"), "output_tokens_per_s": row.number("output_throughput")}
    asked = row.whole("num_prompts")
    name = row.text("file")
    return Served(
        name=name,
        setup=Setup(
            engine="vllm" if "_vllm_" in name else "",
            model=row.text("model_id"),
            precision="fp8" if "_fp8_" in name else "",
            gpus=layout.gpus,
            mode="aggregated",
            layout=layout,
            concurrency=row.whole("max_concurrency"),
            isl=sent / completed if sent and completed else row.number("isl_from_name"),
            osl=made / completed if made and completed else row.number("osl_from_name"),
            date=row.text("date"),
            source=path.name,
        ),
        stated=_stated(row),
        rates={key: value for key, value in rates.items() if value is not None},
        completed=completed,
        failed=asked - completed if asked is not None and completed is not None else None,
        duration=row.number("duration"),
        warnings=["the hardware is not stated", "the version of the engine is not stated"],
    )


def _layout(text: str) -> Layout:
    found = re.fullmatch(r"(tp|tep|dep)(\d+)", text)
    if not found:
        return Layout()
    kind, width = found[1], int(found[2])
    return Layout(tp=1 if kind == "dep" else width, dp=width if kind == "dep" else 1, ep=1 if kind == "tp" else width)


def _stated(row: Row) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for column in row.cells:
        statistic, _, metric = column.partition("_")
        if metric in STATED and (name := percentile(statistic)) and (value := row.number(column)) is not None:
            found.setdefault(metric, {})[name] = value
    return found


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *COLUMNS)


FORMAT = Format("token-position", "InferenceX's token-position table", _recognises, read)
