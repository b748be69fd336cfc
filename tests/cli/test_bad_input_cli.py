"""Bad input through the real command line: exit code 2, one clear line that says where, what and what to do."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paasim.cli import app

SCENARIO = """\
name: Bad input
model: llama-3.1-8b
workload:
  arrivals: {kind: poisson, rate: 2 /s}
  lengths: {kind: fixed, prompt: 1000, output: 10}
sites:
  cloud:
    pools:
      prefill: {role: prefill, instances: 2, profile: PROFILE}
  homes:
    fleet: {devices: 5, profile: PROFILE}
network:
  links:
    internet: {between: [cloud, homes], bandwidth: 10 Gbps, rtt: 25 ms}
routes:
  paas: {prefill: cloud.prefill, decode: homes}
router: {kind: fixed, route: paas}
run: {requests: 20, replications: 1, seed: 7}
""".replace("PROFILE", "{model: llama-3.1-8b, form: {prefill: {b: 100 us}, decode: {a: 1 ms}}}")
WORKLOAD = SCENARIO[SCENARIO.index("  arrivals") : SCENARIO.index("sites:")]
LINE = {text: SCENARIO[: SCENARIO.index(text)].count("\n") + 1 for text in ("arrivals:", "lengths:", "prefill: {role")}
LINE |= {text: SCENARIO[: SCENARIO.index(text)].count("\n") + 1 for text in ("internet:", "paas: {", "router:", "run:")}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wrong(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run a command line that must be refused; returns the lines on stderr."""
    assert app.run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert not re.search(r"Traceback|internal failure|pydantic|Error:|\bNone\b|<class", said.err), said.err
    assert not list(Path().glob("results/*/*")), "something was kept of a run that failed"
    return said.err.splitlines()


def one(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The same where one line must be all, and says what to do, or what would be right."""
    (line,) = [line for line in wrong(arguments, capsys) if not line.startswith("warning")]
    assert re.search(r"; .*\w|did you mean|must be|at most", line), line
    return line


SLIPS = [
    # (in place of, this, line that has it, words that say what and what to do)
    ("10 Gbps", "10 Gpbs", "internet:", ["'Gpbs' is not a unit of bandwidth", "10 Gbps"]),
    ("10 Gbps", "10", "internet:", ["needs a unit"]),
    ("10 Gbps", "25 ms", "internet:", ["not a unit of bandwidth"]),
    ("rtt: 25 ms", "rtt: 25 msec", "internet:", ["'msec'", "ms"]),
    ("rtt: 25 ms", "rtt: 25 ms, lag: 3 ms", "internet:", ["lag", "unknown key"]),
    ("rtt: 25 ms", "rtt: 25 ms, rtt: 30 ms", "internet:", ["'rtt' is given twice", "keep one"]),
    ("instances: 2, profile", "instances: 2, profil: x, profile", "prefill: {role", ["did you mean 'profile'?"]),
    ("profile: {model", "profile: h100/llama, memory: {model", "prefill: {role", ["memory", "unknown key"]),
    ("between: [cloud, homes]", "between: [cloud, cloud]", "paas: {", ["unreachable", "network.links"]),
    ("10 Gbps", ".nan", "internet:", ["not a finite number"]),
    ("10 Gbps", "nan Gbps", "internet:", ["not a finite number"]),
    ("10 Gbps", "-3 Gbps", "internet:", ["must be more than zero"]),
    ("10 Gbps", "1e40 Gbps", "internet:", ["beyond any sensible bandwidth"]),
    ("rtt: 25 ms", "rtt: -25 ms", "internet:", ["is negative"]),
    ("rtt: 25 ms", "rtt: 1e9 d", "internet:", ["beyond any sensible duration"]),
    ("rate: 2 /s", "rate: .inf", "arrivals:", ["not a finite number"]),
    ("rate: 2 /s", "rate: 1e30 /s", "arrivals:", ["beyond any sensible rate"]),
    ("prompt: 1000", "prompt: -1", "lengths:", ["prompt"]),
    ("prompt: 1000", "prompt: .nan", "lengths:", ["prompt"]),
    ("prompt: 1000", "prompt: 1e300", "lengths:", ["prompt"]),
    ("prompt: 1000", "prompt: 3.5", "lengths:", ["prompt"]),
    ("instances: 2", "instances: -2", "prefill: {role", ["must be more than 0"]),
    ("instances: 2", "instances: 99999999999", "prefill: {role", ["at most"]),
    ("b: 100 us", "b: .nan", "prefill: {role", ["not a finite number"]),
    ("b: 100 us", "b: -100 us", "prefill: {role", ["is negative"]),
    ("requests: 20", "requests: 0", "run:", ["must be more than 0"]),
    ("requests: 20", "requests: 1e30", "run:", ["requests"]),
    ("replications: 1", "replications: -1", "run:", ["must be more than 0"]),
    ("seed: 7", "seed: -7", "run:", ["at least 0"]),
    ("seed: 7", "seed: 1e40", "run:", ["seed"]),
    ("route: paas", "route: pass", "router:", ["did you mean 'paas'?"]),
    ("10 Gbps", "0 Gbps", "internet:", ["must be more than zero"]),
    ("rtt: 25 ms", "rtt: 25 ms, loss: 100 %", "internet:", ["loss", "must be less than 1"]),
    ("rtt: 25 ms", "rtt: 25 ms, loss: -1 %", "internet:", ["is not a share", "0.1 %"]),
    ("rtt: 25 ms", "rtt: 25 ms, transport: tpc", "internet:", ["did you mean 'tcp'?"]),
    ("rtt: 25 ms", "rtt: 0 s, transport: tcp", "internet:", ["round trip above zero", "ideal"]),
    ("rtt: 25 ms", "rtt: 25 ms, background: {rate: 11 Gbps}", "internet:", ["takes all of the rate", "give less"]),
    ("rtt: 25 ms", "rtt: 25 ms, background: {flows: -1}", "internet:", ["flows", "at least 0"]),
    ("decode: homes}", "decode: homes, kv: {weight: 0}}", "paas: {", ["weight", "at least 1e-06"]),
    ("decode: homes}", "decode: homes, kv: {weight: 1e30}}", "paas: {", ["weight", "at most"]),
    ("decode: homes}", "decode: homes, kv: {weight: .nan}}", "paas: {", ["weight", "not a finite number"]),
    ("decode: homes}", "decode: homes, kv: {priority: high}}", "paas: {", ["priority", "write a whole number"]),
    ("decode: homes}", "decode: homes, kv: {timeout: 0 s}}", "paas: {", ["timeout", "must be more than zero"]),
    ("decode: homes}", "decode: homes, kv: {after_outage: maybe}}", "paas: {", ["after_outage", "restart, resume"]),
]

TWO_LINKS = [
    # (in place of the link, words)
    ("a: {A, transport: tcp}, b: {B, transport: bbr}", ["different transports", "say which it uses"]),
    ("a: {A}", ["no link joins 'cloud' and 'homes'", "add one under network.links"]),
    ("a: {A, rtt: 0 s}, b: {B, rtt: 0 s, transport: tcp}", ["round trip above zero"]),
    ("a: {A, rtt: -1 ms}, b: {B}", ["is negative"]),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), SLIPS, ids=[f"{new}" for _, new, _, _ in SLIPS])
def test_a_slip_in_the_scenario(
    old: str, new: str, place: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in SCENARIO
    Path("bad.yaml").write_text(SCENARIO.replace(old, new, 1))
    line = one(["run", "bad.yaml"], capsys)
    assert line.startswith(f"bad.yaml:{LINE[place]}:"), line
    for word in words:
        assert word in line


@pytest.mark.parametrize(("links", "words"), TWO_LINKS)
def test_a_path_of_two_links(links: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for name, ends in (("A", "cloud, exchange"), ("B", "exchange, homes")):
        rtt = "" if f"{name}, rtt" in links else ", rtt: 5 ms"
        links = links.replace(name, f"between: [{ends}], bandwidth: 10 Gbps{rtt}")
    link = next(line for line in SCENARIO.splitlines() if "internet:" in line)
    text = SCENARIO.replace(f"  links:\n{link}", f"  links: {{{links}}}").replace(
        "  homes:", "  exchange: {}\n  homes:"
    )
    Path("bad.yaml").write_text(text)
    line = one(["run", "bad.yaml"], capsys)
    for word in words:
        assert word in line


@pytest.mark.parametrize("verb", [["run"], ["compare"], ["scenario", "check"], ["scenario", "explain"]])
def test_every_verb_says_the_same(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yaml").write_text(SCENARIO.replace("10 Gbps", "10 gbps"))
    assert one([*verb, "bad.yaml"], capsys).startswith(f"bad.yaml:{LINE['internet:']}:")


def test_an_unknown_profile_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    inline = SCENARIO[SCENARIO.index("{model: llama-3.1-8b, form") :].split("}}}")[0] + "}}}"
    Path("bad.yaml").write_text(SCENARIO.replace(inline, "h100-sxm/llama-3.1-8b/bf16/vllm/tp7", 1))
    line = one(["run", "bad.yaml"], capsys)
    assert line.startswith(f"bad.yaml:{LINE['prefill: {role']}:")
    assert "did you mean 'h100-sxm/llama-3.1-8b/bf16/vllm/tp" in line


@pytest.mark.parametrize("name", ["tp9", "nope"])
def test_an_unknown_profile_or_model_on_the_command_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert name in one(["profile", "show", f"h100-sxm/llama-3.1-8b/bf16/vllm/{name}"], capsys)
    assert name in one(["model", "show", f"llama-{name}"], capsys)


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_missing_file_a_folder_a_binary_and_an_empty_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.yaml").mkdir()
    Path("binary.yaml").write_bytes(bytes(range(256)) * 20)
    Path("empty.yaml").write_text("")
    Path("list.yaml").write_text("- a\n- b\n")
    Path("broken.yaml").write_text("name: [a, b\nmodel: {x\n")
    for name, words in {
        "missing.yaml": "no such file",
        "folder.yaml": "is a folder",
        "binary.yaml": "not a text file",
        "empty.yaml": "is empty",
        "list.yaml": "must be a mapping",
        "broken.yaml": "not sound YAML",
        "quickstrat": "did you mean 'quickstart'?",
    }.items():
        line = one(["run", name], capsys)
        assert line.startswith(name), line
        assert words in line


def test_a_change_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("good.yaml").write_text(SCENARIO)
    for change, words in {
        "run.sed=3": "did you mean 'seed'?",
        "run.seed=-3": "at least 0",
        "network.links.internet.bandwidth=10": "needs a unit",
        "seed": "=",
    }.items():
        line = one(["run", "good.yaml", "--set", change], capsys)
        assert line.startswith("--set"), line
        assert words in line
    assert "there is no variant 'x'" in one(["run", "good.yaml", "--variant", "x"], capsys)
    assert "run.replications" in one(["run", "good.yaml", "--replications", "0"], capsys)


# ---- traces ----------------------------------------------------------------------------------------------------------


def scenario_with(trace: str, kind: str = "mooncake") -> str:
    """A scenario that replays a trace; returns the file's name."""
    text = SCENARIO.replace(WORKLOAD, f"  kind: {kind}\n  path: {trace}\n").replace("requests: 20, ", "")
    Path("replay.yaml").write_text(text)
    return "replay.yaml"


def rows(count: int, **changes: object) -> list[str]:
    """Lines of a Mooncake trace; the last one with these changes."""
    lines = [
        {"timestamp": 100 * (i + 1), "input_length": 40, "output_length": 3, "hash_ids": [i]} for i in range(count)
    ]
    lines[-1] |= changes
    return [json.dumps(line) for line in lines]


def test_a_sound_trace_runs(capsys: pytest.CaptureFixture[str]) -> None:
    Path("trace.jsonl").write_text("\n".join(rows(30)) + "\n")
    assert app.run(["run", scenario_with("trace.jsonl")]) == 0


def test_a_trace_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    line = one(["run", scenario_with("none.jsonl")], capsys)
    assert line.startswith("replay.yaml:4:")
    assert "'none.jsonl' does not exist" in line.replace(f"{Path.cwd()}/", "")
    assert "PAASIM_NOWHERE is not set" in one(["run", scenario_with("${PAASIM_NOWHERE}/t.jsonl")], capsys)
    Path("folder").mkdir()
    assert "folder" in one(["run", scenario_with("folder")], capsys)


BROKEN = {
    "negative": ({"input_length": -4}, "'input_length'"),
    "nan": ({"input_length": float("nan")}, "'input_length'"),
    "absurd": ({"output_length": 1e15}, "'output_length'"),
    "text": ({"timestamp": "soon"}, "'timestamp'"),
    "backwards": ({"timestamp": 1}, "before that of the line above"),
    "no hashes": ({"hash_ids": "many"}, "'hash_ids'"),
    "half a token": ({"input_length": 1.5}, "'input_length'"),
}


@pytest.mark.parametrize("count", [2, 40], ids=["at the start", "while it runs"])
@pytest.mark.parametrize("fault", BROKEN)
def test_a_wrong_line_in_a_trace(fault: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    changes, words = BROKEN[fault]
    Path("trace.jsonl").write_text("\n".join(rows(count, **changes)) + "\n")
    line = one(["run", scenario_with("trace.jsonl")], capsys)
    assert re.search(rf"trace\.jsonl:{count}\b", line), line
    assert words in line


def test_a_truncated_or_corrupt_trace(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(rows(3000)) + "\n"
    packed = gzip.compress(text.encode())
    cut = text[: len(text) - 40]
    Path("cut.jsonl").write_text(cut)
    Path("cut.jsonl.gz").write_bytes(packed[: len(packed) * 2 // 3])
    damaged = bytearray(packed)
    damaged[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
    Path("damaged.jsonl.gz").write_bytes(bytes(damaged))
    Path("binary.jsonl").write_bytes(b"\xff\xfe" + bytes(range(256)) * 10)
    Path("empty.jsonl").write_text("")
    for name, words in {
        "cut.jsonl": "is not JSON",
        "cut.jsonl.gz": "cut short or damaged",
        "damaged.jsonl.gz": "",
        "binary.jsonl": "UTF-8",
        "empty.jsonl": "has no requests",
    }.items():
        line = one(["run", scenario_with(name)], capsys)
        assert re.search(rf"{name}(:\d+)?", line), line
        assert words in line
        one(["trace", "show", name, "--format", "mooncake"], capsys)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2023-11-16 18:17:04.0000000,NaN,3", "ContextTokens"),
        ("2023-11-16 18:17:04.0000000,-5,3", "ContextTokens"),
        ("2023-11-16 18:17:04.0000000,5", "GeneratedTokens"),
        ("yesterday,5,3", "TIMESTAMP"),
    ],
)
def test_a_wrong_line_in_an_azure_trace(row: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    head = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "2023-11-16 18:17:03.9799600,40,3\n" * 20
    Path("trace.csv").write_text(head + row + "\n")
    line = one(["run", scenario_with("trace.csv", "azure")], capsys)
    assert "trace.csv:22" in line
    assert words in line


# ---- profiles --------------------------------------------------------------------------------------------------------

PROFILE = """\
id: mine
hardware: mine
model: llama-3.1-8b
table: mine.csv
form: {prefill: {a: 1 ms, b: 100 us}, decode: {a: 10 ms}}
"""
TABLE = """\
phase,batch,new_tokens,context_tokens,latency_ms,std_ms,n
prefill,1,128,0,13,,
prefill,1,1024,0,100,,
decode,1,1,128,10,,
decode,8,1,1024,12,,
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("prefill,1,1024,0,100", "prefill,1,1024,0,nan", 3, "latency_ms 'nan'"),
        ("prefill,1,1024,0,100", "prefill,1,1024,0,-100", 3, "latency_ms '-100'"),
        ("prefill,1,1024,0,100", "prefill,1,1024,0,inf", 3, "latency_ms 'inf'"),
        ("prefill,1,1024,0,100", "prefill,1,1024,0,fast", 3, "'fast' is not a number"),
        ("decode,8,1,1024,12,,", "decode,8,1", 5, "cells"),
        ("decode,8", "decoding,8", 5, "phase 'decoding'"),
        ("decode,8", "decode,0", 5, "batch '0'"),
        ("phase,batch", "fase,batch", 1, "not a table of measured steps"),
    ],
)
def test_a_wrong_table(old: str, new: str, line: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text(PROFILE)
    Path("mine.csv").write_text(TABLE.replace(old, new))
    inline = SCENARIO[SCENARIO.index("{model: llama-3.1-8b, form") :].split("}}}")[0] + "}}}"
    Path("bad.yaml").write_text(SCENARIO.replace(inline, "./mine.yaml", 1))
    for arguments in (["run", "bad.yaml"], ["profile", "show", "./mine.yaml"]):
        said = one(arguments, capsys)
        assert re.search(rf"mine\.csv:{line}\b", said), said
        assert words in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("b: 100 us", "b: .nan", "not a finite number"),
        ("b: 100 us", "b: 100", "needs a unit"),
        ("hardware: mine", "hardwear: mine", "hardwear"),
        ("table: mine.csv", "table: none.csv", "no such file"),
        ("id: mine", "id: [", "YAML"),
    ],
)
def test_a_wrong_profile(old: str, new: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text(PROFILE.replace(old, new))
    Path("mine.csv").write_text(TABLE)
    inline = SCENARIO[SCENARIO.index("{model: llama-3.1-8b, form") :].split("}}}")[0] + "}}}"
    Path("bad.yaml").write_text(SCENARIO.replace(inline, "./mine.yaml", 1))
    for arguments in (["run", "bad.yaml"], ["profile", "show", "./mine.yaml"]):
        said = one(arguments, capsys)
        assert re.search(r"mine\.yaml:\d+|none\.csv", said), said
        assert words in said


def test_in_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yaml").write_text(SCENARIO.replace("10 Gbps", "10 Gpbs"))
    command = [sys.executable, "-m", "paasim.cli.app", "run", "bad.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"bad\.yaml:\d+:\d+: .*; .*\n", done.stderr), done.stderr
