"""`paasim profile`: stdout is the result, stderr the talk."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paasim.cli.profile import app
from paasim.core.errors import InputError
from paasim.profile import load, names

H100 = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list() -> None:
    rows = json.loads(_run("list", "--json"))
    assert [row["id"] for row in rows] == names()
    assert json.loads(_run("list", "--hardware", "iphone", "--provenance", "composed", "--json")) == []
    only = json.loads(_run("list", "--provenance", "estimated", "--phase", "decode", "--json"))
    assert {row["provenance"] for row in only} == {"estimated"}
    assert H100 in _run("list", "--model", "llama-3.1-8b")
    with pytest.raises(InputError, match="is not a phase"):
        _run("list", "--phase", "x")
    with pytest.raises(InputError, match="is not a place; one of datacenter, device"):
        _run("list", "--place", "moon")


def test_list_by_precision_and_place() -> None:
    rows = json.loads(_run("list", "--dtype", "Q4", "--place", "device", "--hardware", "rtx-4090", "--json"))
    assert len(rows) == 2
    assert {row["dtype"] for row in rows} == {"q4-k-m"}
    assert rows[0]["memory"]["device_bytes"] == "24 GB"
    wall = json.loads(_run("list", "--hardware", "raspberry-pi-5", "--model", "llama-3.2-3b", "--json"))
    assert wall[0]["power"] == "11.9 W"
    shown = _run("list", "--hardware", "raspberry-pi-5", "--model", "llama-3.2-3b")
    assert "raspberry-pi-5/llama-3.2-3b/4bit/ollama/tp1" in shown
    assert "11.9 W" in shown
    assert "16 GB" in shown


def test_names_are_never_cut() -> None:
    shown = _run("list", "--hardware", "jetson")
    assert all(name in shown for name in names() if name.startswith("jetson"))


@pytest.mark.parametrize("name", [H100, "prfaas-h200", "iphone/llama-3.2-3b", "dgx-spark/llama-3.1-8b"])
def test_show(name: str) -> None:
    facts = json.loads(_run("show", name, "--json"))
    assert facts["id"] == load(name).id
    assert all(step["seconds"] > 0 for step in facts["steps"])
    assert facts["provenance"] in _run("show", name)


def test_fit_validate_import(tmp_path: Path, root: Path) -> None:
    table = root / "profiles" / f"{H100}.csv"
    out = tmp_path / "own.yaml"
    assert _run("fit", str(table), "-o", str(out), "--set", "hardware=own-gpu").strip() == "own"
    assert load(str(out)).spec.hardware == "own-gpu"
    found = json.loads(_run("validate", str(out), "--against", str(table), "--json"))
    assert found["errors"][0]["median"] < 0.01
    assert "inside" in _run("validate", H100, "--against", str(table))
    runs = tmp_path / "runs.jsonl"
    lines = [{"n_prompt": n, "n_gen": 0, "avg_ns": 1e6 * n} for n in (64, 128, 256, 512)]
    lines += [{"n_prompt": 0, "n_gen": n, "avg_ns": 2e7 * n} for n in (64, 128)]
    runs.write_text("\n".join(map(json.dumps, lines)))
    _run("import", str(runs), "-o", str(tmp_path / "imported.yaml"), "--set", "hardware=mine")
    assert load(str(tmp_path / "imported.yaml")).steps().decode(1, 100.0) == pytest.approx(0.02, rel=1e-3)
    with pytest.raises(InputError, match="is not NAME=VALUE"):
        _run("fit", str(table), "-o", str(out), "--set", "hardware")


def _talk(*arguments: str) -> tuple[str, str]:
    """stdout and stderr."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_import_says_what_a_file_holds(tmp_path: Path, shared_data: Path) -> None:
    table = str(shared_data / "profiles" / "splitwise" / "perf_model.csv")
    listed, talk = _talk("import", table)
    assert "splitwise-sim's perf_model.csv (splitwise)" in talk
    assert "9 configurations; select one" in talk
    # What is listed can be pasted.
    for line in listed.splitlines():
        _, talk = _talk("import", table, *shlex.split(line))
        assert "kinds of step" in talk
    with pytest.raises(InputError, match="holds 9 configurations; select one of them"):
        _run("import", table, "-o", str(tmp_path / "x.yaml"))
    one = ["--select", "model=bloom", "--select", "hardware=a100"]
    _, talk = _talk("import", table, *one, "-o", str(tmp_path / "x.yaml"))
    assert "decode: 19 kinds of step" in talk
    assert "mean context of their run" in talk
    assert load(str(tmp_path / "x.yaml")).spec.provenance == "measured"


def test_import_all_into_a_folder(tmp_path: Path, shared_data: Path) -> None:
    table = str(shared_data / "profiles" / "splitwise" / "perf_model.csv")
    made = _run("import", table, "--select", "tensor_parallel=2", "--all", "-o", str(tmp_path)).split()
    assert len(made) == 3
    for name in made:
        assert load(str(tmp_path / f"{name}.yaml")).id == name
    runs = str(shared_data / "edge" / "llama_bench_jsonl" / "llama-2-7b.Q4_0.jsonl.gz")
    made = _run("import", runs, "--select", "build_number=6111", "--all", "-o", str(tmp_path / "runs")).split()
    assert made[-2:] == ["llama-2-7b-radeon-8060s-graphics-false", "llama-2-7b-radeon-8060s-graphics-true"]
    with pytest.raises(InputError, match="needs a folder to write to"):
        _run("import", table, "--all")


def test_import_sums_up_what_makes_no_profile(tmp_path: Path, shared_data: Path) -> None:
    table = str(shared_data / "profiles" / "vidur" / "network" / "h100_dgx" / "all_reduce.csv.gz")
    shown, talk = _talk("import", table)
    assert "GB/s of payload" in shown
    assert "no profile can be made of it: times of a collective" in talk
    with pytest.raises(InputError, match="no profile can be made of it"):
        _run("import", table, "-o", str(tmp_path / "x.yaml"))
    with pytest.raises(InputError, match="recipes need a folder"):
        _run("import", "recipes.yaml")


def test_import_warns_of_too_few_lengths(tmp_path: Path) -> None:
    """The default run of llama-bench has one prompt length."""
    path = tmp_path / "x.md"
    path.write_text("| model | test | t/s |\n| --- | --- | --- |\n| m | pp512 | 1000 ± 1 |\n| m | tg128 | 50 ± 1 |\n")
    _, talk = _talk("import", str(path), "-o", str(tmp_path / "x.yaml"))
    assert "warning: prefill: rows of 1 different prompt lengths; a fit needs 3 or more" in talk


def test_fit_needs_rows_and_a_source(tmp_path: Path, root: Path) -> None:
    out, text = tmp_path / "own.yaml", (root / "profiles" / f"{H100}.csv").read_text().splitlines()
    few = tmp_path / "few.csv"
    few.write_text("\n".join([text[0], *[line for line in text if line.startswith("prefill")][:1]]))
    with pytest.raises(InputError, match="prefill: rows of 1 different prompt lengths; a fit needs 3"):
        _run("fit", str(few), "-o", str(out))
    table = tmp_path / "rows.csv"
    table.write_text("\n".join([text[0], *[line for line in text if line.startswith("decode")][:9]]))
    with pytest.raises(InputError, match="a measured profile needs a source"):
        _run("fit", str(table), "-o", str(out), "--set", "provenance=measured")
    _run("fit", str(table), "-o", str(out))
    assert load(str(out)).spec.provenance == "estimated"
    _run("fit", str(table), "-o", str(out), "--set", "source=https://example.org/steps")
    assert load(str(out)).spec.provenance == "measured"


def test_fit_keeps_its_input(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "steps.csv"
    table.write_text((root / "profiles" / f"{H100}.csv").read_text())
    with pytest.raises(InputError, match="would overwrite"):
        _run("fit", str(table), "-o", str(tmp_path / "steps.yaml"))


def test_runs_of_many_devices_are_not_one_profile(shared_data: Path, tmp_path: Path) -> None:
    runs = str(shared_data / "edge" / "apple_device_runs.csv")
    with pytest.raises(InputError, match=r"holds \d+ configurations"):
        _run("import", runs, "-o", str(tmp_path / "one.yaml"))
