"""NVIDIA aiperf: `profile_export.jsonl` (a request a line) and `profile_export_aiperf.json` (figures); genai-perf too.

Every value carries its `unit`. Names differ: `inter_token_latency` is TPOT here, `inter_chunk_latency` (a list in the
JSON lines) is ITL here; `request_latency` ends with the last piece of the answer, as E2EL does. Times of day are ns.
`output_sequence_length` counts reasoning tokens too. The standard deviation is the sample's and is turned into the
population's where the count is known. Requests of the warm-up are left out.
See https://github.com/ai-dynamo/aiperf: docs/tutorials/working-with-profile-exports.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from paasim.core.errors import InputError
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import SECONDS, Node, documents, mean, numbers, since_first, statistics
from paasim.results.served import Answer, Served, Setup

METRICS = {
    "time_to_first_token": "ttft",
    "time_to_second_token": "ttst",
    "inter_token_latency": "tpot",
    "inter_chunk_latency": "itl",
    "request_latency": "e2el",
}
"""Its tag -> paasim's name."""
RATES = {
    "request_throughput": "requests_per_s",
    "output_token_throughput": "output_tokens_per_s",
    "total_token_throughput": "total_tokens_per_s",
}
SUMMARY = ("profile_export_aiperf.json", "profile_export_genai_perf.json")
"""Files beside the JSON lines that tell what was run."""


def read(path: Path) -> list[Served]:
    """Read one run: its requests, or its figures.

    Raises:
        InputError: if it is no JSON, or a value has no known unit.
    """
    nodes = documents(path)
    if nodes and "metadata" in nodes[0]:
        return [_of_lines(nodes, path)]
    return [_of_summary(node, path) for node in nodes]


def _of_lines(lines: Sequence[Node], path: Path) -> Served:
    """Records of requests; what was run stands in the summary beside them, if it is there."""
    measured = [line for line in lines if line.node("metadata").text("benchmark_phase") != "warmup"]
    starts = since_first([_start(line) for line in measured])
    requests = [_request(line, start, i) for i, (line, start) in enumerate(zip(measured, starts, strict=True))]
    beside = next((path.with_name(name) for name in SUMMARY if path.with_name(name).is_file()), None)
    summary = documents(beside)[0] if beside is not None else Node(None, str(path))
    answered = [each for each in requests if each.ok]
    warm = len(lines) - len(measured)
    return Served(
        name=path.name.split(".json")[0],
        setup=_setup(
            summary,
            path.name,
            mean([each.prompt_tokens for each in answered]),
            mean([each.output_tokens for each in answered]),
        ),
        requests=requests,
        warnings=[f"{warm} requests of the warm-up are left out"] if warm else [],
    )


def _start(node: Node) -> float | None:
    start = node.node("metadata").number("request_start_ns")
    return None if start is None else start * 1e-9


def _request(node: Node, start: float, index: int) -> Answer:
    facts, metrics = node.node("metadata"), node.node("metrics")
    failure = node.node("error")
    if not metrics.value and not failure.value and not facts.value.get("was_cancelled"):
        raise InputError.one(node.where, "has neither metrics nor an error", "is it an export of aiperf?")
    error = ""
    if failure.value or facts.value.get("was_cancelled"):
        error = f"{failure.text('type')} {failure.text('message')}".strip() or "cancelled"
    latency = _value(metrics, "request_latency")
    if not error and latency is None:
        error = "no request latency"
    gaps = metrics.node("inter_chunk_latency")
    made = metrics.node("output_sequence_length").whole("value")
    return Answer(
        request_id=facts.text("x_request_id", "session_num") or str(index),
        start=start,
        prompt_tokens=metrics.node("input_sequence_length" if not error else "error_isl").whole("value"),
        output_tokens=metrics.node("output_token_count").whole("value") if made is None else made,
        ttft=None if error else _value(metrics, "time_to_first_token"),
        e2el=None if error else latency,
        itl=() if error or not gaps.value else _gaps(gaps),
        ok=not error,
        error=error,
    )


def _gaps(node: Node) -> tuple[float, ...]:
    scale = _scale(node)
    return tuple(gap * scale for gap in numbers(node.value.get("value"), "inter_chunk_latency", node.where))


def _value(metrics: Node, tag: str) -> float | None:
    node = metrics.node(tag)
    value = node.number("value")
    return None if value is None else value * _scale(node)


def _scale(node: Node) -> float:
    unit = node.text("unit")
    if unit not in SECONDS:
        raise InputError.one(node.where, f"unit '{unit}' is unknown", f"known are {', '.join(SECONDS)}")
    return SECONDS[unit]


def _of_summary(node: Node, path: Path) -> Served:
    count = node.node("request_count").whole("avg")
    stated = {}
    for tag, name in METRICS.items():
        if tag in node:
            figures = statistics(node.node(tag), _scale(node.node(tag)))
            n = node.node(tag).whole("count") or (count if name != "itl" else None)
            std = figures.pop("std", None)
            if std is not None and n:
                figures["std"] = std * ((n - 1) / n) ** 0.5
            stated[name] = figures
    if not stated and "request_count" not in node:
        raise InputError.one(node.where, "has no figures of requests", "is it an export of aiperf?")
    rates = {name: node.node(tag).number("avg") for tag, name in RATES.items()}
    spent = node.node("benchmark_duration")
    duration = spent.number("avg")
    mean_of = {tag: node.node(tag).number("avg") for tag in ("input_sequence_length", "output_sequence_length")}
    return Served(
        name=path.name.split(".json")[0],
        setup=_setup(node, path.name, mean_of["input_sequence_length"], mean_of["output_sequence_length"]),
        stated=stated,
        rates={name: value for name, value in rates.items() if value is not None},
        completed=count,
        failed=node.node("error_request_count").whole("avg"),
        duration=None if not duration else duration * _scale(spent),
        warnings=["the run was cancelled before its end"] if node.value.get("was_cancelled") else [],
    )


def _setup(summary: Node, source: str, isl: float | None, osl: float | None) -> Setup:
    """Facts from `input_config`."""
    config = summary.node("input_config")
    load, endpoint = config.node("loadgen"), config.node("endpoint")
    models = endpoint.value.get("model_names")
    return Setup(
        model=str(models[0]) if isinstance(models, list) and models else endpoint.text("model"),
        concurrency=load.whole("concurrency"),
        request_rate=load.number("request_rate"),
        isl=isl,
        osl=osl,
        date=summary.text("start_time"),
        source=source,
    )


def _recognises(path: Path, head: str) -> bool:
    lines = '"request_start_ns"' in head and '"metrics"' in head
    summary = re.search(r'"(request_latency|time_to_first_token)":\s*\{\s*"unit"', head) is not None
    return lines or summary


FORMAT = Format("aiperf", "profile exports of aiperf and genai-perf", _recognises, read)
