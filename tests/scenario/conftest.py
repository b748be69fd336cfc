"""A small scenario as text, and a way to load it with one part replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.scenario import Scenario, check, load

TEXT = """\
name: small
question: Does remote prefill pay?
model: llama-3.1-8b
workload:
  arrivals: {kind: poisson, rate: 2 /s}
  lengths: {kind: fixed, prompt: 1000, output: 100}
sites:
  cloud:
    pools:
      prefill: {role: prefill, instances: 2, profile: {model: llama-3.1-8b, form: {prefill: {b: 100 us}}}}
      whole:
        role: mixed
        profile: {model: llama-3.1-8b, form: {prefill: {b: 100 us}, decode: {a: 5 ms}}}
        batching: {kind: chunked, chunk: 512}
  homes:
    fleet:
      devices: 50
      profile: {model: llama-3.1-8b, form: {prefill: {b: 2 ms}, decode: {a: 20 ms}}}
network:
  links:
    internet: {between: [cloud, homes], bandwidth: 10 Gbps, rtt: 25 ms}
routes:
  paas: {prefill: cloud.prefill, decode: homes}
  local: {prefill: homes, decode: homes}
  cloud: {prefill: cloud.whole, decode: cloud.whole}
router: {kind: fixed, route: paas}
slo: {ttft: 2 s, tpot: 50 ms, attainment: 0.9}
run: {duration: 10 min, warmup: 10 %, replications: 2, seed: 7}
variants:
  device-alone: {router.route: local}
  adaptive: {router: {kind: threshold, prompt_tokens: 400, below: local, above: paas}}
"""


class Scene:
    """The small scenario in a file, with changes."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "small.yaml"

    def write(self, *changes: tuple[str, str]) -> Path:
        """Write it with each first text replaced by the second."""
        text = TEXT
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.file.write_text(text)
        return self.file

    def line(self, start: str) -> int:
        """Number of the first line of the file that starts with a text, whatever its indent."""
        lines = self.file.read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(start.strip()))

    def load(self, *changes: tuple[str, str], overrides: Sequence[str] = ()) -> Scenario:
        """Load it with changes."""
        return load(self.write(*changes), overrides)

    def warnings(self, *changes: tuple[str, str], overrides: Sequence[str] = ()) -> list[str]:
        """What its check warns of."""
        return [str(problem) for problem in check(self.load(*changes, overrides=overrides))]

    def errors(self, *changes: tuple[str, str], overrides: Sequence[str] = ()) -> list[str]:
        """What is wrong with it, by loading or by checking, with the file name cut to `small.yaml`."""
        with pytest.raises(InputError) as caught:
            check(self.load(*changes, overrides=overrides))
        return [str(problem).replace(str(self.file), "small.yaml") for problem in caught.value.problems]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """The small scenario in a folder of its own."""
    return Scene(tmp_path)


Error = Callable[..., str]


@pytest.fixture
def error(scene: Scene) -> Error:
    """The one error of the small scenario with changes."""

    def one(*changes: tuple[str, str], overrides: Sequence[str] = ()) -> str:
        (only,) = scene.errors(*changes, overrides=overrides)
        return only

    return one
