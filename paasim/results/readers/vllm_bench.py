"""`vllm bench serve --save-result | --append-result [--save-detailed]`, and SGLang's `bench_serving`, its descendant.

One JSON object a run; appended runs follow one another in a file. Summary figures are in ms, the lists that
`--save-detailed` adds (`ttfts`, `itls`, `input_lens`, `output_lens`, `start_times`, `errors`; newer: `latencies`,
`queue_times`) in s. Failed requests stay in the lists with zeros, and `errors` tells them. TTFT, TPOT, ITL and E2EL are
paasim's; a request of one token has no TPOT (vLLM's goodput counts it as 0).
See https://github.com/vllm-project/vllm/blob/main/vllm/benchmarks/serve.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isinf
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.results.readers.formats import Format
from paasim.results.readers.reading import Node, documents, number, numbers, percentile, since_first
from paasim.results.served import Answer, Layout, Served, Setup

ENGINES = {"vllm": "vllm", "sglang": "sglang", "sglang-native": "sglang", "tensorrt-llm": "trtllm", "tgi": "tgi"}
"""`backend` is which API was called: only these name an engine, `openai` does not."""
NAMES = {"ttft": "ttft", "tpot": "tpot", "itl": "itl", "e2el": "e2el", "e2e_latency": "e2el"}
"""Metric in a key -> paasim's name; SGLang writes `mean_e2e_latency_ms`."""
LISTS = ("input_lens", "output_lens", "ttfts", "itls", "start_times", "errors", "latencies", "queue_times")


def read(path: Path) -> list[Served]:
    """Read every run of a file.

    Raises:
        InputError: if it is no JSON, or lists do not fit together.
    """
    runs = documents(path)
    stem = path.name.split(".json")[0]
    return [_run(node, stem if len(runs) == 1 else f"{stem}#{i}", path) for i, node in enumerate(runs, start=1)]


def _run(node: Node, name: str, path: Path) -> Served:
    if "request_throughput" not in node and "completed" not in node:
        raise InputError.one(node.where, "has neither request_throughput nor completed", "is it another format?")
    requests = list(_requests(node))
    total = node.whole("total_input_tokens")
    completed = node.whole("completed")
    rates = {
        "requests_per_s": node.number("request_throughput"),
        "output_tokens_per_s": node.number("output_throughput"),
        "total_tokens_per_s": node.number("total_token_throughput", "total_throughput"),
    }
    made = node.whole("total_output_tokens")
    return Served(
        name=name,
        setup=_setup(node, total, made, completed, path),
        requests=requests,
        stated=_stated(node),
        rates={key: value for key, value in rates.items() if value is not None},
        completed=completed,
        failed=node.whole("failed") if not requests else None,
        duration=node.number("duration"),
        warnings=list(_warnings(node)),
    )


def _setup(node: Node, sent: int | None, made: int | None, completed: int | None, path: Path) -> Setup:
    """Facts, also those that `--metadata KEY=VALUE` added to the top level."""
    backend = node.text("backend", "endpoint_type")
    rate = node.value.get("request_rate")
    accepted = node.number("spec_decode_acceptance_length")
    layout = Layout(
        tp=node.whole("tp", "tensor_parallel_size", "tensor_parallel"),
        pp=node.whole("pp", "pipeline_parallel_size"),
        ep=node.whole("ep", "expert_parallel_size"),
        dp=node.whole("dp", "data_parallel_size"),
    )
    return Setup(
        engine=node.text("engine") or ENGINES.get(backend, ""),
        version=node.text("engine_version", "vllm_version", "version"),
        model=node.text("model_id", "model", "model_name"),
        hardware=node.text("hardware", "gpu_type", "gpu", "accelerator"),
        precision=node.text("precision", "dtype", "quantization"),
        gpus=node.whole("gpus", "num_gpus") or layout.gpus,
        mode=node.text("mode"),
        layout=layout,
        speculation="" if not accepted else f"{accepted:.2f} tokens a step",
        concurrency=node.whole("max_concurrency"),
        request_rate=inf if _is_endless(rate) else number(rate, "request_rate", node.where),
        isl=sent / completed if sent and completed else None,
        osl=made / completed if made and completed else None,
        date=node.text("date"),
        source=path.name,
    )


def _is_endless(rate: Any) -> bool:
    """`inf` is written as text by vLLM, as Infinity by older ones."""
    return rate == "inf" or (isinstance(rate, float) and isinf(rate))


def _requests(node: Node) -> Iterator[Answer]:
    """The requests, if the file has them: `latencies` alone, which newer versions always keep, are not enough."""
    if "ttfts" not in node:
        return
    lists = {name: node.list(name) for name in LISTS if name in node}
    count = len(lists["ttfts"])
    for name, values in lists.items():
        if len(values) != count:
            what = f"{name} has {len(values)} entries, ttfts {count}"
            raise InputError.one(node.where, what, "is the file damaged?")

    def column(name: str, least: float | None = 0.0) -> list[float | None]:
        return [number(value, name, node.where, least) for value in lists.get(name, [None] * count)]

    prompts, made, ttfts = column("input_lens"), column("output_lens"), column("ttfts")
    latencies, waited = column("latencies"), column("queue_times", least=None)
    starts = since_first(column("start_times", least=None))
    for i in range(count):
        gaps = numbers(lists.get("itls", [[]] * count)[i], "itls", node.where)
        error = " ".join(str(lists.get("errors", [""] * count)[i] or "").split())
        tokens = None if made[i] is None else round(made[i] or 0)
        if not error and (tokens == 0 or (tokens is None and not ttfts[i])):
            error = "no output"
        ttft = ttfts[i] or None
        latency = latencies[i] or (None if ttft is None else ttft + sum(gaps))
        prompt = None if prompts[i] is None else round(prompts[i] or 0)
        wait = None if waited[i] is None else max(0.0, waited[i] or 0.0)
        if error:
            ttft, latency, gaps = None, None, ()
        yield Answer(str(i), starts[i], prompt, tokens, ttft, latency, gaps, not error, error, wait)


def _stated(node: Node) -> dict[str, dict[str, float]]:
    """Keys such as `mean_ttft_ms` and `p99.9_tpot_ms`."""
    found: dict[str, dict[str, float]] = {}
    for key in node:
        statistic, _, rest = key.partition("_")
        metric = NAMES.get(rest.removesuffix("_ms")) if rest.endswith("_ms") else None
        if metric and (name := percentile(statistic)) and (value := node.number(key)) is not None:
            found.setdefault(metric, {})[name] = value / 1e3
    return found


def _warnings(node: Node) -> Iterator[str]:
    rate = node.value.get("request_rate")
    if rate is not None and not _is_endless(rate):
        yield (
            "arrivals are no true Poisson process: vLLM stretches them so that n requests take n / rate seconds; "
            "replay their start times rather than draw new ones"
        )
    if "ttfts" in node and "start_times" not in node:
        yield "start times are missing: every start is 0, and throughput is from the file's duration"
    if "ramp_up_strategy" in node:
        yield "the request rate was ramped up: figures are over all rates"


def _recognises(path: Path, head: str) -> bool:
    return all(f'"{key}"' in head for key in ("completed", "total_input_tokens", "request_throughput", "duration"))


FORMAT = Format("vllm-bench", "results of vllm bench serve", _recognises, read)
