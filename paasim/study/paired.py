"""Differences between variants that met the same requests.

Pairing takes out what both have in common, so that a difference shows with far fewer replications (Law, "Simulation
Modeling and Analysis", 5th ed., ch. 11.2). Two pairings: by replication, with Student's t on the differences of a
statistic; and request by request, with batch means, since neighbouring requests are correlated.

In a closed loop the next request waits for an answer, so that variants share lengths and think times, not arrivals.
"""

from __future__ import annotations

from collections.abc import Mapping

from paasim.results.result import Result
from paasim.results.schema import Comparison, Difference, Pairing, Variant
from paasim.study.differences import Side, differences, without_counterpart
from paasim.study.observed import of_replication
from paasim.study.verdict import Found, judged

CLOSED_LOOP = "closed loop: variants share lengths and think times, but not the times of arrival"


def paired(result: Result, baseline: str, *, closed_loop: bool = False) -> Comparison:
    """Compare all variants of a result with one of them."""
    sides = {
        name: Side(result.variants[name], len(each), [of_replication(one) for one in each])
        for name, each in result.replications.items()
    }
    base = sides[baseline]
    others = {name: side for name, side in sides.items() if name != baseline}
    found = {name: differences(side, base, is_paired=True) for name, side in others.items()}
    pairing: Pairing = "lengths" if closed_loop else "requests"
    warnings = [*first_token_warnings(result.variants), *unsteady_warnings(result.variants)]
    for name, side in others.items():
        warnings += without_counterpart(side.variant, base.variant, (name, baseline))
    if closed_loop:
        warnings.append(CLOSED_LOOP)
    return Comparison(
        baseline=baseline,
        differences=all_judged(found),
        pairing=dict.fromkeys(others, pairing),
        warnings=warnings,
    )


def all_judged(found: Mapping[str, Mapping[str, Found]]) -> dict[str, dict[str, Difference]]:
    """Verdicts for all variants, jointly over those that have the metric."""
    counts: dict[str, int] = {}
    for each in found.values():
        for metric in each:
            counts[metric] = counts.get(metric, 0) + 1
    return {
        name: {metric: judged(difference, counts[metric]) for metric, difference in each.items()}
        for name, each in found.items()
    }


def first_token_warnings(variants: Mapping[str, Variant]) -> list[str]:
    """Say so where only some TTFTs leave out a wait for the KV cache: they end before it, since prefill emits.

    A route that ships no KV has no such wait, whoever emits: it compares with one whose TTFT holds the wait.
    """
    early = {
        (name, route): each.ships_kv and each.first_token == "prefill"
        for name, variant in variants.items()
        for route, each in variant.routes.items()
    }
    if all(early.values()) or not any(early.values()):
        return []
    said = ", ".join(f"{route} in {name}" for (name, route), is_early in early.items() if is_early)
    return [
        f"TTFT does not mean the same everywhere: on some routes ({said}) the prefill side emits the first token, so "
        "that the wait for the KV cache is in TTST, TPOT and the largest ITL; compare TTFT + TTST, or E2EL"
    ]


def unsteady_warnings(variants: Mapping[str, Variant]) -> list[str]:
    """Say so where a variant has no steady state."""
    unsteady = [name for name, variant in variants.items() if not variant.steady_state]
    return (
        [f"no steady state in {', '.join(unsteady)}: differences depend on the length of the run"] if unsteady else []
    )
