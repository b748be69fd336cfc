"""What the engine asks: the seconds of a step, by what it holds. Plain floats and lists; called for every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.decode import DecodeCurve, DecodeTime
from paasim.profile.form import DecodeForm, Forms, PrefillForm
from paasim.profile.mixed import ApartTime, MixedTime
from paasim.profile.prefill import PrefillTime, with_anchors
from paasim.profile.spec import PHASES, Calibration
from paasim.profile.table import Points, Table

__all__ = ["DecodeCurve", "StepTime"]

Attended = Callable[[float], float]
"""From the context of one sequence to what it adds to S (less than the context where windows are full)."""


class StepTime:
    """Seconds of a step of an instance.

    N: new prompt tokens; Q: sum of new * (prefix + new / 2); B: decoding sequences; S: sum of their attended contexts.
    No step gets faster when any of them grows. Asking for a phase that the profile lacks raises InputError.

    Args:
        name: the profile's id, for errors.
        forms: coefficients; c of decode and mixed steps counts full contexts where there is a table.
        table: the measured steps; None: the forms alone.
        calibration: from the table to steps in service.
        attended: the model's, where it has sliding windows.
    """

    prefill: Callable[[int, float], float]
    """`prefill(n, q)`: seconds of a step of prompt tokens."""
    prefill_outside: Callable[[int, float], bool]
    """`prefill_outside(n, q)`: whether that step lies outside the measured box."""
    curve: Callable[[int], DecodeCurve]
    """`curve(b)`: seconds of a step of b sequences as a piecewise-linear function of S."""
    decode: Callable[[int, float], float]
    """`decode(b, s)`: the same at one S."""
    decode_outside: Callable[[int, float], bool]
    """`decode_outside(b, s)`: whether that step lies outside the measured box."""
    mixed: Callable[[int, float, int, float], float]
    """`mixed(n, q, b, s)`: seconds of a step of both."""
    request: float
    """Seconds from a request's arrival at the engine until it queues."""

    def __init__(
        self,
        name: str,
        forms: Forms,
        table: Table | None = None,
        calibration: Calibration | None = None,
        attended: Attended | None = None,
    ) -> None:
        calibration = calibration or Calibration()
        self.request = calibration.request
        rows = {phase: table.points(phase) if table else None for phase in PHASES}
        forms = _in_attended(forms, rows, attended)
        self.can_prefill, self.can_decode = forms.prefill is not None, forms.decode is not None
        prefill = decode = None
        if forms.prefill is not None:
            points = rows["prefill"]
            with_ends = None if points is None else with_anchors(points, rows["decode"])
            prefill = PrefillTime(forms.prefill, with_ends, calibration)
            self.prefill, self.prefill_outside = prefill.time, prefill.outside
        else:
            self.prefill = self.prefill_outside = self.mixed = _missing(name, "prefill")
        if forms.decode is not None:
            points = rows["decode"]
            seen = points and points.seen_through(attended)
            decode = DecodeTime(forms.decode, seen, calibration, prefill if rows["prefill"] else None)
            self.curve, self.decode, self.decode_outside = decode.curve, decode.time, decode.outside
        else:
            self.curve = self.decode = self.decode_outside = self.mixed = _missing(name, "decode")
        if prefill is not None and decode is not None:
            points = rows["mixed"]
            seen = points and points.seen_through(attended)
            if calibration.prompt is None:
                self.mixed = MixedTime(prefill, decode, forms.mixed, seen, calibration).time
            else:
                self.mixed = _apart(prefill, decode, forms, rows, seen, attended, calibration.prompt).time


def _apart(
    prefill: PrefillTime,
    decode: DecodeTime,
    forms: Forms,
    rows: dict[str, Points | None],
    mixed: Points | None,
    attended: Attended | None,
    factor: float,
) -> ApartTime:
    """Mixed steps of a calibration that scales prompt tokens by a factor of their own; needs the bare table beside."""
    plain, points = Calibration(), rows["prefill"]
    bare_prefill = PrefillTime(forms.prefill or PrefillForm(), points and with_anchors(points, rows["decode"]), plain)
    points = rows["decode"]
    growing = bare_prefill if rows["prefill"] else None
    bare_decode = DecodeTime(forms.decode or DecodeForm(), points and points.seen_through(attended), plain, growing)
    bare = MixedTime(bare_prefill, bare_decode, forms.mixed, mixed, plain)
    return ApartTime(prefill, decode, bare_decode, bare, factor)


def _in_attended(forms: Forms, rows: dict[str, Points | None], attended: Attended | None) -> Forms:
    """The forms with c per attended token: a table's S counts full contexts, and so does the c fitted to it."""
    longest = max((float(p.context.max()) for p in (rows["decode"], rows["mixed"]) if p is not None), default=0.0)
    if attended is None or not longest:
        return forms
    share = attended(longest) / longest
    changed = {
        phase: form.model_copy(update={"c": form.c / share})
        for phase, form in (("decode", forms.decode), ("mixed", forms.mixed))
        if form is not None
    }
    return forms.model_copy(update=changed)


def _missing(name: str, phase: str) -> Any:
    def fail(*_: float) -> float:
        what = f"profile {name} has no {phase} measurements"
        raise InputError.one("", what, "choose another profile (`paasim profile list`)")

    return fail
