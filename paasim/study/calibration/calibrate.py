"""Fitting a calibration, so that simulated serving comes near to measured serving, and telling how near on other runs.

The fit is robust: pseudo-Huber on the logarithms of measured over simulated TPOT and TTFT, so that a run with another
setting than its source says does not decide. TTFT counts fully where hardly anything queues, less up to 64 users, and
not at all above, where it is mostly the queue of the first burst. Between simulations the response of a run to the
parameters is taken as linear: TPOT and TTFT are homogeneous of degree one in the times of the profile, so that this is
good near the point where it was taken; it is taken again at the fitted point.

Left out: intervals of the parameters; the errors on runs held out say more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paasim.profile.calibrations import PLAUSIBLE, CalibrationFile
from paasim.profile.spec import Calibration
from paasim.study.calibration.serving import MeasuredRun, serve

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with simulated runs done, and in all."""
Pair = tuple[float, float]
"""TTFT and TPOT, s."""

ENGINE = ("scale", "overhead", "request")
"""Parameters for an engine on any model and GPU: more of them fit better and predict other models worse."""
PROFILE = ("scale", "overhead", "prompt", "request")
"""Parameters for one profile, from runs of the same model and GPU."""
FIRST: Mapping[str, float] = {"scale": 1.0, "overhead": 3e-4, "prompt": 1.0, "request": 0.02}
"""Where the search begins."""
STEP: Mapping[str, float] = {"scale": 0.1, "overhead": 1e-3, "prompt": 0.1, "request": 0.02}
"""Differences from which slopes are taken."""
NEGLIGIBLE = 2e-5
"""Overheads below this are nothing, s."""
CALM, BUSY = 8, 64
"""Users up to which TTFT counts fully, and up to which it counts at all."""
BUSY_WEIGHT = 0.3
"""Weight of TTFT between them."""
OUTLIER = 0.15
"""Log ratio from which a residual counts as an outlier and pulls no harder."""
ROUNDS = 5
"""How often the response is taken at most."""
NEAR = 0.01
"""Where nine in ten times change by less on the way to the fitted point, the response need not be taken again."""
FEWEST = 8
"""Runs that a fit needs."""
PARTS = 5
"""Into how many parts runs are divided, each held out in turn."""
ENOUGH = FEWEST * PARTS // (PARTS - 1)
"""Runs that a fit needs where a part of them is held out: ten."""


@dataclass(frozen=True)
class Response:
    """How the times of runs depend on a calibration, about one point."""

    at: Floats
    """The point: `scale`, `overhead`, `prompt`, `request`."""
    times: Floats
    """TTFT and TPOT there, shape (runs, 2)."""
    slopes: Floats
    """Their derivatives, shape (4, runs, 2)."""

    def take(self, rows: npt.NDArray[np.intp]) -> Response:
        """The same for some of the runs."""
        return Response(self.at, self.times[rows], self.slopes[:, rows])

    def predict(self, point: Floats) -> Floats:
        """Times at another point, shape (runs, 2); never below a twentieth of those here."""
        moved = self.times + np.tensordot(point - self.at, self.slopes, axes=1)
        return np.maximum(moved, 0.05 * self.times)


def respond(
    runs: Sequence[MeasuredRun], at: Calibration, free: Sequence[str], progress: Progress | None = None
) -> Response:
    """Simulate the runs at a calibration and about it."""
    point = _point(at)
    names = list(PROFILE)
    asked = [name for name in names if name in free]
    total, done = len(runs) * (len(asked) + 1), 0

    def times(where: Floats) -> Floats:
        nonlocal done
        found = []
        for run in runs:
            found.append(serve(run, _calibration(where, "prompt" in free)))
            done += 1
            if progress:
                progress(done, total)
        return np.array(found).reshape(-1, 2)

    here = times(point)
    slopes = np.zeros((len(names), len(runs), 2))
    for name in asked:
        i = names.index(name)
        moved = point.copy()
        moved[i] += STEP[name]
        if name == "scale" and "prompt" not in free:
            moved[names.index("prompt")] = moved[i]
        slopes[i] = (times(moved) - here) / STEP[name]
    return Response(point, here, slopes)


def solve(runs: Sequence[MeasuredRun], response: Response, free: Sequence[str] = ENGINE) -> Calibration:
    """The calibration that fits the runs best, by their response."""
    from scipy.optimize import least_squares

    measured = np.log([[run.ttft, run.tpot] for run in runs])
    weights = np.array([[_ttft_weight(run), 1.0] for run in runs])

    def point(logs: Floats) -> Floats:
        values = dict(zip(free, np.exp(logs).tolist(), strict=True))
        values.setdefault("prompt", values.get("scale", 1.0))
        return np.array([values.get(name, 1.0 if name == "scale" else 0.0) for name in PROFILE])

    def residuals(logs: Floats) -> Floats:
        off = measured - np.log(response.predict(point(logs)))
        return (weights * _bounded(off)).ravel()

    start = np.log([FIRST[name] for name in free])
    found = least_squares(residuals, start, bounds=(start - 6.0, start + 6.0))
    return _calibration(point(found.x), "prompt" in free)


def calibrate(
    runs: Sequence[MeasuredRun],
    free: Sequence[str] = ENGINE,
    progress: Progress | None = None,
    start: Calibration | None = None,
    rounds: int = ROUNDS,
) -> tuple[Calibration, Response]:
    """Fit a calibration to runs, and the response about it.

    Args:
        runs: what was measured.
        free: which parameters to fit.
        progress: told after every simulated run, from 0 in every round.
        start: where to begin; near the answer it takes fewer rounds.
        rounds: how often the response is taken at most.

    Raises:
        InputError: if there are fewer than `FEWEST` runs.
    """
    require_enough(runs)
    found = start or calibration_of(*(FIRST[name] for name in PROFILE))
    found = _calibration(_point(found), "prompt" in free)
    for _ in range(rounds):
        response = respond(runs, found, free, progress)
        found = solve(runs, response, free)
        moved = response.predict(_point(found)) / response.times
        if np.quantile(np.abs(moved - 1.0), 0.9) < NEAR:
            break
    return found, response


def require_enough(runs: Sequence[MeasuredRun]) -> None:
    """Raises InputError if there are too few runs to fit."""
    from paasim.core.errors import InputError

    if len(runs) < FEWEST:
        what = f"{len(runs)} runs are too few to fit a calibration"
        raise InputError.one("", what, f"give {FEWEST} or more, at several lengths and concurrencies")


def held_out(
    runs: Sequence[MeasuredRun], groups: Sequence[str], response: Response, free: Sequence[str] = ENGINE
) -> list[Pair | None]:
    """Simulated times of every run, by a calibration fitted to the runs of all other groups.

    Returns:
        One per run; None where the others are too few.
    """
    labels = np.array(groups)
    found: list[Pair | None] = [None] * len(runs)
    for label in dict.fromkeys(groups):
        others = np.flatnonzero(labels != label)
        if len(others) < FEWEST:
            continue
        calibration = solve([runs[i] for i in others.tolist()], response.take(others), free)
        for i in np.flatnonzero(labels == label).tolist():
            found[i] = serve(runs[i], calibration)
    return found


def folds(count: int, parts: int = PARTS) -> list[str]:
    """Labels of `parts` random parts of about the same size, the same every time."""
    order = np.random.default_rng(1).permutation(count)
    labels = np.empty(count, dtype=np.int64)
    labels[order] = np.arange(count) % parts
    return [str(label) for label in labels]


def _ttft_weight(run: MeasuredRun) -> float:
    if run.held or run.concurrency > BUSY:
        return 0.0
    return 1.0 if run.concurrency <= CALM else BUSY_WEIGHT


def _bounded(log_ratio: Floats) -> Floats:
    """Signed root of the pseudo-Huber loss."""
    scaled = np.sqrt(1.0 + (log_ratio / OUTLIER) ** 2) - 1.0
    root: Floats = np.sign(log_ratio) * OUTLIER * np.sqrt(2.0 * scaled)
    return root


def _point(calibration: Calibration) -> Floats:
    prompt = calibration.prompt or calibration.scale
    return np.array([calibration.scale, calibration.overhead, prompt, calibration.request])


def _calibration(point: Floats, apart: bool) -> Calibration:
    scale, overhead, prompt, request = (float(value) for value in point)
    return calibration_of(scale, overhead, prompt if apart else None, request)


def rounded(found: Calibration) -> Calibration:
    """The same to three digits and 0.01 ms, beyond which no fit is good."""
    prompt = None if found.prompt is None else round(found.prompt, 3)
    return calibration_of(round(found.scale, 3), round(found.overhead, 5), prompt, round(found.request, 5))


def calibration_of(scale: float, overhead: float, prompt: float | None, request: float) -> Calibration:
    """A calibration from numbers, times in s; those that are nothing are left out."""
    times = {"overhead": overhead, "request": request}
    given = {name: f"{seconds:.9g} s" for name, seconds in times.items() if seconds >= NEGLIGIBLE}
    return Calibration.model_validate({"scale": scale, "prompt": prompt, **given})


def doubts(file: CalibrationFile) -> list[str]:
    """What speaks against a calibration: factors that no server explains, or no gain on runs that it did not see."""
    found = file.calibration
    said = [
        f"{name} of {value:g} is no factor between kernels and an engine: are these runs of this profile?"
        for name, value in (("a scale", found.scale), ("a scale of prompt tokens", found.prompt))
        if value is not None and not PLAUSIBLE[0] <= value <= PLAUSIBLE[1]
    ]
    for metric in ("ttft", "tpot"):
        before, after = getattr(file.before, metric, None), getattr(file.after, metric, None)
        if before is not None and after is not None and after.median > before.median:
            said.append(
                f"{metric.upper()} of runs held out is not nearer than without calibration "
                f"({after.median:.1%} and {before.median:.1%}, median)"
            )
    return said
