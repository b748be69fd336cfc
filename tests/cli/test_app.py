"""The entry point: help, version, exit codes, and errors as one clear line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
import typer

from paasim.cli import app, console
from paasim.core.errors import InputError, PaasimError
from paasim.core.registry import kinds

HEAVY = ("pandas", "scipy", "matplotlib", "simpy", "numpy", "pydantic", "rich", "jinja2", "yaml")


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_importing_the_entry_point_loads_nothing_heavy() -> None:
    code = f"import sys, paasim.cli.app; print([m for m in {HEAVY} if m in sys.modules])"
    done = python(code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_help_is_fast_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from paasim.cli import app; code = app.run(['--help']);"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    start = time.perf_counter()
    done = python(code)
    taken = time.perf_counter() - start
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
    assert taken < 1.0  # 0.1 s on an idle machine; the bound is loose for busy ones
    for verb in app.VERBS:
        assert f"  {verb} " in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("paasim 0.")


def test_every_verb_has_a_module() -> None:
    folder = Path(app.__file__).parent
    for verb in app.VERBS:
        assert (folder / f"{verb}.py").is_file() or (folder / verb / "__init__.py").is_file(), verb


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["knids"], "there is no command 'knids'; did you mean 'kinds'?"),
        (["kinds", "--nonsense"], "No such option"),
        (["kinds", "ruoter"], "there is no family 'ruoter'; did you mean 'router'?"),
        (["init"], "Missing argument"),
    ],
)
def test_wrong_use_is_exit_code_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def _verb(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the verb `kinds` raise an error."""
    module = ModuleType("paasim.cli.kinds")
    verb = typer.Typer(rich_markup_mode=None)

    @verb.command()
    def fail() -> None:
        raise error

    module.app = verb  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "paasim.cli.kinds", module)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError.one("a.yaml:1:2", "x: is wrong", "mend it"), 2, "a.yaml:1:2: x: is wrong; mend it\n"),
        (PaasimError("it failed"), 1, "it failed\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (typer.Exit(3), 3, ""),
        (BrokenPipeError(), 1, ""),
    ],
)
def test_errors_become_exit_codes(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _verb(monkeypatch, error)
    monkeypatch.setattr(app, "_hush", lambda: None)
    assert app.run(["kinds"]) == code
    assert capfd.readouterr().err.strip() == said.strip()


def test_an_internal_failure_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _verb(monkeypatch, ZeroDivisionError("division by zero"))
    assert app.run(["kinds"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in said
    assert "PAASIM_TRACEBACK=1" in said
    assert "Traceback" not in said
    monkeypatch.setenv(app.TRACEBACK, "1")
    assert app.run(["kinds"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "import sys; from paasim.cli import app; sys.exit(app.run(['kinds', '--json']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert said == ""


def test_kinds_lists_every_kind_of_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["kinds", "router"]) == 0
    text = capsys.readouterr().out
    for name in kinds("router"):
        assert f"  {name} " in text


def test_kinds_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["kinds", "router", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["router"]) == set(kinds("router"))


def test_json_output_knows_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        console.say_json({"x": float("nan")})


def test_the_starter_stays_inside_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.run(["init", "first"]) == 0
    assert app.run(["run", "first.yaml", "--replications", "1", "--json"]) == 0
    assert "outside" not in capsys.readouterr().err


def test_a_variant_that_does_not_fit_does_not_stop_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    change = ["--set", "router={kind: round-robin, routes: [paas, local]}", "--set", "run.requests=60"]
    assert app.run(["run", "quickstart", *change, "--json"]) in (0, 3)
    assert app.run(["compare", "quickstart", *change, "--json"]) == 2
    assert "not --set" in capsys.readouterr().err


def test_codecs_that_go_by_a_name_are_listed_with_their_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["kinds", "kv.codec"]) == 0
    said = capsys.readouterr().out
    assert "4.92 times smaller, encodes 18.09 GB/s, decodes 31.80 GB/s" in said
    assert "cachegen-l2          4.1875 bits, estimated: " in said
