"""The block `plan` of a scenario: what is refused, with its place, and that runs ignore it."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.scenario import load
from paasim.scenario.loader import from_dict
from paasim.study.point import Point, work
from tests.study.plan import spaces

SCENE = """\
name: planned
model: llama-3.1-8b
workload:
  arrivals: {kind: poisson, rate: 2 /s}
  lengths: {kind: fixed, prompt: 100, output: 10}
sites:
  here:
    pools:
      prefill: {role: prefill, profile: h100-sxm/llama-3.1-8b/bf16/vllm/tp1}
      decode: {role: decode, profile: h100-sxm/llama-3.1-8b/bf16/vllm/tp1}
network: {links: {fabric: {between: [here, here], bandwidth: 100 Gbps, rtt: 20 us}}}
routes: {pd: {prefill: here.prefill, decode: here.decode}}
router: {kind: fixed, route: pd}
run: {requests: 20}
plan:
"""


def read(folder: Path, *lines: str) -> None:
    (folder / "scene.yaml").write_text(SCENE + "".join(f"  {line}\n" for line in lines))
    load(folder / "scene.yaml")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("over: {sites.here.pools.prefil.instances: 1..3}", "16:10: plan.over: sites.here.pools.prefil.instances: "),
        ("over: {sites.here.pools.prefil.instances: 1..3}", "did you mean 'prefill'?"),
        ("over: {sites.here.pools.prefill.instance: [1, 2]}", "did you mean 'instances'?"),
        ("over: {network.links.fabric.bandwidth: [10 Gbps, 10]}", "needs a unit"),
        ("over: {sites.here.pools.prefill.instances: 3..1}", "runs backwards; write 1..3"),
        ("over: {sites.here.pools.prefill.instances: []}", "at least 1"),
        ("over: {sites.here.pools.prefill.instances: 1..999999}", "more than 10,000 values"),
        ("together: {gpu: {a: {sites.here.pools.decode.profil: x}}}", "did you mean 'profile'?"),
        ("together: {gpu: {}}", "has no options"),
        ("prices: {bandwidth: {fabrik: 1 $/h}}", "did you mean 'fabric'?"),
        ("prices: {gpus: {h100-sxm: 3}}", "needs a unit"),
        ("slo: [fast]", "is not of the form METRIC:STATISTIC=LIMIT"),
        ("load: 0", "more than 0"),
        ("axes: {}", "unknown key"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, line)
    assert "scene.yaml:" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "lines",
    [
        ("load: 2", "rate: 4 /s"),
        ("over: {model: [a, b]}", "together: {m: {a: {model: llama-3.1-8b}}}"),
        ("over: {router: [{kind: fixed, route: pd}], router.route: [pd]}",),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"keep one of them|which another axis changes"):
        read(tmp_path, *lines)


def test_runs_ignore_it_and_it_loads_again_as_it_was() -> None:
    scenario = spaces.splits()
    again = from_dict(scenario.expanded())
    assert again == scenario
    assert again.plan is not None
    assert again.plan.over[f"{spaces.PREFILL}.instances"] == [1, 2, 3, 4]
    bare = from_dict({key: value for key, value in scenario.expanded().items() if key != "plan"})
    assert work(Point("", bare)) == work(Point("", scenario))
