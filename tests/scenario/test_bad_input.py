"""Bad input: each gives one clear line with file, line and what to do; the command line ends with 2."""

from __future__ import annotations

import pytest

from paasim.cli import app

FAULTS = [
    # (replaced, by, start of the line to point at, words)
    ("10 Gbps", "10", "internet: {", "needs a unit, one of"),
    ("10 Gbps", "10 Gpbs", "internet: {", "'Gpbs' is not a unit of bandwidth"),
    ("10 Gbps", "10 gbps", "internet: {", "did you mean 'Gbps'?"),
    ("10 Gbps", ".nan", "internet: {", "not a finite number"),
    ("10 Gbps", "nan Gbps", "internet: {", "not a finite number"),
    ("10 Gbps", "inf Gbps", "internet: {", "not a finite number"),
    ("10 Gbps", "-1 Gbps", "internet: {", "must be more than zero"),
    ("10 Gbps", "1e30 Gbps", "internet: {", "beyond any sensible bandwidth"),
    ("10 Gbps", "[10 Gbps]", "internet: {", "is not a bandwidth"),
    ("25 ms", "-25 ms", "internet: {", "is negative"),
    ("attainment: 0.9", "attainment: .nan", "slo: ", "not a finite number"),
    ("attainment: 0.9", "attainment: 90", "slo: ", "must be at most 1"),
    ("attainment: 0.9", "atainment: 0.9", "slo: ", "unknown key; did you mean 'attainment'?"),
    ("instances: 2", "instances: 0", "prefill: {role", "must be more than 0"),
    ("instances: 2", "instances: 2.5", "prefill: {role", "is not a whole number"),
    ("instances: 2", "instances: 1000000000", "prefill: {role", "must be at most 100000"),
    ("instances: 2", "instances: two", "prefill: {role", "is not a whole number"),
    ("instances: 2", "instances: 2, instances: 3", "prefill: {role", "the key 'instances' is given twice"),
    ("role: prefill", "role: prefil", "prefill: {role", "did you mean 'prefill'?"),
    ("seed: 7", "seed: yes", "run: ", "is not a whole number"),
    ("warmup: 10 %", "warmup: 10", "run: ", "or a share such as '10 %'"),
    ("warmup: 10 %", "warmup: 100 %", "run: ", "leaves nothing to measure"),
    ("duration: 10 min", "duration: 10 min, requests: 5", "run: ", "keep one of them"),
    ("duration: 10 min, ", "", "run: ", "requests would come without end"),
    ("rate: 2 /s", "rate: 0 /s", "  arrivals: ", "must be more than zero"),
    ("kind: poisson", "kind: poison", "  arrivals: ", "unknown kind 'poison'; did you mean 'poisson'?"),
    ("kind: poisson, ", "", "  arrivals: ", "needs the key 'kind'; one of "),
    ("prompt: 1000", "prompt: -5", "  lengths: ", "prompt"),
    ("kind: chunked", "kind: chunky", "batching: ", "unknown kind 'chunky'; did you mean 'chunked'?"),
    ("kind: fixed, route: paas", "kind: fixd, route: paas", "router: ", "unknown kind 'fixd'; did you mean 'fixed'?"),
    ("kind: fixed, route: paas", "kind: fixed", "router: ", "needs the key 'route'"),
    (
        "kind: fixed, route: paas",
        "kind: fixed, route: pass",
        "router: ",
        "there is no route 'pass'; did you mean 'paas'?",
    ),
    ("model: llama-3.1-8b", "model: llama-3.1-9b", "model: ", "did you mean 'llama-3.1-8b'?"),
    ("model: llama-3.1-8b\n", "", "name: ", "needs the key 'model'"),
    ("  cloud:\n    pools", "  clo.ud:\n    pools", "pools:", "is not a name"),
    ("name: small", "name: ''", "name: ", "is empty"),
    (
        "{role: prefill, instances: 2, profile: {model: llama-3.1-8b, form: {prefill: {b: 100 us}}}}",
        "{role: prefill, profile: h100-sxm/llama-3.1-8b/bf16/vllm/tp9}",
        "prefill: {role",
        "did you mean 'h100-sxm/llama-3.1-8b/bf16",
    ),
    (
        "form: {prefill: {b: 100 us}}",
        "form: {prefil: {b: 100 us}}",
        "prefill: {role",
        "unknown key; did you mean 'prefill'?",
    ),
    (
        "form: {prefill: {b: 2 ms}, decode: {a: 20 ms}}",
        "form: {prefill: {b: 2 ms}}",
        "profile: {model: llama-3.1-8b, form: {prefill: {b: 2 ms}",
        "no decode",
    ),
    ("decode: homes}\n  local", "decode: homs}\n  local", "paas: {", "no pool or fleet 'homs'; did you mean 'homes'?"),
    ("prefill: cloud.prefill", "prefill: cloud", "paas: {", "the site 'cloud' has no fleet"),
    (
        "decode: homes}\n  local",
        "decode: cloud.prefill}\n  local",
        "paas: {",
        "has the role 'prefill' and cannot decode",
    ),
    ("between: [cloud, homes]", "between: [cloud, cloud]", "paas: {", "the site is unreachable"),
    (
        "between: [cloud, homes]",
        "between: [cloud, hoems]",
        "internet: {",
        "there is no site 'hoems'; did you mean 'homes'?",
    ),
    (
        "devices: 50",
        "devices: 50\n      kv_memory: 1 MB",
        "devices: ",
        "no request of the route 'paas' fits into the KV memory (7 tokens)",
    ),
    (
        "  arrivals: {kind: poisson, rate: 2 /s}\n  lengths: {kind: fixed, prompt: 1000, output: 100}\n",
        "  kind: azure\n  path: none.csv\n",
        "kind: azure",
        "does not exist",
    ),
    (
        "  arrivals: {kind: poisson, rate: 2 /s}\n  lengths: {kind: fixed, prompt: 1000, output: 100}\n",
        "  kind: azure\n  path: ${PAASIM_NOWHERE}/none.csv\n",
        "kind: azure",
        "the variable PAASIM_NOWHERE is not set; set it",
    ),
]


@pytest.mark.parametrize(("old", "new", "start", "words"), FAULTS)
def test_one_clear_line(scene, old: str, new: str, start: str, words: str) -> None:
    errors = scene.errors((old, new))
    hits = [text for text in errors if words in text]
    assert hits, errors
    assert hits[0].startswith(f"small.yaml:{scene.line(start)}:")
    assert len(errors) <= 2


@pytest.mark.parametrize(("old", "new", "start", "words"), FAULTS[::6])
def test_the_command_ends_with_2_and_no_traceback(
    scene, old: str, new: str, start: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scene.write((old, new))
    assert app.run(["scenario", "check", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert f"{file.name}:{scene.line(start)}:" in captured.err
    assert "Traceback" not in captured.err
    assert "pydantic" not in captured.err


def test_all_errors_are_reported_at_once(scene) -> None:
    errors = scene.errors(("10 Gbps", "10"), ("attainment", "atainment"), ("kind: poisson", "kind: poison"))
    assert len(errors) == 3


def test_names_are_reported_all_at_once(scene) -> None:
    errors = scene.errors(("route: paas", "route: pass"), ("[cloud, homes]", "[cloud, hoems]"))
    assert len(errors) == 2
