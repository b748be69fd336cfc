"""The folder of a plan for least cost: `plan.json`, every candidate, the chosen scenario, and what was simulated."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from paasim.core.atomic import replace
from paasim.core.errors import InputError
from paasim.results.folder import scenario_text
from paasim.study.plan.min_cost import Found
from paasim.study.plan.trial import each_fact

DOCUMENT, CANDIDATES, SCENARIO = "plan.json", "candidates.csv", "scenario.yaml"


def write(found: Found, folder: Path) -> None:
    """Write a plan's folder, over an earlier plan in it; `scenario.yaml` runs again.

    Raises:
        InputError: if it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DOCUMENT).unlink(missing_ok=True)
        (folder / SCENARIO).unlink(missing_ok=True)
        replace(folder / CANDIDATES, table(found).encode())
        if found.scenario is not None:
            text = scenario_text(found.scenario.expanded(), found.scenario.base, folder)
            replace(folder / SCENARIO, text.encode())
        replace(folder / DOCUMENT, f"{found.plan.model_dump_json(indent=2)}\n".encode())
    except OSError as error:
        raise InputError.one(str(folder), f"cannot be written: {error.strerror}", "choose another folder: -o") from None


def table(found: Found) -> str:
    """Every candidate, the cheapest first, with what became of it and why, as CSV."""
    search = found.search
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        ["cost_per_hour", *search.space.names, "fate", "reason", "replications", "ttft_p99", "requests_per_s"]
    )
    for candidate in search.in_order_of_cost():
        trial = search.trials.get(candidate)
        facts = each_fact(trial.outcomes) if trial is not None else []
        ttft = [each.metrics["ttft"].p99 for each in facts if "ttft" in each.metrics]
        cost = search.costs[candidate]
        rows.writerow(
            [
                f"{cost:.6g}" if cost < float("inf") else "",
                *(option.label for option in search.space.chosen(candidate)),
                *search.reason(candidate),
                len(facts),
                f"{sum(ttft) / len(ttft):.6g}" if ttft else "",
                f"{sum(each.requests_per_s for each in facts) / len(facts):.6g}" if facts else "",
            ]
        )
    return text.getvalue()
