"""A sensitivity study in two sentences and two tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paasim.report.look import NONE, make_table
from paasim.report.words import digits, listed, seconds, share, with_interval
from paasim.study.sensitivity.inputs import factor_words
from paasim.study.sensitivity.schema import InputRange, Interval, Moved, OneAtATime, Study, Survival

if TYPE_CHECKING:
    from rich.table import Table

NAMED = 3
"""Most inputs that the answer names."""
MINOR = 0.1
"""Share of the largest effect below which an input is not named."""


def answer(study: Study) -> str:
    """Which inputs matter, then whether the answer survives the error of its profiles."""
    if study.value is None:
        return f"There is no {study.title} to move: nothing was measured in the scenario as it is."
    first = {"oat": _oat, "morris": _morris, "sobol": _sobol}[study.method](study)
    return f"{first} {_survives(study)}".strip()


def _oat(study: Study) -> str:
    effects = [each for each in study.oat or [] if each.swing]
    if not effects:
        return f"None of the {len(study.inputs)} inputs moves the {study.title}."
    most, ranges = effects[0], {each.name: each for each in study.inputs}
    low, high = (
        f"{value(study, moved.value)} at {words(ranges[most.input], end)}"
        for moved, end in ((most.low, ranges[most.input].low), (most.high, ranges[most.input].high))
    )
    text = f"The {study.title}, {value(study, study.value)}, moves most with the {most.input}: {low}, {high}"
    sizes = [(each.input, each.swing or 0.0) for each in effects]
    return text + _then(study, sizes)


def _morris(study: Study) -> str:
    sizes = [(each.input, each.mu_star) for each in study.morris or []]
    if not sizes or not sizes[0][1]:
        return f"None of the {len(study.inputs)} inputs moves the {study.title}."
    text = f"The {study.title}, {value(study, study.value)}, moves most with the {sizes[0][0]}: "
    text += f"by {value(study, sizes[0][1])} on average over its range, whatever the others are"
    return text + _then(study, sizes)


def _sobol(study: Study) -> str:
    indices = study.sobol or []
    if not indices or not indices[0].total:
        return f"None of the {len(study.inputs)} inputs moves the {study.title}."
    most = indices[0]
    text = f"The {most.input} explains {_part(most.first)} of the variance of the {study.title} alone, "
    text += f"{_part(most.total)} with what it does together with others"
    rest = [each for each in indices[1:] if each.total > MINOR * most.total][: NAMED - 1]
    named = listed([f"the {each.input} ({_part(each.total)})" for each in rest])
    return f"{text}; then {named}." if named else f"{text}."


def _then(study: Study, sizes: list[tuple[str, float]]) -> str:
    """`; then the prompt length (by 7.8 s) and the arrival rate (by 5.5 s).`."""
    rest = [(name, size) for name, size in sizes[1:] if size > MINOR * sizes[0][1]][: NAMED - 1]
    named = listed([f"the {name} (by {value(study, size)})" for name, size in rest])
    return f"; then {named}." if named else "; all other inputs matter less than a tenth of that."


def _survives(study: Study) -> str:
    found = study.survival
    if found is None or found.best is None:
        return ""
    names = "its profile" if len(found.inputs) == 1 else f"its {len(found.inputs)} profiles"
    if len(found.variants) == 1:
        (span,) = found.variants.values()
        return f"Within the error of {names} it lies between {value(study, span.low)} and {value(study, span.high)}."
    best = f"{found.best} stays the best of {len(found.variants)} variants"
    if not found.flips:
        return f"The answer survives the error of {names}: {best} in all {found.samples} samples."
    nearest = found.flips[0]
    at = listed([f"{name} {factor_words(factor)}" for name, factor in nearest.factors.items()])
    quite = " quite" if found.stays * 2 > found.samples else ""
    text = (
        f"The answer does not{quite} survive the error of {names}: {best} in {found.stays} of {found.samples} samples"
    )
    return f"{text}; the nearest flip is to {nearest.best} at {at}."


def tables(study: Study) -> Iterator[Table]:
    """Effects, then the variants within the error of their profiles."""
    if study.oat is not None:
        yield _oat_table(study, study.oat)
    if study.morris is not None:
        table = make_table("Elementary effects, over the whole range", "input", "range", "mu*", "mu", "sigma")
        for each in study.morris:
            size, sure = _with_half(study, each.mu_star, each.mu_star_conf95)
            table.add_row(
                each.input,
                _range(study, each.input),
                f"{size} ± {sure}",
                value(study, each.mu),
                value(study, each.sigma),
            )
        yield table
    if study.sobol is not None:
        table = make_table("Shares of the variance", "input", "range", "alone", "with interactions")
        for index in study.sobol:
            alone = f"{_part(index.first)} ± {_part(index.first_conf95)}"
            table.add_row(
                index.input, _range(study, index.input), alone, f"{_part(index.total)} ± {_part(index.total_conf95)}"
            )
        yield table
    if study.survival is not None:
        yield _survival_table(study, study.survival)


def _oat_table(study: Study, effects: list[OneAtATime]) -> Table:
    title = f"One input moved at a time: {study.title}, {value(study, study.value)} as it is"
    table = make_table(title, "input", "range", "low", "high", "swing", "95 % interval", "%/%", "")
    for each in effects:
        swing, sure = _swing(study, each.swing, each.swing_ci95)
        elastic = (
            NONE if each.elasticity is None else f"{each.elasticity:+.2f}".replace("-0.00", "0").replace("+0.00", "0")
        )
        ends = (_moved(study, each.low), _moved(study, each.high))
        table.add_row(each.input, _range(study, each.input), *ends, swing, sure, elastic, each.shape)
    return table


def _survival_table(study: Study, found: Survival) -> Table:
    columns = ("variant", study.title, "smallest", "largest", "best in")
    table = make_table(f"Within the error of the profiles, {found.samples} samples", *columns)
    for name, span in found.variants.items():
        cells = (value(study, each) for each in (span.nominal, span.low, span.high))
        table.add_row(name, *cells, f"{span.best} of {found.samples}", style="bold" if name == found.best else None)
    return table


def value(study: Study, number: float | None) -> str:
    """A value of the metric, in the unit that reads best."""
    if number is None:
        return NONE
    if study.unit == "s":
        return seconds(number)
    return f"{digits(number)} /s" if study.unit else share(number)


def words(each: InputRange, number: float) -> str:
    """A value of an input: `−20 %`, `25 Gbps`."""
    return factor_words(number) if each.is_factor else f"{number:.4g} {each.unit}".rstrip()


def _range(study: Study, name: str) -> str:
    """How far an input is moved: `±20 %`, `×0.5 to ×2`, `10 to 100 Gbps`."""
    each = next(one for one in study.inputs if one.name == name)
    low, high = words(each, each.low), words(each, each.high)
    if each.is_factor and low[1:] == high[1:]:
        return f"±{high[1:]}"
    return f"{low.removesuffix(each.unit).rstrip()} to {high}"


def _moved(study: Study, moved: Moved) -> str:
    return value(study, moved.value) + ("" if moved.steady_state else " (no steady state)")


def _swing(study: Study, swing: float | None, sure: Interval | None) -> tuple[str, str]:
    if swing is None or sure is None:
        return value(study, swing), NONE
    if study.unit == "s":
        return with_interval(swing, sure)
    return value(study, swing), f"{value(study, sure[0])} to {value(study, sure[1])}"


def _with_half(study: Study, number: float, half: float) -> tuple[str, str]:
    return value(study, number), value(study, half)


def _part(number: float) -> str:
    """An index as a share; estimates may lie a little outside 0 to 1."""
    return f"{number * 100:.0f} %"
