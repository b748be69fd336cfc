"""Fitting the forms to a table: non-negative least squares on the relative error, after the monotone clean-up.

The floor of the prefill form is not linear in its coefficients; but a + b (K^4 + N^4)^(1/4) + c Q is, for a given
number K of tokens below which reading the weights takes longer than computing (w = b K), so K is scanned. How far the
result can be trusted is found by cross-validation: a random quarter of the rows is predicted from the others, four
times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paasim.core.errors import InputError, Problem
from paasim.profile.form import SATURATION, DecodeForm, Forms, MixedForm, PrefillForm
from paasim.profile.monotone import clean_points
from paasim.profile.prefill import with_anchors
from paasim.profile.residual import Floats
from paasim.profile.spec import PHASES, FitError, PhaseError
from paasim.profile.steps import StepTime
from paasim.profile.table import Points, Row, Table

FOLDS = 4
FEWEST = 12
"""Rows of a phase below which holding out a quarter says nothing."""
SEED = 20
"""Of the folds."""
FLOORS = np.concatenate([[0.0], 2.0 ** np.arange(0, 14, 0.25)])
"""Tokens at which computing takes as long as reading the weights, to be scanned."""
DIGITS = 6
"""Significant digits that are kept of a coefficient."""


def require_enough(table: Table) -> None:
    """Refuse a table that cannot settle the forms: they would follow the noise of a few rows.

    Raises:
        InputError: for every phase with too few different sizes of step.
    """
    problems = []
    for phase, least, sizes in (("prefill", 3, "prompt lengths"), ("decode", 2, "total contexts")):
        points = table.points(phase)
        if points is None:
            continue
        found = len(np.unique(points.tokens if phase == "prefill" else points.total))
        if found < least:
            what = f"{phase}: rows of {found} different {sizes}; a fit needs {least} or more"
            problems.append(Problem("", what, "measure more of them"))
    if problems:
        raise InputError(problems)


def fit(table: Table) -> Forms:
    """Fit the forms of all phases that a table has."""
    prefill, decode, mixed = table.points("prefill"), table.points("decode"), table.points("mixed")
    prefill_form = fit_prefill(with_anchors(prefill, decode)) if prefill is not None else None
    decode_form = fit_decode(decode) if decode is not None else None
    mixed_form = None
    if mixed is not None and prefill_form is not None and decode_form is not None:
        mixed_form = fit_mixed(mixed, prefill_form, decode_form)
    return Forms(prefill=prefill_form, decode=decode_form, mixed=mixed_form)


def fit_prefill(points: Points) -> PrefillForm:
    """Fit `a + (w^4 + (b N)^4)^(1/4) + c Q`."""
    n, q = points.tokens, points.pairs
    seconds = clean_points(points.seconds, n, q)
    found = [(*_solve([np.ones_like(n), (k**4 + n**4) ** 0.25, q], seconds), k) for k in FLOORS]
    (a, b, c), _, k = min(found, key=lambda each: each[1])
    return PrefillForm.model_construct(a=_short(a), w=_short(b * k), b=_short(b), c=_short(c))


def fit_decode(points: Points) -> DecodeForm:
    """Fit `a + b B + c S + d (1 - 0.97^B) + e (1 - 0.8^B)`."""
    b, s = points.batch, points.total
    seconds = clean_points(points.seconds, b, s)
    slow, fast = SATURATION
    terms = [np.ones_like(b), s]
    if len(np.unique(b)) > 1:
        terms += [b, 1 - slow**b, 1 - fast**b]
    found = _solve(terms, seconds)[0]
    a, c, *rest = map(_short, found)
    per_sequence, d, e = rest or (0.0, 0.0, 0.0)
    return DecodeForm.model_construct(a=a, b=per_sequence, c=c, d=d, e=e)


def fit_mixed(points: Points, prefill: PrefillForm, decode: DecodeForm) -> MixedForm:
    """Fit `a + b (N + B) + c S + d Q` with c of decode and d of prefill, which one table rarely tells apart."""
    n, b, s, q = points.new, points.batch, points.total, points.mixed_pairs
    seconds = clean_points(points.seconds, n, q, b, s)
    rest = seconds - decode.c * s - prefill.c * q
    a, per_token = _solve([np.ones_like(n), n + b], seconds, rest)[0]
    return MixedForm.model_construct(a=_short(a), b=_short(per_token), c=decode.c, d=prefill.c)


def _solve(terms: list[Floats], seconds: Floats, target: Floats | None = None) -> tuple[Floats, float]:
    """Coefficients >= 0 of terms that add up to the target (or seconds), relative to seconds; and the error."""
    from scipy.optimize import nnls

    matrix = np.stack(terms, axis=1) / seconds[:, None]
    # Columns of like size, for the solver.
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    found, error = nnls(matrix / size, (seconds if target is None else target) / seconds)
    return found / size, float(error)


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def errors(table: Table, forms: Forms) -> FitError:
    """How well forms and table agree, by phase, with cross-validation."""
    predicted = held_out(table)
    found: dict[str, PhaseError | None] = {}
    for phase in PHASES:
        points = table.points(phase)
        if points is None or getattr(forms, phase) is None:
            continue
        clean, form = cleaned(points, phase), _by_form(points, phase, forms)
        off = predicted.get(phase)
        has = off is not None and len(off) >= FEWEST // 2
        found[phase] = PhaseError(
            points=len(points),
            cleaned=_short3(float(np.max(np.abs(clean / points.seconds - 1)))),
            median=_short3(float(np.median(off))) if has and off is not None else None,
            p95=_short3(float(np.percentile(off, 95))) if has and off is not None else None,
            form_median=_short3(float(np.median(np.abs(form / clean - 1)))),
        )
    return FitError(**found)


def _short3(value: float) -> float:
    return 0.0 if value < 1e-9 else float(f"{value:.3g}")


def cleaned(points: Points, phase: str) -> Floats:
    """Seconds of the rows of a phase after the monotone clean-up."""
    if phase == "prefill":
        return clean_points(points.seconds, points.tokens, points.pairs)
    if phase == "decode":
        return clean_points(points.seconds, points.batch, points.total)
    return clean_points(points.seconds, points.new, points.mixed_pairs, points.batch, points.total)


def _by_form(points: Points, phase: str, forms: Forms) -> Floats:
    if phase == "prefill" and forms.prefill is not None:
        return np.asarray(forms.prefill.at(points.tokens, points.pairs))
    if phase == "decode" and forms.decode is not None:
        return np.asarray(forms.decode.at(points.batch, points.total))
    assert forms.mixed is not None
    attention = forms.mixed.c * points.total + forms.mixed.d * points.mixed_pairs
    return np.asarray(forms.mixed.tokens(points.new, points.batch) + attention)


def held_out(table: Table) -> dict[str, Floats]:
    """Relative errors |predicted / cleaned - 1| of rows predicted without them, where the other rows enclose them."""
    rng = np.random.default_rng(SEED)
    found: dict[str, Floats] = {}
    for phase in PHASES:
        of_phase = np.array([row.phase == phase for row in table.rows])
        if np.count_nonzero(of_phase) < FEWEST:
            continue
        fold = np.full(len(table.rows), -1)
        # Repeats of one step go together: else a row would be predicted from its own twin.
        steps: dict[tuple[float, ...], int] = {}
        own = [
            steps.setdefault((row.batch, row.new_tokens, row.context_tokens), len(steps))
            for row in table.rows
            if row.phase == phase
        ]
        fold[of_phase] = (rng.permutation(len(steps)) % FOLDS)[own]
        parts = [left_out(table, fold == k)[phase] for k in range(FOLDS)]
        found[phase] = np.abs(np.concatenate([part.off[~part.outside] for part in parts]))
    return found


@dataclass(frozen=True)
class LeftOut:
    """Rows of one phase that were predicted from others."""

    rows: list[Row]
    off: Floats
    """Relative errors predicted / cleaned - 1, shape (rows,)."""
    outside: npt.NDArray[np.bool_]
    """Whether the others do not enclose the row."""


def left_out(table: Table, left: npt.NDArray[np.bool_]) -> dict[str, LeftOut]:
    """Predict some rows of a table from the others.

    Args:
        table: the measured steps; of every phase some must stay.
        left: whether a row is left out, shape (rows,).

    Returns:
        By phase, for those that rows were left out of.
    """
    rest = Table([row for row, out in zip(table.rows, left, strict=True) if not out])
    steps = StepTime("left out", fit(rest), rest)
    found = {}
    for phase in PHASES:
        points = table.points(phase)
        of_phase = np.array([row.phase == phase for row in table.rows])
        rows = [row for row, out in zip(table.rows, left & of_phase, strict=True) if out]
        if points is None or not rows:
            continue
        predicted = [predict(steps, row) for row in rows]
        seconds = np.array([second for second, _ in predicted])
        outside = np.array([is_outside for _, is_outside in predicted])
        found[phase] = LeftOut(rows, seconds / cleaned(points, phase)[left[of_phase]] - 1, outside)
    return found


def predict(steps: StepTime, row: Row) -> tuple[float, bool]:
    """Seconds that the step times give for a row, and whether it lies outside the measured box."""
    points = Points.of([row])
    n, q, s = float(points.tokens[0]), float(points.pairs[0]), float(points.total[0])
    if row.phase == "prefill":
        return steps.prefill(int(n), q), steps.prefill_outside(int(n), q)
    if row.phase == "decode":
        return steps.decode(row.batch, s), steps.decode_outside(row.batch, s)
    pairs = float(points.mixed_pairs[0])
    outside = steps.prefill_outside(row.new_tokens, pairs) or steps.decode_outside(row.batch, s)
    return steps.mixed(row.new_tokens, pairs, row.batch, s), outside
