"""KV bytes against published tables and against the laws they must obey."""

import csv
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.model import load, names

IDS = {
    "meta-llama/Meta-Llama-3.1-8B": "llama-3.1-8b",
    "meta-llama/Meta-Llama-3.1-70B": "llama-3.1-70b",
    "Qwen/Qwen3-8B": "qwen3-8b",
    "Qwen/Qwen3-32B": "qwen3-32b",
    "Qwen/Qwen3-32B-FP8": "qwen3-32b",
    "Qwen/Qwen3-235B-A22B-FP8": "qwen3-235b-a22b",
    "Qwen/Qwen3-30B-A3B": "qwen3-30b-a3b",
    "deepseek-ai/DeepSeek-V3": "deepseek-v3",
    "openai/gpt-oss-120b": "gpt-oss-120b",
}
MLA_IN_BF16 = ("deepseek-ai/DeepSeek-V3", "sglang")
"""That engine keeps the latent in bf16 beside fp8 weights."""
KV_DTYPES = {"bf16": "bf16", "fp8": "fp8", "fp8_block": "fp8", "mxfp4": "bf16"}


def test_bytes_per_token_agree_with_the_measured_engines(shared_data):
    """memory.csv counts per GPU and takes windows as full attention."""
    seen = set()
    with (shared_data / "profiles" / "aiconfigurator" / "memory.csv").open() as file:
        for row in csv.DictReader(file):
            if row["model"] not in IDS:
                continue
            seen.add(row["model"])
            kv_dtype = "bf16" if (row["model"], row["engine"]) == MLA_IN_BF16 else KV_DTYPES[row["dtype"]]
            model, tp = load(IDS[row["model"]]).stored_as(kv_dtype), int(row["tp"])
            one_token = sum(group.growth(model.kv_dtype) * group.copies(tp) for group in model.groups)
            assert one_token == tp * float(row["kv_bytes_per_token_per_gpu"]), row
            if not model.spec.active_parameters and row["dtype"] == "bf16":
                per_gpu = model.weight_bytes("bf16") / tp
                assert per_gpu == pytest.approx(float(row["weights_bytes_per_gpu"]), rel=1e-4)
    assert seen == set(IDS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kimi-linear-48b", 8_064),  # 7 MLA layers of 1,152 B
        ("nemotron-nano-9b-v2", 16_384),  # 4 attention layers of 4,096 B
        ("qwen2.5-72b", 327_680),  # 80 layers of 4,096 B
        ("llama-3.1-8b", 131_072),
        ("deepseek-v3", 70_272),
    ],
)
def test_published_bytes_per_token(name, expected):
    assert load(name).kv_bytes_per_token == expected


def test_published_sizes():
    # EXO Labs, DGX Spark + Mac Studio: 1.074 GB for 8,192 tokens of Llama-3.1-8B.
    assert load("llama-3.1-8b").kv_bytes(8_192) == pytest.approx(1.074e9, rel=1e-3)
    # Mooncake, vllm-v1-pd-performance.md (binary units): 4.50 for 32,768 tokens of Qwen3-8B.
    assert load("qwen3-8b").kv_bytes(32_768) == pytest.approx(4.50 * 2**30, rel=1e-3)
    # Mooncake, sglang-benchmark-results-v1.md: 12.62 GB for 32,768 tokens at TP8, where 4 KV heads are each kept twice.
    assert load("qwen3-235b-a22b").capacity_bytes(32_768, 8) == pytest.approx(12.62e9, rel=1e-3)


@pytest.mark.parametrize(("tokens", "mib"), [(1_000, 190.8), (8_000, 308.9), (32_000, 701.3), (128_000, 2316.3)])
def test_case_study_model_matches_its_fit_and_the_printed_table(tokens, mib):
    size = load("prfaas-1t").kv_bytes(tokens) / 2**20
    assert size == pytest.approx(172.0034 + 0.0167413 * tokens, rel=0.005)
    assert size == pytest.approx(mib, rel=0.015)


def test_one_model_is_marked_as_an_estimate():
    assert [n for n in names() if load(n).spec.provenance == "estimated"] == ["prfaas-1t"]


def test_windows_stop_growing():
    model = load("gpt-oss-120b")
    assert model.kv_bytes(100) == 100 * 73_728
    assert model.kv_bytes(10_000) == 36_864 * (10_000 + 128)
    assert model.windows == [(0, 0.5), (128, 0.5)]
    assert model.attended(100) == 100
    assert model.attended(1_000) == 0.5 * 1_000 + 0.5 * 128


def test_what_crosses_the_network():
    oss, kimi = load("gpt-oss-120b"), load("kimi-linear-48b")
    assert oss.sent_bytes(1_000, 900) == 36_864 * (100 + 128)
    assert oss.sent_bytes(1_000, 900, holds_window=True) == 36_864 * (100 + 100)
    assert kimi.sent_bytes(1_000, 900) == 100 * 8_064 + kimi.state_bytes
    assert kimi.state_bytes == 20 * (32 * 128 * 128 * 4 + 3 * 12_288 * 2)
    assert kimi.sent_bytes(1_000, 1_000) == 0


def test_tensor_parallelism_copies_what_it_cannot_split():
    llama, deepseek, qwen = load("llama-3.1-8b"), load("deepseek-v3"), load("qwen3-235b-a22b")
    assert llama.capacity_bytes(1_000, 8) == llama.kv_bytes(1_000)
    assert llama.capacity_bytes(1_000, 16) == 2 * llama.kv_bytes(1_000)
    assert qwen.capacity_bytes(1_000, 8) == 2 * qwen.kv_bytes(1_000)
    assert deepseek.capacity_bytes(1_000, 8) == 8 * deepseek.kv_bytes(1_000) == 8 * deepseek.sent_bytes(1_000)


def test_layers_that_stream():
    assert load("llama-3.1-8b").stream_layers == 32
    assert load("kimi-linear-48b").stream_layers == 27
    assert load("nemotron-nano-9b-v2").stream_layers == 31


def test_weights_that_cannot_be_told_are_none():
    model = load("llama-3.1-8b")
    assert model.weight_bytes() == 2 * 8_030_261_248
    assert model.weight_bytes("fp8_block") == 8_030_261_248
    assert model.weight_bytes("q4-k-m") is None


@given(st.sampled_from(names()), st.integers(0, 200_000), st.integers(0, 200_000), st.sampled_from([1, 2, 4, 8]))
def test_laws(name, prompt, held, tp):
    model = load(name)
    held = min(held, prompt)
    assert model.sent_bytes(prompt) == pytest.approx(model.kv_bytes(prompt))
    assert 0 <= model.sent_bytes(prompt, held, holds_window=True) <= model.sent_bytes(prompt, held)
    assert model.sent_bytes(prompt, held) <= model.sent_bytes(prompt) + 1e-6
    assert model.capacity_bytes(prompt, tp) >= model.kv_bytes(prompt) * (1 - 1e-12)
    assert model.kv_bytes(prompt) <= model.kv_bytes(prompt + 1)
    assert model.attended(prompt) <= prompt
    assert sum(weight for _, weight in model.windows) == pytest.approx(1)
    half = model.stored_as("fp8")
    assert half.kv_bytes(prompt) <= model.kv_bytes(prompt)


@pytest.mark.parametrize("name", ["llama-3.1-8b", "gpt-oss-20b", "deepseek-v3", "kimi-linear-48b"])
@given(prompt=st.integers(1, 5000), held=st.floats(0, 1), cuts=st.lists(st.floats(0, 1), max_size=5))
def test_what_is_there_to_send_grows_to_what_is_sent(name: str, prompt: int, held: float, cuts: list[float]) -> None:
    model, at_receiver = load(name), int(held * prompt)
    steps = [model.sent_by(prompt, at_receiver, int(cut * prompt)) for cut in sorted(cuts)]
    whole = model.sent_bytes(prompt, at_receiver)
    assert model.sent_by(prompt, at_receiver, prompt) == whole
    assert all(a <= b for a, b in pairwise([0.0, *steps, whole * (1 + 1e-12)]))


def test_windows_send_the_end_of_the_prompt_and_states_come_last() -> None:
    gpt, kimi = load("gpt-oss-20b"), load("kimi-linear-48b")
    # Half of its layers see 128 tokens: before those of the end, the other half alone has anything to send.
    assert gpt.sent_by(1000, 0, 872) == 872 * 24_576
    assert gpt.sent_by(1000, 0, 1000) == (1000 + 128) * 24_576
    assert kimi.sent_by(1000, 0, 1000) - kimi.sent_by(1000, 0, 999) == kimi.state_bytes + kimi.kv_bytes_per_token
