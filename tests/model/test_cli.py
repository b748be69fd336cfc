"""`paasim model`."""

import json

from typer.testing import CliRunner

from paasim.cli.model import app
from paasim.model import load, names
from tests.model.test_huggingface import CONFIGS

runner = CliRunner()


def test_list():
    rows = json.loads(runner.invoke(app, ["list", "--json"]).stdout)
    assert [row["id"] for row in rows] == names()
    assert "llama-3.1-8b" in runner.invoke(app, ["list"]).stdout


def test_show():
    facts = json.loads(runner.invoke(app, ["show", "llama-3.1-8b", "--json", "--tp", "16"]).stdout)
    assert facts["kv_bytes"]["8k"] == 2**30
    assert facts["capacity_bytes"]["8k"] == 2**31
    text = runner.invoke(app, ["show", "kimi-linear-48b", "--kv-dtype", "fp8"]).stdout
    assert "41.41 MiB" not in text
    assert "4,032 B" in text
    assert runner.invoke(app, ["show", "gpt-oss-20b", "--kv-dtype", "fp9"]).exception is not None


def test_import(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS["gpt-oss-120b"]))
    out = tmp_path / "mine.yaml"
    args = ["import", str(tmp_path / "config.json"), "--name", "openai/gpt-oss-120b", "--parameters", "1e9"]
    assert runner.invoke(app, [*args, "-o", str(out)]).exit_code == 0
    assert load(str(out)).kv_bytes(5_000) == load("gpt-oss-120b").kv_bytes(5_000)
    assert load(str(out)).spec.parameters == 1e9
    assert "sliding-window" in runner.invoke(app, args).stdout
    assert json.loads(runner.invoke(app, [*args, "--json"]).stdout)["dtype"] == "mxfp4"
