"""The plans of docs/planning.md for Mooncake's conversations: `python benchmarks/planning.py` (some twenty minutes).

Every question at 1, 2 and 4 times the load. What was simulated is kept under results/mooncake-plan, so that a second
run takes seconds; the table goes into the page, between its marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from paasim.report.words import seconds, share
from paasim.scenario import lookup
from paasim.scenario.loader import changed, chosen, load
from paasim.study.plan.min_cost.plan import Asked, Found, min_cost
from paasim.study.plan.min_cost.schema import Simulated
from paasim.study.plan.min_cost.search import Settings
from paasim.study.point import Point, evaluate
from paasim.study.store import Store

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "planning.md"
KEPT = ROOT / "results" / "mooncake-plan" / "outcomes"
MARKS = re.compile(r"(<!-- mooncake table -->\n).*?(<!-- /mooncake table -->)", re.DOTALL)
SCENARIO = "mooncake-plan"
LOADS = (1.0, 2.0, 4.0)
QUESTIONS = {
    "p99 TTFT ≤ 4 s": "base",
    "p99 TTFT ≤ 4 s, B200 allowed": "b200",
    "p99 TTFT ≤ 5 s": "p99-in-5-s",
    "p95 TTFT ≤ 4 s": "p95",
}
"""What is asked, and the variant that asks it."""
LONG = 87_171
"""Prompt tokens of the trace at p99 (`paasim trace show`)."""


def plans() -> Iterator[tuple[str, float, Found]]:
    """Every question at every load."""
    for question, variant in QUESTIONS.items():
        scenario = chosen(load(SCENARIO), variant)
        for factor in LOADS:
            found = min_cost(scenario, Asked(load=factor), store=Store(KEPT), settings=Settings(jobs=1))
            print(question, factor, found.plan.replications, "replications", flush=True)
            yield question, factor, found


def row(question: str, factor: float, found: Found) -> str:
    """A line of the table."""
    plan = found.plan
    asked = f"{question} | {factor:g} ({plan.offered_per_s:.3g}/s)"
    if plan.chosen is None:
        assert plan.nearest is not None
        near = plan.nearest.candidate
        return f"| {asked} | none: {_had(near)} comes nearest | | | | {_ttft(near)} | |"
    best = plan.chosen
    prefill, decode = (_pool(best, pool) for pool in ("prefill", "decode"))
    cells = (prefill, decode, best.options["wan.bandwidth"].removesuffix(" Gbps"), f"{best.cost.per_hour:,.0f}")
    busy = f"{best.bottleneck}, {share(best.bottleneck_load or 0.0)}"
    return f"| {asked} | {' | '.join(cells)} | {_ttft(best)} | {busy} |"


def _had(each: Simulated) -> str:
    return f"{_pool(each, 'prefill')}, {_pool(each, 'decode')}, {each.options['wan.bandwidth']}"


def _pool(each: Simulated, pool: str) -> str:
    """`5 x 4 H100`."""
    hardware, _, width = each.options[f"{pool}-on"].partition("-tp")
    return f"{each.options[f'{pool}.instances']} x {width} {hardware.upper()}"


def _ttft(each: Simulated) -> str:
    asked = next(one for one in each.objectives if one.objective.startswith("ttft"))
    return f"{asked.objective.split(':')[1].split('=')[0]} {seconds(asked.value or 0.0)}"


def alone() -> Iterator[str]:
    """Seconds of prefill that a prompt at p99 takes with nobody else there, by hardware."""
    model = lookup.model("llama-3.1-70b")
    for hardware, dtype in (("h100-sxm", "fp8"), ("h200-sxm", "fp8"), ("b200-sxm", "bf16")):
        for width in (4, 8):
            name = f"{hardware}/llama-3.1-70b/{dtype}/vllm/tp{width}"
            time = lookup.steps(lookup.profile(name), model).prefill(LONG, LONG * LONG / 2)
            yield f"| {width} {hardware.removesuffix('-sxm').upper()}, weights in {dtype} | {seconds(time)} |"


def cached() -> str:
    """p99 TTFT with caches at both ends, as large as a host's memory, on the fastest hardware asked about."""
    pools = ("sites.compute.pools.prefill", "sites.serving.pools.decode")
    changes = [f"{pool}.{key}" for pool in pools for key in ("prefix_cache=true", "kv_memory=2 TiB")]
    changes += [f"{pools[0]}.profile=h200-sxm/llama-3.1-70b/fp8/vllm/tp8", f"{pools[0]}.instances=8"]
    scenario = changed(load(SCENARIO), [*changes, "network.links.wan.bandwidth=800 Gbps"])
    [outcome] = evaluate([Point("caches", scenario)], store=Store(KEPT))
    return seconds(outcome.variant.metrics["ttft"].p99)


def main() -> None:
    """Make the plans and put them into the page."""
    head = "question | load | prefill | decode | Gbps | $/h | TTFT | busiest"
    lines = [f"| {head} |", "|---|---|---|---|---|---|---|---|"]
    lines += [row(*each) for each in plans()]
    lines += [
        "",
        "A prompt at p99 (87,171 tokens), prefilled with nobody else there:",
        "",
        "| one instance of | takes |",
    ]
    lines += ["|---|---|", *alone(), ""]
    lines += [
        f"With prefix caches of 2 TiB at both ends, 8 instances of 8 H200 and 800 Gbps, p99 TTFT is {cached()}.",
        "",
    ]
    text = "\n".join(lines)
    page = PAGE.read_text(encoding="utf-8")
    assert MARKS.search(page), f"{PAGE} has no marks"
    PAGE.write_text(MARKS.sub(lambda match: f"{match[1]}{text}{match[2]}", page), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
