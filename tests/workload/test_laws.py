"""Laws of arrivals and lengths: means against closed forms, independence of streams, determinism."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from paasim.core.registry import kinds, union
from paasim.core.streams import Streams
from paasim.workload.lengths.laws import Geometric, TruncatedLogNormal, truncated_mean
from paasim.workload.source import BLOCKS_PER_CLASS, open_loop
from paasim.workload.spec import WorkloadSpec

POISSON = {"kind": "poisson", "rate": "2 /s"}
LONG_TAIL = {
    "kind": "lognormal",
    "prompt": {"mean": 8000, "sigma": 1.0, "min": 128, "max": 128000},
    "output": {"mean": 300},
}


def workload(**parts):
    return WorkloadSpec.model_validate({"arrivals": POISSON, "lengths": LONG_TAIL} | parts)


def drawn(spec, count, name="chat", seed=1, **options):
    return list(islice(spec.source(Streams(seed), name, **options), count))


def near(values, mean, sigmas=4.0):
    """Whether a sample mean is within `sigmas` standard errors of `mean`."""
    values = np.asarray(values, dtype=float)
    return abs(values.mean() - mean) <= sigmas * values.std() / math.sqrt(len(values)) + 1e-9


@pytest.mark.parametrize(
    ("arrivals", "cv"),
    [
        (POISSON, 1.0),
        ({"kind": "gamma", "rate": "2 /s", "cv": 3}, 3.0),
        ({"kind": "gamma", "rate": "2 /s", "burstiness": 4}, 0.5),
        ({"kind": "constant", "rate": "2 /s"}, 0.0),
    ],
)
def test_gaps_have_the_mean_and_burstiness_that_are_asked_for(arrivals, cv):
    times = [draw[0] for draw in drawn(workload(arrivals=arrivals), 100_000)]
    gaps = np.diff(times)
    assert (gaps >= 0).all()
    assert near(gaps, 0.5)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, abs=0.05 * max(cv, 1e-6) + 1e-9)
    assert all(type(value) is float for value in times[:3])


def test_lognormal_of_the_paper():
    """PrfaaS case study: log-normal(9.90, 1.00) on [128, 131072] has mean 27,486 and 49.57 % above 19,400."""
    law = TruncatedLogNormal(9.90, 1.0, 128, 131_072)
    assert law.mean == pytest.approx(27_486, rel=1e-4)
    sample = law.sample(np.random.default_rng(1), 400_000)
    assert near(sample, law.mean)
    assert (sample > 19_400).mean() == pytest.approx(0.4957, abs=0.003)
    assert sample[sample > 19_400].mean() == pytest.approx(45_046, rel=0.005)


def test_mean_is_that_of_what_is_drawn():
    spec = workload()
    prompt, output = spec.means()
    assert (prompt, output) == (pytest.approx(8000, rel=1e-12), 300)
    draws = drawn(spec, 300_000)
    assert near([draw[1] for draw in draws], 8000)
    assert near([draw[2] for draw in draws], 300)
    assert min(draw[1] for draw in draws) >= 128
    assert max(draw[1] for draw in draws) <= 128_000


@given(
    st.floats(0.05, 3),
    st.integers(1, 2_000),
    st.integers(2, 5_000),
    st.floats(0.02, 0.98),
)
def test_any_mean_between_the_bounds_that_a_law_can_have_is_met(sigma, low, width, share):
    high = low + width
    wanted = truncated_mean(math.log(low) + share * (math.log(high) - math.log(low)), sigma, low, high)
    law = TruncatedLogNormal.with_mean(wanted, sigma, low, high)
    assert law.mean == pytest.approx(wanted, rel=1e-9)
    sample = law.sample(np.random.default_rng(3), 2_000)
    assert low <= sample.min() <= sample.max() <= high
    assert abs(sample.mean() - wanted) <= 6 * sample.std() / math.sqrt(2_000) + 0.5


def test_rounding_hardly_moves_the_mean():
    """The exact mean of the rounded law, summed over all whole numbers, against the closed form."""
    from scipy.special import ndtr

    mu, sigma, low, high = 9.0, 1.0, 128, 128_000
    edges = np.arange(low, high + 2) - 0.5
    edges[0], edges[-1] = low, high
    below = ndtr((np.log(edges) - mu) / sigma)
    mass = np.diff(below) / (below[-1] - below[0])
    assert (mass * np.arange(low, high + 1)).sum() == pytest.approx(truncated_mean(mu, sigma, low, high), abs=0.01)


def test_memoryless_lengths_have_their_exact_mean_and_variance():
    sample = Geometric(500.0).sample(np.random.default_rng(5), 400_000).astype(float)
    assert sample.min() >= 1
    assert near(sample, 500)
    assert sample.var() / 500**2 == pytest.approx(1 - 1 / 500, rel=0.02)
    assert (Geometric(1.0).sample(np.random.default_rng(5), 10) == 1).all()


def test_quantile_lists():
    spec = workload(lengths={"kind": "empirical", "prompt": [10, 20, 100], "output": [1, 5]})
    assert spec.means() == (pytest.approx((15 + 60) / 2), pytest.approx(3))
    draws = drawn(spec, 100_000)
    assert near([draw[1] for draw in draws], 37.5)
    assert near([draw[2] for draw in draws], 3)
    assert spec.longest_prompt == 100


def test_same_seed_same_draws_whatever_the_other_parts_do():
    plain = drawn(workload(), 10_000)
    assert plain == drawn(workload(), 10_000)
    assert plain != drawn(workload(), 10_000, seed=2)
    assert plain != drawn(workload(), 10_000, name="other")
    shared = drawn(workload(prefixes={"kind": "shared", "groups": 3, "tokens": 1024}), 10_000)
    assert [draw[:3] for draw in shared] == [draw[:3] for draw in plain]
    faster = drawn(workload(arrivals={"kind": "gamma", "rate": "9 /s", "cv": 2}), 10_000)
    assert [draw[1:] for draw in faster] == [draw[1:] for draw in plain]
    terse = drawn(workload(lengths=LONG_TAIL | {"output": {"mean": 3, "sigma": 0.5}}), 10_000)
    assert [draw[:2] for draw in terse] == [draw[:2] for draw in plain]


def test_longer_on_the_same_stream_is_longer_for_every_request():
    """Common random numbers: a larger mean moves every request up, none down."""
    more = drawn(workload(lengths=LONG_TAIL | {"prompt": LONG_TAIL["prompt"] | {"mean": 9000}}), 20_000)
    assert all(a[1] <= b[1] for a, b in zip(drawn(workload(), 20_000), more, strict=True))


def test_prompts_outputs_and_gaps_are_uncorrelated():
    draws = np.array([draw[:3] for draw in drawn(workload(), 100_000)])
    columns = np.stack([np.diff(draws[:, 0], prepend=0), np.log(draws[:, 1]), draws[:, 2]])
    off_diagonal = np.corrcoef(columns) - np.eye(3)
    assert np.abs(off_diagonal).max() < 0.015


def test_classes_merge_in_order_of_arrival():
    classes = {
        "a": workload(prefixes={"kind": "shared", "groups": 2, "tokens": 1024}),
        "b": workload(arrivals={"kind": "constant", "rate": "5 /s"}, prefixes={"kind": "shared", "tokens": 512}),
        "c": workload(arrivals={"kind": "closed-loop", "users": 3}),
    }
    merged = list(open_loop(classes, Streams(7), requests=20_000))
    assert len(merged) == 20_000
    assert all(a[0] <= b[0] for a, b in pairwise(merged))
    for position, name in enumerate("ab"):
        own = [(at, prompt, output, blocks) for at, klass, prompt, output, blocks in merged if klass == position]
        expected = islice(classes[name].source(Streams(7), name, first_block=position * BLOCKS_PER_CLASS), len(own))
        assert own == list(expected)
    owners = [{block for _, klass, _, _, blocks in merged if klass == k for block in blocks} for k in (0, 1)]
    assert not owners[0] & owners[1]


def test_limits():
    classes = {"one": workload(arrivals={"kind": "constant", "rate": "10 /s"})}
    assert len(list(open_loop(classes, Streams(1), duration=10.0))) == 101
    assert len(list(open_loop(classes, Streams(1), duration=10.0, requests=7))) == 7


def test_shared_prefixes():
    spec = workload(prefixes={"kind": "shared", "groups": 4, "tokens": 2100, "block": 512, "skew": 1})
    draws = drawn(spec, 20_000)
    assert spec.block_tokens == 512
    heads, own = {}, []
    for _, prompt, _, blocks in draws:
        assert len(blocks) == -(-prompt // 512)
        if prompt > 2100:
            heads[tuple(blocks[:4])] = heads.get(tuple(blocks[:4]), 0) + 1
            own += blocks[4:]
    assert len(heads) == 4
    assert len(set(own)) == len(own)
    assert not set(own) & {block for head in heads for block in head}
    shares = np.array(sorted(heads.values(), reverse=True)) / sum(heads.values())
    assert shares == pytest.approx(np.array([12, 6, 4, 3]) / 25, abs=0.02)


def test_short_prompts_are_all_prefix():
    lengths = {"kind": "fixed", "prompt": 700, "output": 1}
    spec = workload(lengths=lengths, prefixes={"kind": "shared", "groups": 1, "tokens": 2048})
    blocks = [draw[3] for draw in drawn(spec, 3)]
    assert [b[0] for b in blocks] == [blocks[0][0]] * 3
    assert len({b[1] for b in blocks}) == 3


def test_closed_loop():
    arrivals = {"kind": "closed-loop", "users": 4, "think": "2 s", "think_time": "exponential", "ramp": "8 s"}
    spec = workload(arrivals=arrivals)
    assert spec.closed_loop.starts() == [0, 2, 4, 6]
    assert near(list(islice(spec.thinks(Streams(1), "x"), 50_000)), 2.0)
    assert [body[:2] for body in islice(spec.bodies(Streams(1), "x"), 5)] == [d[1:3] for d in drawn(workload(), 5, "x")]
    with pytest.raises(ValueError, match="bodies"):
        spec.source(Streams(1), "y")
    assert workload(arrivals={"kind": "closed-loop", "users": 1}).closed_loop.think == 0
    assert next(workload(arrivals={"kind": "closed-loop", "users": 1, "think": "3 s"}).thinks(Streams(1), "z")) == 3


def lognormal(**prompt):
    return {"lengths": {"kind": "lognormal", "prompt": prompt, "output": 1}}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (lognormal(mean=5, sigma=1, min=10, max=20), "does not lie between"),
        (lognormal(mean=5, min=1), "give 'sigma' too"),
        (lognormal(mean=5, mu=1, sigma=1), "give one of"),
        (lognormal(mu=5, sigma=1, min=9, max=9), "must be more than"),
        (lognormal(mean=3, sigma=float("nan")), "finite number"),
        ({"lengths": {"kind": "fixed", "prompt": 0, "output": 1}}, "greater than or equal to 1"),
        ({"lengths": {"kind": "exponential", "prompt": 2000, "output": 1}}, "could be a mean or a constant"),
        ({"lengths": {"kind": "exponential", "prompt": {"mean": 9, "sigma": 1}, "output": 1}}, "kind: lognormal"),
        ({"lengths": {"kind": "empirical", "prompt": [5, 4], "output": [1, 2]}}, "must not fall"),
        ({"lengths": {"kind": "empirical", "prompt": [5, 4]}}, "give either 'path'"),
        ({"lengths": {"kind": "bundled", "name": "mooncake"}}, "did you mean 'mooncake-conversation'"),
        ({"arrivals": {"kind": "gamma", "rate": "2 /s"}}, "give either 'cv' or 'burstiness'"),
        ({"arrivals": {"kind": "poisson", "rate": 2}}, "needs a unit"),
        ({"prefixes": {"kind": "shared", "tokens": 100}}, "nothing would be shared"),
        ({"lengths": None}, "needs 'lengths'"),
        ({"trace": {"kind": "azure", "path": "x"}}, "a trace has its own 'arrivals'"),
    ],
)
def test_nonsense_is_refused(parts, says):
    with pytest.raises(ValidationError, match=says):
        workload(**parts)


@pytest.mark.parametrize("family", ["arrivals", "lengths", "prefixes", "traces"])
def test_every_kind_says_what_it_is_and_survives_a_round_trip(family):
    examples = {
        "poisson": POISSON,
        "gamma": {"kind": "gamma", "rate": "2 /s", "cv": 2},
        "constant": {"kind": "constant", "rate": "2 /s"},
        "closed-loop": {"kind": "closed-loop", "users": 3},
        "times": {"kind": "times", "path": "x.csv"},
        "fixed": {"kind": "fixed", "prompt": 3, "output": 2},
        "uniform": {"kind": "uniform", "prompt": {"min": 3, "max": 9}, "output": {"min": 2, "max": 2}},
        "exponential": {"kind": "exponential", "prompt": {"mean": 9}, "output": {"fixed": 1}},
        "lognormal": LONG_TAIL,
        "empirical": {"kind": "empirical", "prompt": [1, 2], "output": [1, 2]},
        "bundled": {"kind": "bundled", "name": "sharegpt"},
        "shared": {"kind": "shared", "tokens": 1024},
        "azure": {"kind": "azure", "path": "x"},
        "mooncake": {"kind": "mooncake", "path": "x"},
        "vidur": {"kind": "vidur", "path": "x"},
    }
    adapter = TypeAdapter(union(f"workload.{family}"))
    for name, kind in kinds(f"workload.{family}").items():
        assert kind.__doc__
        spec = adapter.validate_python(examples[name])
        assert adapter.validate_python(adapter.dump_python(spec, mode="json")) == spec


def test_workload_survives_a_round_trip():
    short = WorkloadSpec.model_validate({"kind": "mooncake", "path": "x", "speed": 2, "priority": 3})
    assert (short.trace.speed, short.priority, short.block_tokens) == (2, 3, 512)
    assert WorkloadSpec.model_validate(short.model_dump(mode="json")) == short
    assert WorkloadSpec.model_validate(workload().model_dump(mode="json")) == workload()
    schema = WorkloadSpec.model_json_schema()
    assert set(schema["properties"]) >= {"kind", "path", "speed", "limit", "arrivals"}


def test_descriptions():
    assert workload().describe() == ("poisson arrivals at 2/s; prompts of 8,000 and answers of 300 tokens on average")
    assert "4 users" in workload(arrivals={"kind": "closed-loop", "users": 4}).describe()
    assert "mooncake trace x" in WorkloadSpec.model_validate({"kind": "mooncake", "path": "x"}).describe()
