"""inference-perf: `per_request_`, `stage_N_` or `summary_lifecycle_metrics.json`, or the folder that holds them.

Times are in s. TTFT, TPOT and ITL have paasim's names; `normalized_time_per_output_token` is `ntpot` here;
`request_latency` ends with the connection. Older versions counted pieces of the stream instead of tokens, so that TPOT
and ITL came out at half (https://github.com/kubernetes-sigs/inference-perf/issues/564): TPOT is therefore held against
(request latency - TTFT) / (output length - 1), and where it does not fit, that is used and ITL left out.
See https://github.com/kubernetes-sigs/inference-perf: docs/reports.md and inference_perf/reportgen/base.py.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from paasim.core.errors import InputError
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import Node, documents, mean, numbers, since_first, statistics
from paasim.results.served import Answer, Served, Setup

METRICS = {
    "time_to_first_token": "ttft",
    "time_per_output_token": "tpot",
    "inter_token_latency": "itl",
    "normalized_time_per_output_token": "ntpot",
    "request_latency": "e2el",
}
RATES = {
    "requests_per_sec": "requests_per_s",
    "output_tokens_per_sec": "output_tokens_per_s",
    "total_tokens_per_sec": "total_tokens_per_s",
}
FITS = 0.2
"""Relative difference up to which TPOT may be that of tokens: an average over requests is not one over tokens."""
PIECES = 1.2
"""Pieces per token above which pieces are not tokens."""
PER_REQUEST = "per_request_lifecycle_metrics.json"
STAGE = re.compile(r"stage_(\d+)_lifecycle_metrics\.json$")


def read(path: Path) -> list[Served]:
    """Read a file, or of a folder the requests, else its stages, else its summary.

    Raises:
        InputError: if it is no JSON, or there is no such file in the folder.
    """
    files = _files(path) if path.is_dir() else [path]
    config = _config(path if path.is_dir() else path.parent)
    return [run for file in files for run in _file(file, config)]


def _files(folder: Path) -> list[Path]:
    if (whole := folder / PER_REQUEST).is_file():
        return [whole]
    stages = [(int(found[1]), each) for each in folder.iterdir() if (found := STAGE.search(each.name))]
    if stages:
        return [each for _, each in sorted(stages)]
    if (summary := folder / "summary_lifecycle_metrics.json").is_file():
        return [summary]
    raise InputError.one(str(folder), "has no file of inference-perf", "it writes stage_0_lifecycle_metrics.json")


def _config(folder: Path) -> Node:
    """What was run, if `config.yaml` lies beside."""
    import yaml

    path = folder / "config.yaml"
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):  # ValueError: no UTF-8, or a date that is none
        value = None
    return Node(value if isinstance(value, dict) else None, str(path))


def _file(path: Path, config: Node) -> list[Served]:
    nodes = documents(path)
    server = config.node("server")
    setup = Setup(
        engine=server.text("type"), model=server.text("model_name"), source="/".join([path.parent.name, path.name])
    )
    if nodes and "successes" in nodes[0]:
        return [_of_summary(nodes[0], setup, path)]
    return [_of_requests(nodes, setup, path)] if nodes else []


def _of_summary(node: Node, setup: Setup, path: Path) -> Served:
    good, load = node.node("successes"), node.node("load_summary")
    stated = {name: figures for key, name in METRICS.items() if (figures := statistics(good.node("latency", key)))}
    isl = good.node("prompt_tokens").number("mean")
    isl = good.node("prompt_len").number("mean") if isl is None else isl
    osl = good.node("output_tokens").number("mean")
    osl = good.node("output_len").number("mean") if osl is None else osl
    rates = {name: good.node("throughput").number(key) for key, name in RATES.items()}
    stage = STAGE.search(path.name)
    warnings = _corrected(stated, osl)
    warnings += _unmet(load)
    warnings += [] if stage else ["figures are over all stages, so over several loads"]
    return Served(
        name=f"stage {stage[1]}" if stage else path.name.split(".json")[0],
        setup=replace(
            setup,
            isl=isl,
            osl=osl,
            concurrency=load.whole("concurrency"),
            request_rate=None if "concurrency" in load else load.number("requested_rate"),
        ),
        stated=stated,
        rates={name: value for name, value in rates.items() if value is not None},
        completed=good.whole("count"),
        failed=node.node("failures").whole("count"),
        duration=node.number("benchmark_time_seconds"),
        warnings=warnings,
        unusable="" if stage else "several loads in one figure",
    )


def _corrected(stated: dict[str, dict[str, float]], osl: float | None) -> list[str]:
    """Replace a TPOT that is not of tokens, and drop the ITL with it."""
    means = [stated.get(name, {}).get("mean") for name in ("e2el", "ttft", "tpot")]
    if osl is None or osl <= 1 or any(each is None for each in means):
        return []
    whole, first, own = (float(each or 0.0) for each in means)
    derived = (whole - first) / (osl - 1)
    if abs(own - derived) <= FITS * derived:
        return []
    stated["tpot"] = {"mean": derived}
    stated.pop("itl", None)
    return [
        f"its mean TPOT {own * 1e3:.2f} ms is not (E2EL - TTFT) / (n - 1) = {derived * 1e3:.2f} ms of the means "
        "(pieces were counted, not tokens): the latter is used, ITL is left out"
    ]


def _unmet(load: Node) -> list[str]:
    asked, had = load.number("requested_rate"), load.number("achieved_rate")
    if asked and had and abs(had - asked) > 0.1 * asked:
        return [f"{had:.3g} requests per second were sent, {asked:.3g} were asked for"]
    return []


def _of_requests(nodes: Sequence[Node], setup: Setup, path: Path) -> Served:
    starts = since_first([node.number("start_time") for node in nodes])
    several = [_request(node, begin, i) for i, (node, begin) in enumerate(zip(nodes, starts, strict=True))]
    requests = [request for request, _ in several]
    pieces, tokens = sum(n for _, n in several), sum(r.output_tokens or 0 for r, n in several if n)
    warnings = []
    if tokens and pieces > PIECES * tokens:
        requests = [request._replace(itl=()) for request in requests]
        warnings = [f"{pieces / tokens:.2f} pieces were counted per token: ITL is left out, TPOT is by tokens"]
    good = [each for each in requests if each.ok]
    isl, osl = mean([each.prompt_tokens for each in good]), mean([each.output_tokens for each in good])
    name = path.name.split(".json")[0]
    return Served(name=name, setup=replace(setup, isl=isl, osl=osl), requests=requests, warnings=warnings)


def _request(node: Node, begin: float, index: int) -> tuple[Answer, int]:
    """A request, and of how many pieces its answer came."""
    info = node.node("info")
    response = info.node("response_metrics")
    start, end = node.number("start_time"), node.number("end_time")
    if start is None or end is None or end < start:
        raise InputError.one(node.where, "has no start_time and a later end_time", "is the file damaged?")
    usage = response.node("server_usage")
    times = response if "output_token_times" in response else info  # older versions have them in `info`
    stamps = numbers(times.value.get("output_token_times"), "output_token_times", node.where)
    gaps = tuple(later - earlier for earlier, later in itertools.pairwise(stamps))
    if stamps and (stamps[0] < start or min(gaps, default=0.0) < 0):
        raise InputError.one(node.where, "output_token_times are out of order", "is the file damaged?")
    made = usage.whole("completion_tokens")
    made = response.whole("output_tokens") if made is None else made
    sent = usage.whole("prompt_tokens")
    sent = info.node("request_metrics", "text").whole("input_tokens") if sent is None else sent
    failure = node.node("error")
    error = f"{failure.text('error_type')} {failure.text('error_msg')}".strip() if failure.value else ""
    streamed = len(stamps) > 1 and not error
    answer = Answer(
        request_id=str(index),
        start=begin,
        prompt_tokens=info.whole("input_tokens") if sent is None else sent,
        output_tokens=info.whole("output_tokens") if made is None else made,
        ttft=stamps[0] - start if streamed else None,
        e2el=None if error else (stamps[-1] if streamed else end) - start,
        itl=gaps if streamed else (),
        ok=not error,
        error=error,
    )
    return answer, len(stamps) if streamed else 0


def _recognises(path: Path, head: str) -> bool:
    if path.is_dir():
        return any(name == PER_REQUEST or STAGE.match(name) for name in head.splitlines())
    summary = '"load_summary"' in head and '"successes"' in head
    requests = re.match(r'\s*\[\s*\{\s*"start_time":', head) is not None and '"end_time"' in head[:400]
    return summary or requests


FORMAT = Format("inference-perf", "lifecycle metrics of inference-perf", _recognises, read)
