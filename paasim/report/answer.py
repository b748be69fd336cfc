"""The answer in two plain sentences: how fast (and against what), then where the time goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasim.report.differences import MANY, settings_sentence
from paasim.report.words import PARTS, listed, seconds, share, with_interval
from paasim.results.result import Result
from paasim.results.schema import Comparison, Difference, Resource, Variant

WORTH_NAMING = 0.1
"""Share of TTFT from which a part is named."""
SAME_SHARE = 0.005
"""Attainments closer than this count as the same."""


def answer(result: Result) -> str:
    """Two sentences about a run, or about a comparison."""
    if result.document.comparison is None:
        name = next(iter(result.variants))
        first = _speed(result.variants[name], result.document.scenario.get("slo", {}))
        return f"{first} {where_time_goes(result.variants[name])}".strip()
    best = fastest(result)
    if best is None:
        return "No variant completed a request that counts."
    comparison = result.document.comparison
    if comparison.against:
        return f"{_variant_by_variant(comparison)} {settings_sentence(comparison)}"
    if comparison.settings:
        return f"{_verdict(result, best)} {settings_sentence(comparison)}"
    return f"{_verdict(result, best)} {where_time_goes(result.variants[best], f'in {best}, ')}".strip()


def _variant_by_variant(comparison: Comparison) -> str:
    """One sentence: in which variants a finished run has a lower TTFT than another, and in which a higher one."""
    by_verdict: dict[str, list[str]] = {}
    for name, each in comparison.differences.items():
        if "ttft" in each:
            found = each["ttft"]
            size = "" if found.verdict in ("same", "cannot tell") else f" (by {seconds(abs(found.difference))})"
            by_verdict.setdefault(found.verdict, []).append(f"{name}{size}")
    said = {"better": "lower in", "worse": "higher in", "same": "the same in", "cannot tell": "not told from chance in"}
    parts = [f"{words} {listed(by_verdict[key])}" for key, words in said.items() if key in by_verdict]
    return f"Against the run of {comparison.baseline}, variant by variant, mean TTFT is {'; '.join(parts)}."


def fastest(result: Result) -> str | None:
    """The variant with the lowest mean TTFT; None if none has one."""
    known = {
        name: variant.metrics["ttft"].mean for name, variant in result.variants.items() if "ttft" in variant.metrics
    }
    return min(known, key=lambda name: known[name]) if known else None


def objective(slo: Mapping[str, Any]) -> str:
    """The limits of a scenario in words: `TTFT ≤ 2 s and TPOT ≤ 50 ms`; empty if it has none."""
    return listed([f"{name.upper()} ≤ {slo[name]}" for name in ("ttft", "tpot", "e2el") if slo.get(name) is not None])


def _speed(variant: Variant, slo: Mapping[str, Any]) -> str:
    ttft = variant.metrics.get("ttft")
    if ttft is None:
        return f"None of {variant.requests.arrived} requests was completed within what is measured."
    mean, sure = seconds(ttft.mean), ""
    if ttft.ci95.mean:
        mean, ends = with_interval(ttft.mean, ttft.ci95.mean)
        sure = f" (95 % interval {ends})"
    text = f"TTFT is {mean} on average{sure} and {seconds(ttft.p99)} at p99"
    text += _attainment(variant, slo)
    return f"{text}{'' if variant.steady_state else ', but there is no steady state'}."


def _attainment(variant: Variant, slo: Mapping[str, Any]) -> str:
    met = variant.throughput.slo_attainment
    if met is None:
        return ""
    limits = objective(slo)
    wanted = f", wanted {share(slo['attainment'])}" if "attainment" in slo else ""
    return f"; {share(met)} of requests meet {limits or 'their limits'}{wanted}"


def _verdict(result: Result, best: str) -> str:
    comparison = result.document.comparison
    assert comparison is not None
    variant, slo = result.variants[best], result.document.scenario.get("slo", {})
    baseline = comparison.baseline
    text = f"{best} has the lowest TTFT, {seconds(variant.metrics['ttft'].mean)} on average"
    if best != baseline:
        text += f": {against(comparison.differences[best].get('ttft'), baseline)}"
    else:
        others = {name: each["ttft"] for name, each in comparison.differences.items() if "ttft" in each}
        if others:
            name = min(others, key=lambda other: others[other].difference)
            text += f": {against(_turned(others[name]), name)}"
    text += _attainment(variant, slo) + _better_attainment(result, best)
    return f"{text}{'' if variant.steady_state else ', but it has no steady state'}."


def _better_attainment(result: Result, best: str) -> str:
    """Who meets the limits most often, where that is not the one with the lowest TTFT."""
    met = {name: variant.throughput.slo_attainment or 0.0 for name, variant in result.variants.items()}
    most = max(met, key=lambda name: met[name])
    return f", while {most} reaches {share(met[most])}" if met[most] > met[best] + SAME_SHARE else ""


def against(difference: Difference | None, name: str) -> str:
    """`0.41 s less than base (95 % interval 0.38 to 0.44 s)`."""
    if difference is None:
        return f"{name} completed nothing to compare with"
    if difference.verdict == "same":
        return f"the same as that of {name}"
    saved = -difference.difference
    if difference.ci95 is None:
        return f"{seconds(saved)} less than {name} (too few requests for an interval)"
    less, ends = with_interval(saved, (-difference.ci95[1], -difference.ci95[0]))
    text = f"{less} less than {name} (95 % interval {ends})"
    if difference.verdict != "cannot tell":
        return text
    needed = difference.replications_needed
    would = f"; about {needed:,} replications would tell" if needed is not None and needed <= MANY else ""
    return f"{text}, which may be chance{would}"


def _turned(difference: Difference) -> Difference:
    """The same difference seen from the other side."""
    low_high = difference.ci95 and (-difference.ci95[1], -difference.ci95[0])
    return difference.model_copy(update={"difference": -difference.difference, "ci95": low_high})


def where_time_goes(variant: Variant, opening: str = "") -> str:
    """One sentence: the largest parts of TTFT, and the busiest resource."""
    total = sum(variant.ttft_parts.values())
    if total <= 0:
        return ""
    largest = sorted(variant.ttft_parts.items(), key=lambda item: -item[1])
    named = [(part, value) for part, value in largest if value >= WORTH_NAMING * total][:3] or largest[:1]
    parts = listed([f"{PARTS[part]} ({share(value / total)})" for part, value in named])
    text = f"{opening}TTFT goes to {parts}"
    if variant.bottleneck is not None:
        text += f"; the busiest resource is {variant.bottleneck}, {in_use(variant.resources[variant.bottleneck])}"
    return f"{text[0].upper()}{text[1:]}."


def in_use(used: Resource) -> str:
    """The load of a resource in words: `69.1 % in use`, or where its fill says more, `12.7 % full`."""
    return f"{share(used.load)} {'full' if used.fill == used.load else 'in use'}"
