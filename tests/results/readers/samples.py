"""Small results of every tool, hand-made in the tool's own form, with times that are easy to check by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paasim.results import served
from paasim.results.served import Served

Document = dict[str, Any]


def write(path: Path, *documents: object, end: str = "\n") -> Path:
    """Write JSON documents one after another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + end for each in documents), encoding="utf-8")
    return path


def read_one(path: Path, *documents: object, format: str = "") -> Served:
    """Write the documents, and read the one run that is in them."""
    (run,) = served.read(write(path, *documents), format)
    return run


def warned(run: Served, text: str) -> bool:
    """Whether a warning says so."""
    return any(text in each for each in run.warnings)


def vllm(**changes: Any) -> Document:
    """Four requests in 2 s: of 5, 1 and 3 tokens, and one that failed, which stays in the lists with zeros."""
    return {
        "date": "20260101-120000",
        "backend": "vllm",
        "model_id": "meta-llama/Llama-3.1-8B-Instruct",
        "num_prompts": 4,
        "request_rate": "inf",
        "max_concurrency": 4,
        "duration": 2.0,
        "completed": 3,
        "failed": 1,
        "total_input_tokens": 600,
        "total_output_tokens": 9,
        "request_throughput": 1.5,
        "output_throughput": 4.5,
        "total_token_throughput": 304.5,
        "mean_ttft_ms": 200.0,
        "median_ttft_ms": 200.0,
        "std_ttft_ms": 81.6496580927726,
        "p99.9_ttft_ms": 299.8,
        "mean_tpot_ms": 37.5,
        "mean_itl_ms": 1000 * 0.2 / 6,
    } | changes


def detailed(**changes: Any) -> Document:
    """The same with its lists, s."""
    lists = {
        "input_lens": [100, 200, 400, 300],
        "output_lens": [5, 1, 0, 3],
        "ttfts": [0.1, 0.3, 0.0, 0.2],
        "itls": [[0.02, 0.03, 0.01, 0.04], [], [], [0.05, 0.05]],
        "start_times": [1000.0, 1000.5, 1000.75, 1001.0],
        "errors": ["", "", "Connection\n reset", ""],
    }
    return vllm(**lists) | changes


def guidellm_request(start: float, first: float | None, last: float, tokens: int, **more: Any) -> Document:
    """A request of guidellm 0.5 and later: absolute times in s; the connection ends 0.1 s after the last token."""
    timings = {
        "request_start": start,
        "first_token_iteration": first,
        "last_token_iteration": last,
        "request_end": last + 0.1,
    }
    facts = {"request_id": f"r{start:g}", "info": {"timings": timings}}
    return facts | {"input_metrics": {"text_tokens": 100}, "output_metrics": {"text_tokens": tokens}} | more


def guidellm(requests: Document | None = None, strategy: Document | None = None, **changes: Any) -> Document:
    """A report of schema 2 with one benchmark; its figures are those of answers of 5 and 3 tokens."""

    def successful(mean: float, **percentiles: float) -> Document:
        figures = {"mean": mean, "median": mean, "std_dev": mean / 10, "min": mean, "max": mean, "count": 2}
        return {"successful": figures | {"percentiles": percentiles}}

    benchmark = {
        "type_": "generative_benchmark",
        "id_": "b1",
        "config": {"strategy": strategy or {"type_": "concurrent", "streams": 4}, "backend": {"model": "m"}},
        "duration": 4.0,
        "metrics": {
            "request_totals": {"successful": 2, "errored": 1, "incomplete": 1, "total": 4},
            "requests_per_second": successful(0.5),
            "output_tokens_per_second": successful(2.0),
            "time_to_first_token_ms": successful(200.0, p001=101.0, p50=200.0, p99=299.0, p999=299.9),
            "inter_token_latency_ms": successful(50.0),
            "time_per_output_token_ms": successful(90.0),
            "request_latency": successful(0.5),
            "prompt_token_count": successful(100.0),
            "output_token_count": successful(4.0),
        },
        "requests": requests or {},
    } | changes
    return {"metadata": {"version": 2, "guidellm_version": "0.8.0"}, "benchmarks": [benchmark]}


def aiperf_line(start: float, tokens: int, latency: float, first: float, gaps: list[float], **more: Any) -> Document:
    """A line of `profile_export.jsonl`: its clock is in ns, its latencies in ms."""
    tpot = (latency - first) / (tokens - 1) if tokens > 1 else None
    metrics = {
        "time_to_first_token": {"value": first, "unit": "ms"},
        "request_latency": {"value": latency, "unit": "ms"},
        "inter_token_latency": {"value": tpot, "unit": "ms"},
        "inter_chunk_latency": {"value": gaps, "unit": "ms"},
        "input_sequence_length": {"value": 100, "unit": "tokens"},
        "output_sequence_length": {"value": tokens, "unit": "tokens"},
    }
    facts = {"x_request_id": f"r{start:g}", "request_start_ns": int(start * 1e9), "benchmark_phase": "profiling"}
    return {"metadata": facts | more.pop("metadata", {}), "metrics": metrics, "error": None} | more


def aiperf_summary(**changes: Any) -> Document:
    """`profile_export_aiperf.json`."""
    return {
        "input_config": {"endpoint": {"model_names": ["m"]}, "loadgen": {"concurrency": 8}},
        "request_count": {"unit": "requests", "avg": 5.0},
        "error_request_count": {"unit": "requests", "avg": 1.0},
        "benchmark_duration": {"unit": "sec", "avg": 10.0},
        "time_to_first_token": {"unit": "ms", "avg": 200.0, "p50": 190.0, "p99": 400.0, "std": 50.0},
        "inter_token_latency": {"unit": "ms", "avg": 20.0, "p50": 19.0},
        "inter_chunk_latency": {"unit": "us", "avg": 40000.0, "std": 3000.0},
        "request_latency": {"unit": "sec", "avg": 2.0},
        "output_token_throughput": {"unit": "tokens/sec", "avg": 50.0},
        "input_sequence_length": {"unit": "tokens", "avg": 128.0},
        "output_sequence_length": {"unit": "tokens", "avg": 91.0},
    } | changes


def inference_perf_request(start: float, stamps: list[float], tokens: int, **changes: Any) -> Document:
    """A request of `per_request_lifecycle_metrics.json`, s; the connection ends 0.1 s after the last piece."""
    response = {"output_token_times": stamps, "server_usage": {"prompt_tokens": 100, "completion_tokens": tokens}}
    end = (stamps[-1] if stamps else start) + 0.1
    return {"start_time": start, "end_time": end, "info": {"response_metrics": response}, "error": None} | changes


def inference_perf_stage(tpot: float = 0.02, **changes: Any) -> Document:
    """A stage: TTFT 0.1 s, E2EL 1.1 s and 51 tokens on average, so a TPOT of 20 ms."""
    latency = {
        "request_latency": {"mean": 1.1, "median": 1.0},
        "time_to_first_token": {"mean": 0.1, "median": 0.09, "p99.9": 0.3},
        "time_per_output_token": {"mean": tpot, "median": tpot},
        "inter_token_latency": {"mean": tpot},
        "normalized_time_per_output_token": {"mean": 1.1 / 51},
    }
    successes = {"count": 60, "latency": latency, "prompt_len": {"mean": 200.0}, "output_len": {"mean": 51.0}}
    load = {"count": 61, "requested_rate": 2.0, "achieved_rate": 2.0}
    rates = {"throughput": {"requests_per_sec": 1.9, "output_tokens_per_sec": 97.0}}
    return {"load_summary": load, "successes": successes | rates, "failures": {"count": 1}} | changes
