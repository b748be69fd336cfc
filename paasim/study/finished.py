"""Compare finished runs, read from their folders: what differs in the results, and in what was asked.

Where both runs met the same requests (the tables say so), they are compared request by request and replication by
replication; else each side's own spread counts (Welch). ITL and rates are not in the table: their intervals come from
`result.json`, or there are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paasim.core.errors import InputError, did_you_mean
from paasim.results import folder
from paasim.results.result import Result
from paasim.results.schema import Comparison, Document, Pairing, Setting, Variant
from paasim.scenario.scenario import Scenario
from paasim.study import settings
from paasim.study.differences import Side, differences, without_counterpart
from paasim.study.execute import limits_of
from paasim.study.observed import DRAWN, Observed, confirmed, of_table, same
from paasim.study.paired import CLOSED_LOOP, all_judged, first_token_warnings, unsteady_warnings
from paasim.study.verdict import Found

OTHER_TIMES = "the same lengths in the same order, but at other times"


@dataclass(frozen=True)
class Run:
    """A finished run, and which of its variants are meant."""

    name: str
    result: Result
    folder: Path | None
    """None for a bare `result.json`."""
    variants: Sequence[str]


@dataclass(frozen=True)
class Finished:
    """One variant of a finished run."""

    run: Run
    variant: str
    label: str
    scenario: Scenario | None
    side: Side

    @property
    def document(self) -> Variant:
        """Its numbers."""
        return self.run.result.variants[self.variant]


def is_result(text: str) -> bool:
    """Whether a text names a finished run: its folder or `result.json`, with or without `:VARIANT`."""
    path = _place(text)[0]
    return (path / folder.DOCUMENT).is_file() or (path.suffix == ".json" and path.is_file())


def compare_results(texts: Sequence[str]) -> Result:
    """Compare finished runs with the first of them.

    A run of several variants is compared variant by variant with those of the same name; if the first is of one
    variant (or one is chosen, `FOLDER:VARIANT`), all others are compared with that.

    Raises:
        InputError: if one is not a finished run, has no such variant, or there is nothing to compare.
    """
    runs = _named([_read(text) for text in texts])
    sides = [[_finished(run, name, alone=len(run.result.variants) == 1) for name in run.variants] for run in runs]
    first, *others = sides
    pairs = [(each, base) for side in others for each in side if (base := _counterpart(each, first)) is not None]
    if not pairs:
        known = ", ".join(each.label for each in first)
        what = f"there is no variant of the same name in {runs[0].name}"
        raise InputError.one(texts[-1], what, f"say which to compare with: one of {known}")
    return _result(first, pairs, [each for side in others for each in side])


def _result(
    first: Sequence[Finished], pairs: Sequence[tuple[Finished, Finished]], others: Sequence[Finished]
) -> Result:
    bases = [each for each in first if any(base is each for _, base in pairs)]
    shown = {each.label: each.document for each in (*bases, *(each for each, _ in pairs))}
    baseline = bases[0].label
    found: dict[str, dict[str, Found]] = {}
    pairing: dict[str, Pairing] = {}
    differing: dict[str, list[Setting]] = {}
    warnings: dict[str, None] = {}
    for each, base in pairs:
        pairing[each.label] = _pairing(each, base)
        found[each.label] = differences(each.side, base.side, is_paired=pairing[each.label] != "none")
        differing[each.label], missing = _settings(each, base)
        warnings |= dict.fromkeys([*missing, *_paired_how(each, base, pairing[each.label])])
        warnings |= dict.fromkeys(without_counterpart(each.document, base.document, (each.label, base.label)))
        warnings |= dict.fromkeys(_other_limits(each, base))
        warnings |= dict.fromkeys(_without_interval(found[each.label], each.label))
    alone = [each.label for each in (*first, *others) if each.label not in shown]
    if alone:
        warnings[f"without a counterpart, and not compared: {', '.join(alone)}"] = None
    warnings |= dict.fromkeys([*first_token_warnings(shown), *unsteady_warnings(shown)])
    original = bases[0].run.result.document
    comparison = Comparison(
        baseline=baseline,
        differences=all_judged(found),
        against={each.label: base.label for each, base in pairs if base.label != baseline},
        pairing=pairing,
        settings=differing,
        warnings=list(warnings),
    )
    document = Document(
        paasim_version=original.paasim_version,
        scenario=original.scenario,
        seed=original.seed,
        replications=original.replications,
        variants=shown,
        comparison=comparison,
    )
    return Result(document)


# ---- reading ---------------------------------------------------------------------------------------------------------


def _place(text: str) -> tuple[Path, str | None]:
    """Path and variant of `FOLDER:VARIANT`; a path that has a colon itself is taken as it is."""
    head, colon, variant = text.rpartition(":")
    if not colon or Path(text).exists():
        return Path(text), None
    return Path(head), variant


def _read(text: str) -> Run:
    path, variant = _place(text)
    if not is_result(text):
        todo = "name folders of finished runs (they have a result.json), or one scenario to compare its variants"
        raise InputError.one(text, "is not a finished run", todo)
    where = path if path.is_dir() else path.parent
    if path.is_file() and path.name != folder.DOCUMENT:
        result, own = folder.read_document(path), None
    else:
        result, own = folder.read(where), where
    if variant is not None and variant not in result.variants:
        raise InputError.one(text, f"there is no variant '{variant}'", did_you_mean(variant, result.variants))
    name = path.stem if own is None else (where.resolve().name or str(where))
    return Run(name, result, own, list(result.variants) if variant is None else [variant])


def _named(runs: Sequence[Run]) -> list[Run]:
    """Runs whose folders have the same name are told apart by their paths, or their numbers."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run.folder) if run.folder else run.name for run in runs]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, start=1)]
    return [Run(name, run.result, run.folder, run.variants) for name, run in zip(names, runs, strict=True)]


def _finished(run: Run, variant: str, *, alone: bool) -> Finished:
    document = run.result.document
    scenario = settings.scenario_of(document, variant, run.folder)
    limits = None
    if scenario is not None:
        classes = list(scenario.classes)
        limits = dict(zip(classes, limits_of(scenario, classes), strict=True))
    observed: list[Observed] = []
    if run.folder is not None and folder.has_requests(run.folder):
        rows = run.result.requests
        of_variant = rows[rows["variant"].astype(str) == variant]
        observed = [of_table(each, limits) for _, each in of_variant.groupby("replication", sort=True)]
        observed = confirmed(observed, "slo_attainment", run.result.variants[variant].throughput.slo_attainment)
    label = run.name if alone else f"{run.name}:{variant}"
    return Finished(run, variant, label, scenario, Side(run.result.variants[variant], document.replications, observed))


def _counterpart(each: Finished, first: Sequence[Finished]) -> Finished | None:
    if len(first) == 1:
        return first[0]
    return next((base for base in first if base.variant == each.variant), None)


# ---- what both have in common ----------------------------------------------------------------------------------------


def _pairing(each: Finished, base: Finished) -> Pairing:
    ours, other = each.side.observed, base.side.observed
    if not ours or not other:
        return "none"
    if same(ours, other):
        return "requests"
    return "lengths" if same(ours, other, [name for name in DRAWN if name != "arrival"]) else "none"


def _paired_how(each: Finished, base: Finished, pairing: Pairing) -> list[str]:
    pair = f"{each.label} and {base.label}"
    if pairing == "requests":
        return []
    if pairing == "lengths":
        loops = [one.scenario is not None and one.scenario.has_closed_loop for one in (each, base)]
        return [CLOSED_LOOP if all(loops) else f"{pair} met {OTHER_TIMES}: compared replication by replication"]
    bare = [one.label for one in (each, base) if not one.side.observed]
    why = f"{' and '.join(bare)} has no table of requests" if bare else "they did not meet the same requests"
    return [f"{pair} are not paired, since {why}: intervals are Welch's, wider than paired ones"]


def _other_limits(each: Finished, base: Finished) -> list[str]:
    """Attainment and goodput count other requests as good where limits differ."""
    if each.scenario is None or base.scenario is None:
        return []
    limits = [limits_of(one, list(one.classes)) for one in (each.scenario, base.scenario)]
    if limits[0] == limits[1] or not any(map(any, limits)):
        return []
    return [f"limits of {each.label} and {base.label} differ (slo): attainment and goodput are not like for like"]


def _without_interval(found: Mapping[str, Found], label: str) -> list[str]:
    """Rates of which a result keeps only the mean."""
    bare = [name for name, each in found.items() if each.spread is None and not name.startswith("p99_")]
    differ = [name for name in bare if found[name].value != found[name].reference]
    return [f"{label}: no interval for {', '.join(differ)}: results keep only their means"] if differ else []


def _settings(each: Finished, base: Finished) -> tuple[list[Setting], list[str]]:
    """The settings that differ, and what could not be looked at."""
    flat = [settings.settings_of(one.run.result.document, one.variant, one.scenario) for one in (each, base)]
    found = settings.differing(flat[0], flat[1])
    made = [settings.provenance_of(one.run.folder) for one in (each, base)]
    warnings = [
        f"{one.label} has no manifest: whether profiles and versions are the same is not known"
        for one, its in zip((each, base), made, strict=True)
        if its is None
    ]
    warnings += [
        f"{one.label}: this version of paasim cannot read its scenario; settings are compared as they are written"
        for one in (each, base)
        if one.scenario is None
    ]
    if made[0] is not None and made[1] is not None:
        found += settings.differing(made[0], made[1], named_by_both=True)
    return found, warnings
