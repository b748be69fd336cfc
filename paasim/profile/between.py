"""A tensor-parallel width between two measured ones.

Of a step, one part is divided among the GPUs (weights, attention) and one is not (collectives, launches, what every
GPU computes for itself), as in Amdahl's law: `T(k) = x + y / k` on k GPUs. Two measured widths settle x and y for every
step, and T in between is a weighted mean of theirs: it stays monotone, piecewise linear in context, and continuous
with itself. A straight line in 1/k meets the shared tables twice as well as one between the logarithms
(docs/fidelity.md). Left out: collectives whose algorithm changes with the width.
"""

from __future__ import annotations

from paasim.core.errors import InputError
from paasim.profile.decode import DecodeCurve
from paasim.profile.form import Forms
from paasim.profile.profile import Profile
from paasim.profile.spec import PHASES, Calibration, Memory, ProfileSpec
from paasim.profile.steps import Attended, StepTime

ALIKE = ("hardware", "model", "dtype", "engine", "pp")
"""What the two neighbours must have in common."""


def share_of_wider(low: int, width: int, high: int) -> float:
    """Weight of the wider neighbour: 0 at `low` GPUs, 1 at `high`, linear in 1/width."""
    return (1 / low - 1 / width) / (1 / low - 1 / high)


class BetweenSteps(StepTime):
    """Step times that are a weighted mean of those of two others, for every step.

    Args:
        low: one of them.
        high: the other.
        share: weight of `high`, 0 to 1.
    """

    def __init__(self, low: StepTime, high: StepTime, share: float) -> None:
        rest, curves = 1.0 - share, dict[int, DecodeCurve]()
        self.request = rest * low.request + share * high.request
        self.can_prefill = low.can_prefill and high.can_prefill
        self.can_decode = low.can_decode and high.can_decode

        def prefill(n: int, q: float) -> float:
            return rest * low.prefill(n, q) + share * high.prefill(n, q)

        def mixed(n: int, q: float, b: int, s: float) -> float:
            if not n:
                return decode(b, s)
            return rest * low.mixed(n, q, b, s) + share * high.mixed(n, q, b, s)

        def curve(b: int) -> DecodeCurve:
            found = curves.get(b)
            if found is None:
                found = curves[b] = _mean(low.curve(b), high.curve(b), share)
            return found

        def decode(b: int, s: float) -> float:
            return curve(b).at(s)

        self.prefill, self.mixed, self.curve, self.decode = prefill, mixed, curve, decode
        self.prefill_outside = lambda n, q: low.prefill_outside(n, q) or high.prefill_outside(n, q)
        self.decode_outside = lambda b, s: low.decode_outside(b, s) or high.decode_outside(b, s)


def _mean(low: DecodeCurve, high: DecodeCurve, share: float) -> DecodeCurve:
    """The weighted mean of two curves, on the knots of both."""
    knots = sorted({*low.knots, *high.knots})
    values = [(1 - share) * low.at(s) + share * high.at(s) for s in knots]
    return DecodeCurve(knots, values, (1 - share) * low.slopes[-1] + share * high.slopes[-1])


class BetweenProfile(Profile):
    """A profile between two measured ones that differ in tensor-parallel width alone.

    Args:
        low: the narrower.
        high: the wider.
        tp: the width asked for, between theirs.

    Raises:
        InputError: if they differ in more, or do not enclose the width.
    """

    def __init__(self, low: Profile, high: Profile, tp: int) -> None:
        _require_alike(low, high, tp)
        self.low, self.high = low, high
        self.share = share_of_wider(low.spec.tp, tp, high.spec.tp)
        super().__init__(_header(low.spec, high.spec, tp, self.share))

    def steps(self, attended: Attended | None = None) -> StepTime:
        """Step times; `attended` as in `Profile.steps`."""
        return BetweenSteps(self.low.steps(attended), self.high.steps(attended), self.share)

    def calibrated(self, calibration: Calibration) -> Profile:
        """The same width between the same two, both with another calibration."""
        return BetweenProfile(self.low.calibrated(calibration), self.high.calibrated(calibration), self.spec.tp)

    def slowed(self, factor: float) -> Profile:
        """The same width between the same two, every step of both `factor` times as long."""
        return BetweenProfile(self.low.slowed(factor), self.high.slowed(factor), self.spec.tp)

    def digest(self) -> str:
        """A hash of what defines it."""
        return f"{self.low.digest()}+{self.high.digest()}@tp{self.spec.tp}"


def _require_alike(low: Profile, high: Profile, tp: int) -> None:
    for name in ALIKE:
        a, b = getattr(low.spec, name), getattr(high.spec, name)
        if a != b:
            what = f"{low.id} and {high.id} differ in {name} ({a}, {b})"
            raise InputError.one("", what, "name two profiles that differ in tensor-parallel width alone")
    if not low.spec.tp < tp < high.spec.tp:
        what = f"tp {tp} does not lie between tp {low.spec.tp} and tp {high.spec.tp}"
        raise InputError.one("", what, "name the narrower profile first and a width between the two")


def _header(low: ProfileSpec, high: ProfileSpec, tp: int, share: float) -> ProfileSpec:
    """The header: estimated, and linear in the number of GPUs where a figure counts all of them."""
    by_gpus = (tp - low.tp) / (high.tp - low.tp)

    def per_gpus(a: float | None, b: float | None) -> float | None:
        return None if a is None or b is None else a + by_gpus * (b - a)

    memory = Memory.model_construct(
        device_bytes=low.memory.device_bytes,
        weight_bytes=per_gpus(low.memory.weight_bytes, high.memory.weight_bytes),
        kv_bytes_per_token=per_gpus(low.memory.kv_bytes_per_token, high.memory.kv_bytes_per_token),
        kv_capacity_tokens=_whole(per_gpus(low.memory.kv_capacity_tokens, high.memory.kv_capacity_tokens)),
    )
    note = (
        f"Not measured at tp {tp}: interpolated between {low.id} and {high.id}, each step's time as x + y/tp "
        "(docs/fidelity.md says how near this comes). Memory, price and power are linear in the number of GPUs."
    )
    changed = {
        "id": f"{low.id.rsplit('/', 1)[0]}/tp{tp}",
        "tp": tp,
        "ep": low.ep if low.ep == high.ep else tp,
        "provenance": "estimated",
        "measured_fraction": None,
        "note": note,
        "memory": memory,
        "price": per_gpus(low.price, high.price),
        "power": per_gpus(low.power, high.power),
        "table": None,
        "error": None,
        "form": _forms(low.form, high.form, share),
    }
    return low.model_copy(update=changed)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _forms(low: Forms, high: Forms, share: float) -> Forms:
    """Weighted means of the coefficients, to be shown; steps are means of the neighbours' steps."""
    found = {}
    for phase in PHASES:
        a, b = getattr(low, phase), getattr(high, phase)
        if a is not None and b is not None:
            names = type(a).model_fields
            found[phase] = a.model_copy(
                update={name: (1 - share) * getattr(a, name) + share * getattr(b, name) for name in names}
            )
    return Forms.model_construct(**{phase: found.get(phase) for phase in PHASES})
