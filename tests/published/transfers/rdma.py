"""Transfers by the network card: Mooncake's tables, llm-d's pulls against recomputing, Splitwise's residue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from paasim.core.kernel import Environment
from paasim.core.release import Release
from paasim.link.rdma import RdmaLinkSpec
from paasim.link.shared import SharedSpec
from paasim.link.transport.terms import last_byte
from paasim.model import load as load_model
from paasim.profile import load as load_profile
from tests.published.transfers.row import Row, affine, other_half

# https://github.com/kvcache-ai/Mooncake, docs/source/performance/vllm/vllm-v1-pd-performance.md: H800, TP 8.
QWEN_8B = (
    *((128, 0.54e-3), (256, 0.61e-3), (512, 0.92e-3), (1024, 1.50e-3), (2048, 2.51e-3)),
    *((4096, 4.75e-3), (8192, 8.84e-3), (16384, 16.43e-3), (32768, 31.65e-3)),
)
# The same folder, SGLang: H20-3e, TP 8.
QWEN_235B = ((1024, 3.96e-3), (4096, 10.95e-3), (8192, 20.31e-3), (16384, 39.14e-3), (32768, 76.78e-3))
CARDS = 200e9
"""Eight cards of 200 or four of 400 Gbps, bytes/s."""
# https://github.com/llm-d/llm-d.github.io, blog/2026-08-15_p2p-kv-cache-sharing-llm-d.md: gpt-oss-120b on H200.
PULLED = ((2048, 35e-3), (8192, 57e-3), (16384, 86e-3), (32768, 165e-3), (49152, 235e-3))
RECOMPUTED = ((2048, 78e-3), (8192, 250e-3), (16384, 510e-3), (32768, 1.173), (49152, 1.988))


def link(sizes: Sequence[float], times: Sequence[float], rate: float) -> RdmaLinkSpec:
    """A link of some rate (bytes/s) with the fixed cost and efficiency that fit some transfers best."""
    fixed, per_byte = affine(sizes, times)
    efficiency = 1 / per_byte / rate
    block = {"between": ("a", "b"), "rtt": "0 s", "bandwidth": f"{rate!r} B/s", "fixed": f"{fixed!r} s"}
    return RdmaLinkSpec.model_validate({**block, "efficiency": efficiency})


def by_halves(sizes: Sequence[float], times: Sequence[float], rate: float) -> Iterator[tuple[float, RdmaLinkSpec]]:
    """Seconds of each transfer over the link that fits every second row, the row itself not among them."""
    for i, size in enumerate(sizes):
        kept = other_half(len(sizes), i)
        found = link([sizes[j] for j in kept], [times[j] for j in kept], rate)
        yield last_byte(size, found.rates()[0], found.terms()), found


def mooncake(model: str, table: Sequence[tuple[int, float]], copies: float) -> Iterator[Row]:
    """Transfer times of a table; bytes are those of the catalogue's model, `copies` times."""
    load = load_model(model)
    sizes = [copies * load.sent_bytes(tokens) for tokens, _ in table]
    found = by_halves(sizes, [time for _, time in table], CARDS)
    for (tokens, time), size, (predicted, fitted) in zip(table, sizes, found, strict=True):
        note = f"{size / 1e9:.3g} GB; {1e3 * fitted.fixed:.2f} ms, {100 * fitted.efficiency:.1f} %"
        yield Row(f"{tokens:,} tokens", 1e3 * time, 1e3 * predicted, "ms", note)


def pulls() -> Iterator[Row]:
    """Pulling a prefix: fixed plus bytes over a rate, from the other half of the rows."""
    load = load_model("gpt-oss-120b")
    sizes = [load.sent_bytes(tokens) for tokens, _ in PULLED]
    found = by_halves(sizes, [time for _, time in PULLED], 50e9)
    for (tokens, time), (predicted, fitted) in zip(PULLED, found, strict=True):
        note = f"{1e3 * fitted.fixed:.1f} ms, {fitted.rates()[0] / 1e9:.1f} GB/s"
        yield Row(f"pull of {tokens:,}", 1e3 * time, 1e3 * predicted, "ms", note)


def quadratic(rows: Sequence[tuple[int, float]]) -> np.ndarray:
    """Coefficients of a + b·n + c·n², least squares of relative errors."""
    n, time = np.array(rows).T
    return np.linalg.lstsq(np.stack([n**0, n, n**2], 1) / time[:, None], np.ones(len(n)), rcond=None)[0]


def recomputed() -> Iterator[Row]:
    """Recomputing it: the second and fourth length from the three others, the rest each from the four others."""
    for i, (tokens, time) in enumerate(RECOMPUTED):
        rows = RECOMPUTED[::2] if i % 2 else [*RECOMPUTED[:i], *RECOMPUTED[i + 1 :]]
        predicted = float(quadratic(rows) @ [1, tokens, tokens**2])
        yield Row(f"recompute {tokens:,}", 1e3 * time, 1e3 * predicted, "ms", f"quadratic from {len(rows)} other rows")


CHUNK = 8192
"""vLLM's default token budget of a step."""


def profiled() -> Iterator[Row]:
    """Recomputing it by the shipped profile, nothing fitted."""
    name = "h200-sxm/gpt-oss-120b/mxfp4/vllm/tp1"
    steps = load_profile(name).steps()
    for tokens, time in RECOMPUTED:
        chunks = [(at, min(CHUNK, tokens - at)) for at in range(0, tokens, CHUNK)]
        predicted = sum(steps.prefill(n, n * (at + n / 2)) for at, n in chunks)
        yield Row(f"recompute {tokens:,}", 1e3 * time, 1e3 * predicted, "ms", "profile (TP 1 assumed), nothing fitted")


def crossover() -> float:
    """Tokens at which pulling starts to win, from lengths of 8,192 tokens and more alone; 0 if it always does."""
    load = load_model("gpt-oss-120b")
    fitted = link([load.sent_bytes(n) for n, _ in PULLED[1:]], [time for _, time in PULLED[1:]], 50e9)
    curve = quadratic(RECOMPUTED[1:])
    tokens = np.arange(1, 8192)
    pull = np.array([last_byte(load.sent_bytes(int(n)), fitted.rates()[0], fitted.terms()) for n in tokens])
    ahead = pull < curve[0] + curve[1] * tokens + curve[2] * tokens**2
    return 0.0 if ahead.all() else float(tokens[~ahead].max() + 1)


# https://arxiv.org/abs/2311.18677, §6.1: Llama-2-70B, a machine of eight GPUs each side, by layer.
MACHINES = {"a100-sxm": (200e9 / 8, 8e-3), "h100-sxm": (400e9 / 8, 5e-3)}
"""Line rate in bytes/s, and what does not overlap, s."""
SECOND_TOKEN, SECOND_TOKEN_SERIAL = 0.165, 0.64
CODE_PROMPT = 2048
"""Mean prompt of the coding trace that was replayed, tokens (2,036 in the part of it that is shared)."""
LLAMA = "llama-2-70b"
LENGTHS = (512, 1024, 2048, 4096)


def exposed(machine: str, tokens: int, layers: bool) -> float:
    """Seconds from the end of prefill to the arrival of the last byte over the machine's line, nothing fixed."""
    model, rate = load_model(LLAMA), MACHINES[machine][0]
    time = load_profile(f"{machine}/llama-2-70b/fp16/vllm/tp8").steps().prefill(tokens, tokens**2 / 2)
    parts = model.stream_layers
    release = Release(0.0, time / parts, time / parts, parts) if layers else Release(time, 0.0, 0.0, 1)
    env = Environment()
    line = SharedSpec(between=("a", "b"), bandwidth=f"{rate!r} B/s", rtt="0 s").build(env, "line")
    seen: list[float] = []

    def process() -> Iterator[object]:
        yield line.transfer(model.sent_bytes(tokens), release, True)
        seen.append(env.now)

    env.process(process())
    env.run()
    return seen[0] - time


def fixed_cost() -> float:
    """What the residue of the A100s at the shortest length holds besides the last layer, s."""
    return MACHINES["a100-sxm"][1] - exposed("a100-sxm", LENGTHS[0], layers=True)


def splitwise() -> Iterator[Row]:
    """The residue over lengths and machines, and what it makes of the second token."""
    for tokens in LENGTHS[1:]:
        residue = fixed_cost() + exposed("a100-sxm", tokens, layers=True)
        yield Row(f"A100, {tokens:,} tokens: residue", 8.0, 1e3 * residue, "ms", "residue at 512 tokens")
    for tokens in LENGTHS:
        residue = fixed_cost() * 200 / 400 + exposed("h100-sxm", tokens, layers=True)
        yield Row(f"H100, {tokens:,} tokens: residue", 5.0, 1e3 * residue, "ms", "that of the A100s, at twice the rate")
    for machine, name in (("a100-sxm", "A100"), ("h100-sxm", "H100")):
        step = load_profile(f"{machine}/llama-2-70b/fp16/vllm/tp8").steps().decode(1, CODE_PROMPT)
        late, serial = MACHINES[machine][1], exposed(machine, CODE_PROMPT, layers=False)
        note = f"measured residue, decode step of {1e3 * step:.1f} ms"
        yield Row(f"{name}: second token later, by layer", 100 * SECOND_TOKEN, 100 * late / step, "%", note)
        note = "line rate, the same step, mean prompt of 2,048"
        yield Row(f"{name}: second token later, serial", 100 * SECOND_TOKEN_SERIAL, 100 * serial / step, "%", note)
