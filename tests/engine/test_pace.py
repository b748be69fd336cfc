"""Noise and heat: factors of mean 1, one law of cooling, and exact accounting of what they stretch."""

from __future__ import annotations

from math import exp, inf

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.core.streams import Streams
from paasim.engine.pace import SHORT, Pace
from paasim.scenario import from_dict
from paasim.simulate import simulate_once
from tests.engine.drive import Law, drive
from tests.engine.reference import Job

FLAT = Law(a=0.0, b=1e-3, c=0.0, base=0.01, per=0.0, slope=0.0)
HEAT = {"prefill": [0.5, 1.0], "decode": [1.0, 2.0], "time_constant": "10 s", "source": "assumed"}


def _noise(sigma: float, purpose: str = "engine.it.noise") -> Pace:
    return Pace(sigma, Streams(5).get(purpose), 0.0, (1.0, 1.0), (1.0, 1.0))


def _alone(pace: Pace | None, output: int = 50, count: int = 1, law: Law = FLAT) -> tuple[float, float, float]:
    """(prefill end, finish, busy seconds) of the last of some requests of 100 prompt tokens, one after another."""
    jobs = [Job(i, 1e-3 * i, 100, output) for i in range(count)]
    requests, instance, _, env = drive(
        jobs,
        steps=law,
        role="device",
        policy="one-at-a-time",
        budget=512,
        tokens=inf,
        block=16,
        max_seqs=1,
        windows=[],
        pace=pace,
    )
    return requests[-1].prefill_end, requests[-1].finish, instance.ledger._meter.totals(env.now)["busy"]


def test_noise_has_mean_one() -> None:
    pace = _noise(0.3)
    factors = np.array([pace.decode(0.0) for _ in range(40_000)])
    assert factors.mean() == pytest.approx(1.0, abs=4 * factors.std() / 200)
    assert np.log(factors).std() == pytest.approx(0.3, rel=0.02)
    assert pace.longest == inf


def test_noise_stretches_a_step_and_a_run() -> None:
    same = _noise(0.3)
    first, second = same.prompt(0.0), same.decode(0.0)
    prefill_end, finish, busy = _alone(_noise(0.3))
    assert prefill_end == pytest.approx(0.1 * first, rel=1e-12)
    assert finish - prefill_end == pytest.approx(49 * 0.01 * second, rel=1e-12)
    assert busy == pytest.approx(finish, rel=1e-12)
    assert _alone(Pace(0.0, None, 0.0, (1.0, 1.0), (1.0, 1.0))) == _alone(None)


def test_heat_follows_newtons_law_however_often_it_is_asked() -> None:
    rare, often = (Pace(0.0, None, 10.0, (0.5, 1.0), (1.0, 2.0)) for _ in range(2))
    for start in np.arange(0.0, 25.0, 0.37):
        often.decode(float(start))
    rare.decode(0.0)
    for pace in (rare, often):
        pace.rest(25.0)
        assert pace.heat == pytest.approx(1 - exp(-2.5), rel=1e-12)
        assert pace.prompt(32.0) == pytest.approx(0.5 + 0.5 * (1 - exp(-2.5)) * exp(-0.7), rel=1e-12)


def test_a_long_answer_on_a_warming_device() -> None:
    """Against the same law token by token: a token at heat h takes (1 + h) * 10 ms."""
    pace = Pace(0.0, None, 10.0, (1.0, 1.0), (1.0, 2.0))
    _, finish, busy = _alone(pace, output=3001)
    now = 0.1
    for _ in range(3000):
        now += 0.01 * (2 - exp(-now / 10.0))
    assert finish == pytest.approx(now, rel=SHORT / 4)
    assert busy == pytest.approx(finish, rel=1e-12)
    assert pace.heat == pytest.approx(1 - exp(-finish / 10.0), rel=1e-9)


def test_accounts_stay_exact_where_arrivals_cut_runs() -> None:
    for pace in (_noise(0.4), Pace(0.0, None, 0.05, (0.5, 1.5), (0.8, 2.0)), None):
        jobs = [Job(i, 0.017 * i, 30, 40) for i in range(20)]
        requests, instance, _, env = drive(
            jobs,
            steps=Law(),
            role="mixed",
            policy="chunked",
            budget=64,
            tokens=inf,
            block=16,
            max_seqs=8,
            windows=[],
            pace=pace,
        )
        assert instance.decoding.count == instance.seqs == 0
        busy = instance.ledger._meter.totals(env.now)["busy"]
        # The queue never runs empty, so that the instance works from the first arrival to the last finish.
        assert busy == pytest.approx(max(r.finish for r in requests), rel=1e-12)
        for request in requests:
            assert request.prefill_end <= request.first_step <= request.second_step <= request.finish


def _scene(**engine: object) -> dict[str, object]:
    pool = {"role": "mixed", "profile": "h100-sxm/llama-3.1-8b/bf16/vllm/tp1", "instances": 2, **engine}
    lengths = {"kind": "exponential", "prompt": {"mean": 400}, "output": {"mean": 60}}
    return {
        "name": "noisy",
        "model": "llama-3.1-8b",
        "workload": {"arrivals": {"kind": "poisson", "rate": "20 /s"}, "lengths": lengths},
        "sites": {"here": {"pools": {"whole": pool}}},
        "routes": {"only": {"prefill": "here.whole", "decode": "here.whole"}},
        "router": {"kind": "fixed", "route": "only"},
        "run": {"requests": 150, "seed": 3},
    }


def test_noise_and_heat_are_off_unless_asked_for_and_leave_the_workload_alone() -> None:
    plain, noisy, again = (simulate_once(from_dict(_scene(**more))) for more in ({}, {"noise": 0.2}, {"noise": 0.2}))
    hot = simulate_once(from_dict(_scene(thermal={**HEAT, "decode": [2.0, 2.0], "prefill": [2.0, 2.0]})))
    for name in ("arrival", "prompt_tokens", "output_tokens"):
        assert np.array_equal(plain.requests[name], noisy.requests[name])
    assert np.array_equal(noisy.requests["finish"], again.requests["finish"])
    took = [float(np.sum(run.requests["finish"] - run.requests["arrival"])) for run in (plain, noisy, hot)]
    assert took[1] != took[0]
    assert took[1] == pytest.approx(took[0], rel=0.15)
    assert took[2] > 1.9 * took[0]


def test_bad_input() -> None:
    with pytest.raises(InputError, match=r"profile .* does not say how the hardware slows down"):
        simulate_once(from_dict(_scene(thermal=True)))
    with pytest.raises(InputError, match="noise"):
        from_dict(_scene(noise=-1))
    with pytest.raises(InputError, match="time_constant"):
        from_dict(_scene(thermal={**HEAT, "time_constant": "0 s"}))
    with pytest.raises(InputError, match="source"):
        from_dict(_scene(speculation={"tokens_per_step": 2}))
