"""guidellm `benchmarks.json`: schema version 2 (0.8), 1 (0.5), and the older ones without a version.

A file holds one benchmark per rate or concurrency. Names differ: its `inter_token_latency_ms` is TPOT here, averages of
requests weighted by their tokens; its `time_per_output_token_ms` is (last token - start) / n, so with the first token
(`ntpot` here), and up to 0.3 it was (last - first) / n, which is neither and is not read. `_ms` are ms,
`request_latency` is in s and ends with the connection, not with the last token. Percentiles are observed values
(inverse CDF): `p001` is the 0.1th, `p999` the 99.9th. Warm-up and cool-down are left out of its figures.
See https://github.com/vllm-project/guidellm: src/guidellm/schemas/request_stats.py and benchmark/schemas/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path

from paasim.core.errors import InputError
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import Node, documents, mean, since_first, statistics
from paasim.results.served import Answer, Served, Setup

LISTS = {"successful": "", "errored": "errored", "incomplete": "cut off at the end of the run"}
"""List of requests -> why it counts as failed."""
METRICS = {
    "time_to_first_token_ms": ("ttft", 1e-3),
    "inter_token_latency_ms": ("tpot", 1e-3),
    "time_per_output_token_ms": ("ntpot", 1e-3),
    "request_latency": ("e2el", 1.0),
}
"""Its name -> paasim's name and the unit in s."""
PERCENTILES = {"p001": 0.1, "p999": 99.9}
"""Those whose digits are not the percentile."""


def read(path: Path) -> list[Served]:
    """Read every benchmark of a file.

    Raises:
        InputError: if it is no JSON, or no report of guidellm.
    """
    found = documents(path)
    report = found[0] if found else Node(None, str(path))
    version = report.node("metadata").whole("version")
    runs = [Node(each, f"{path}: benchmarks[{i}]") for i, each in enumerate(report.list("benchmarks"))]
    made = [_run(node, i, report, path) for i, node in enumerate(runs)]
    if version is not None and version > 2:
        for run in made:
            run.warnings.append(f"the report is of schema version {version}, known are 1 and 2")
    return made


def _run(node: Node, number: int, report: Node, path: Path) -> Served:
    if "metrics" not in node and "requests" not in node:
        raise InputError.one(node.where, "has neither metrics nor requests", "is it a report of guidellm?")
    requests = list(_requests(node.node("requests")))
    old = _is_old(node)
    stated = _stated(node.node("metrics"), old)
    warnings = []
    if requests:
        stated.pop("tpot", None)  # weighted by tokens, and e2el to the end of the connection: no check of ours
        stated.pop("e2el", None)
    elif "tpot" in stated:
        warnings.append("TPOT is guidellm's inter-token latency: averages of requests weighted by their tokens")
    totals = node.node("metrics", "request_totals")
    made = node.node("scheduler_metrics", "requests_made") if not totals.value else totals
    made = made if made.value else node.node("run_stats", "requests_made")
    failed = [made.whole(name) for name in ("errored", "incomplete")]
    answered = [each for each in requests if each.ok]
    setup = _setup(node, report, path)
    prompts, outputs = mean([each.prompt_tokens for each in answered]), mean([each.output_tokens for each in answered])
    return Served(
        name=node.text("id_") or node.node("config").text("id_") or f"{path.stem}#{number + 1}",
        setup=replace(setup, isl=prompts or setup.isl, osl=outputs or setup.osl),
        requests=requests,
        stated=stated,
        rates=_rates(node.node("metrics")),
        completed=made.whole("successful"),
        failed=None if failed == [None, None] else sum(each or 0 for each in failed),
        duration=_duration(node),
        warnings=warnings,
    )


def _is_old(node: Node) -> bool:
    """Up to 0.3 the settings stood under `args`, later under `config`."""
    return "args" in node and "config" not in node


def _setup(node: Node, report: Node, path: Path) -> Setup:
    config = node.node("args") if _is_old(node) else node.node("config")
    strategy = config.node("strategy")
    kind = strategy.text("type_", "kind")
    # A number of streams is a closed loop; a rate is an open one; throughput sends all that it may at once.
    users = strategy.whole("streams", "max_concurrency") if kind in ("concurrent", "throughput") else None
    users = 1 if kind == "synchronous" else users
    rate = strategy.number("rate", "initial_rate")
    rate = inf if kind == "throughput" and users is None else rate
    metrics = node.node("metrics")
    places = (config.node("backend"), node.node("worker"), report.node("config", "backend"), report.node("args"))
    return Setup(
        model=next((name for place in places if (name := place.text("model", "backend_model"))), ""),
        concurrency=users,
        request_rate=rate if kind != "concurrent" else None,
        isl=metrics.node("prompt_token_count", "successful").number("mean"),
        osl=metrics.node("output_token_count", "successful").number("mean"),
        source=path.name,
    )


def _requests(lists: Node) -> Iterator[Answer]:
    rows = [
        (Node(each, f"{lists.where}.{name}[{i}]"), why)
        for name, why in LISTS.items()
        for i, each in enumerate(lists.list(name))
    ]
    starts = since_first([_times(node)[0] for node, _ in rows])
    for (node, why), begin in zip(rows, starts, strict=True):
        start, first, last = _times(node)
        made = node.whole("output_tokens")
        made = node.node("output_metrics").whole("total_tokens", "text_tokens") if made is None else made
        sent = node.whole("prompt_tokens")
        sent = node.node("input_metrics").whole("total_tokens", "text_tokens") if sent is None else sent
        timed = start is not None and last is not None
        if timed and (last < start or (first is not None and not start <= first <= last)):  # type: ignore[operator]
            raise InputError.one(node.where, "its tokens come before it starts or out of order", "is it damaged?")
        error = why and (node.text("error") or node.node("info").text("error") or why)
        if not error and not timed:
            error = "no time of the last token"
        yield Answer(
            request_id=node.text("request_id"),
            start=begin,
            prompt_tokens=sent,
            output_tokens=made,
            ttft=None if error or start is None or first is None else first - start,
            e2el=None if error or start is None or last is None else last - start,
            ok=not error,
            error=error,
        )


def _times(node: Node) -> tuple[float | None, float | None, float | None]:
    """Sent, first token, last token: absolute seconds. Up to 0.3 they stand in the request itself."""
    timings = node.node("info", "timings")
    if timings.value:
        last = timings.number("last_token_iteration", "request_end", "resolve_end")
        return timings.number("request_start", "resolve_start"), timings.number("first_token_iteration"), last
    start = node.number("start_time", "request_start_time")
    return start, node.number("first_token_time"), node.number("last_token_time", "end_time", "request_end_time")


def _stated(metrics: Node, old: bool) -> dict[str, dict[str, float]]:
    found = {}
    for name, (mine, scale) in METRICS.items():
        node = metrics.node(name, "successful")
        if node.value and node.value.get("count", 1) and not (old and mine == "ntpot"):
            found[mine] = statistics(node, scale) | _percentiles(node.node("percentiles"), scale)
            std = node.number("std_dev")
            found[mine] |= {} if std is None else {"std": std * scale}
    return found


def _percentiles(node: Node, scale: float) -> dict[str, float]:
    found = {}
    for key in node:
        if re.fullmatch(r"p\d+", key) and (value := node.number(key)) is not None:
            found[f"p{PERCENTILES.get(key, float(key[1:])):g}"] = value * scale
    return found


def _rates(metrics: Node) -> dict[str, float]:
    names = {
        "requests_per_second": "requests_per_s",
        "output_tokens_per_second": "output_tokens_per_s",
        "tokens_per_second": "total_tokens_per_s",
    }
    found = {mine: metrics.node(name, "successful").number("mean") for name, mine in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def _duration(node: Node) -> float | None:
    if (stated := node.number("duration")) is not None:
        return stated or None
    times = node if "end_time" in node else node.node("run_stats")
    start, end = times.number("start_time"), times.number("end_time")
    return end - start if start is not None and end is not None and end > start else None


def _recognises(path: Path, head: str) -> bool:
    return '"guidellm_version"' in head or re.search(r'"type_":\s*"generative_benchmark"', head) is not None


FORMAT = Format("guidellm", "guidellm's benchmarks.json", _recognises, read)
