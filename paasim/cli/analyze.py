"""`paasim analyze`: what a scenario can carry, by bounds from profiles and lengths, without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from paasim.cli import console, outcome

if TYPE_CHECKING:
    from paasim.results.capacity import Search
    from paasim.results.schema import Variant
    from paasim.scenario.scenario import Scenario

app = typer.Typer(rich_markup_mode=None, add_completion=False)

VARIANT = typer.Option(None, "--variant", metavar="NAME", help="One variant alone; `base` is the scenario itself.")
VARIANTS = typer.Option(None, "--variants", metavar="A,B", help="Which variants, side by side. Else all.")
PROMPT = typer.Option(None, "--prompt", metavar="N,N,...", help="KV throughput of prefill at these prompt lengths.")
OVER = typer.Option([], "--over", metavar="PATH=VALUES", help="Search for the values that carry most. May be repeated.")
SUM = typer.Option([], "--sum", metavar="PATH+PATH=N", help="Only combinations that add up so. May be repeated.")
FORM = typer.Option(None, "--form", metavar="exact|mean", help="Rate that --over goes by: exact, or mean lengths.")
SIMULATE = typer.Option(False, "--simulate", help="Simulate as well, and print both side by side.")
BESIDE = typer.Option(None, "--beside", metavar="DIR", help="The same with a finished run's result folder.")
AS_JSON = typer.Option(False, "--json", help="Print one JSON document and nothing else.")


@app.command()
def analyze(
    scenario: str = outcome.SCENARIO,
    changes: list[str] = outcome.SET,
    variant: str | None = VARIANT,
    variants: str | None = VARIANTS,
    prompt: str | None = PROMPT,
    over: list[str] = OVER,
    sums: list[str] = SUM,
    form: str | None = FORM,
    simulate: bool = SIMULATE,
    beside: Path | None = BESIDE,
    seed: int | None = outcome.SEED,
    as_json: bool = AS_JSON,
) -> None:
    """Say what each pool, fleet and link can carry, what is full first, and the bandwidth that KV caches need.

    Nothing is simulated unless asked for. With --over, search for the values of some settings that carry most.
    """
    from paasim.report import capacity as report
    from paasim.results import capacity as results
    from paasim.scenario.capacity import analyze
    from paasim.scenario.capacity.throughput import throughputs
    from paasim.scenario.parts import Parts

    loaded = outcome.load(scenario, changes, seed, None)
    _can_be(form, sums, over, simulate, beside)
    chosen = _chosen(loaded, variant, variants)
    parts = {name: Parts.of(each).sound() for name, each in chosen.items()}
    found = {name: analyze(each, parts[name]) for name, each in chosen.items()}
    lengths = _lengths(prompt)
    told = results.document(
        loaded.name,
        found,
        {name: list(throughputs(each, parts[name], lengths)) for name, each in chosen.items()},
        _simulated(loaded, chosen, simulate, beside),
        _search(chosen, over, sums, form or "exact") if over else None,
    )
    if as_json:
        console.say_json(told.model_dump(mode="json"))
        return
    console.out().print(report.answer(told))
    if told.search is not None:
        console.out().print(report.search_answer(told.search))
    console.say()
    for table in report.tables(told):
        console.out().print(table)
    for note in dict.fromkeys(note for bounds in told.variants.values() for note in bounds.notes):
        console.note(f"note: {note}")


def _can_be(form: str | None, sums: Sequence[str], over: Sequence[str], simulate: bool, beside: Path | None) -> None:
    """Whether the options go together.

    Raises:
        InputError: if not.
    """
    from paasim.core.errors import InputError, did_you_mean

    if form is not None and form not in ("exact", "mean"):
        raise InputError.one("--form", f"there is no form '{form}'", did_you_mean(form, ("exact", "mean")))
    if form is not None and not over:
        raise InputError.one("--form", "has nothing to rank", "say what varies with --over")
    if sums and not over:
        raise InputError.one("--sum", "has nothing to add up", "say what varies with --over")
    if simulate and beside is not None:
        raise InputError.one("--beside", "stands beside --simulate", "give one of the two")


def _chosen(loaded: Scenario, variant: str | None, variants: str | None) -> dict[str, Scenario]:
    """The variants that were asked for by name, else all that fit."""
    from paasim.core.errors import InputError
    from paasim.results.result import BASE
    from paasim.scenario.loader import chosen

    if variant is not None and variants is not None:
        raise InputError.one("--variant", "stands beside --variants", "give one of the two")
    names = [variant] if variant is not None else outcome.names(variants)
    if not names:
        return {BASE: loaded, **loaded.fitting}
    option = "--variant" if variant is not None else "--variants"
    return {name: loaded if name == BASE else chosen(loaded, name, option) for name in names}


def _lengths(text: str | None) -> list[int]:
    from paasim.cli.network.explain import prompt_lengths

    return prompt_lengths(text)


def _search(chosen: Mapping[str, Scenario], over: Sequence[str], sums: Sequence[str], form: str) -> Search:
    """Search in the first variant."""
    from paasim.core.errors import InputError
    from paasim.results.capacity import ranked
    from paasim.scenario.capacity.search import Total, axis, search

    axes: dict[str, list[Any]] = {}
    for text in over:
        path, values = axis(text)
        if path in axes:
            raise InputError.one("--over", f"'{path}' is given twice", "name every setting once")
        axes[path] = values
    name, scenario = next(iter(chosen.items()))
    points = search(scenario, axes, [Total.parse(text) for text in sums])
    return ranked(points, name, by_means=form == "mean")


def _simulated(
    loaded: Scenario, chosen: Mapping[str, Scenario], simulate: bool, beside: Path | None
) -> Mapping[str, Variant]:
    """Variants that were simulated, now or before."""
    if beside is not None:
        from paasim.results.folder import read

        return read(beside).variants
    if not simulate:
        return {}
    from paasim.study.run import simulate as run

    with outcome.progress() as progress:
        return run(loaded, variants=chosen, jobs=None, progress=progress).variants
