"""Every command, scenario and program in the documentation runs (with few requests); the quoted output is real."""

from __future__ import annotations

import re
import shlex
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from paasim.cli import app
from paasim.model.spec import ModelSpec
from paasim.scenario import load
from paasim.scenario.loader import from_dict
from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.docs.quote import EXPLAINED, NETWORK, QUICKSTART, README, SWEEPS, SWEPT, Quote

NOT_OURS = ("sh install.sh", ".venv/bin/python", ".ci/run")
"""Beginnings of commands that are run elsewhere: by the user, by `.ci/run`."""
FEW = 30
"""Requests of a run here."""
TRACES = ("azure", "mooncake", "mooncake-plan")
"""Scenarios that read files which are not part of the repository."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder in which the blocks of a page run one after the other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def commands(page: Path) -> list[Block]:
    """Blocks that a page's commands need or are: shell, and files with a name in their first line."""
    return blocks(page, "sh", "yaml", "csv")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh")], ids=lambda page: page.name)
def test_commands_run(page: Path, here: Path) -> None:
    for block in commands(page):
        named = re.match(r"# (\S+\.yaml)\n", block.text)
        if block.language == "csv":
            (here / (block.file or "steps.csv")).write_text(block.text)
        elif named:
            (here / named[1]).write_text(block.text)
        elif block.language == "sh":
            for line in block.text.splitlines():
                if not line.startswith(NOT_OURS):
                    _run(line)


def _run(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert words[0] == "paasim", line
    arguments = words[1:]
    if arguments[0] == "compare" and len(arguments) > 2 and not arguments[2].startswith("-"):
        assert app.run(arguments) == 0, line  # of finished runs, which are small here
        return
    if arguments[0] == "sensitivity":
        arguments += [*_few(arguments[1]), "--profile-samples", "2"]
    if arguments[0] == "plan":
        arguments += _few(arguments[1])
        if "--min-cost" not in arguments:
            arguments += ["--no-reliefs", "--tolerance", "20 %", "--replications", "2", "--confirm", "3"]
    if arguments[0] in ("run", "compare", "sensitivity"):
        arguments += [*_few(arguments[1]), "--replications", "1", "--jobs", "1"]
        if not {"-o", "--json"} & set(arguments):
            arguments.append("--json")  # figures take longer than so few requests
    if arguments[0] == "sweep":
        arguments += ["--set", f"run.requests={FEW}", "--replications", "1", "--jobs", "1"]
    code = app.run(arguments)
    assert code in ((0, 3) if arguments[0] in ("run", "plan") else (0,)), line


def _few(scenario: str) -> list[str]:
    """What makes a scenario end after few requests."""
    if load(scenario).run.duration is not None:
        return ["--set", f"run.duration={FEW} s"]
    return ["--set", f"run.requests={FEW}"]


def questions() -> list[str]:
    """The commands in the README's table of questions."""
    table = README.read_text(encoding="utf-8").split("## Your question")[1].split("\n## ")[0]
    found: list[str] = re.findall(r"`(paasim [^`]+)`", table)
    return [line for line in found if line != "paasim profile validate" and "RESULT" not in line]  # the user's files


def test_commands_in_the_table_of_questions_run(here: Path) -> None:
    found = [line for line in questions() if not _needs_a_trace(line)]
    assert len(found) > 10
    for line in found:
        _run(line)


def test_commands_on_recorded_traces_run(here: Path, shared_data: Path) -> None:
    found = [line for line in questions() if _needs_a_trace(line)]
    assert len(found) >= 2
    for line in found:
        _run(line)


def _needs_a_trace(line: str) -> bool:
    return line.split()[-1] in TRACES


@pytest.mark.parametrize(
    "block",
    [block for page in (README, ROOT / "docs" / "scenario.md", NETWORK, SWEEPS) for block in blocks(page, "yaml")],
    ids=str,
)
def test_scenarios_are_valid(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block is a whole scenario, or parts that take the place of those of the README's."""
    monkeypatch.setenv("PAASIM_DATA", "/data")
    part: dict[str, Any] = yaml.safe_load(block.text)
    if "study" in part:
        return  # a file of a study, which the commands of its page run
    whole = part if "name" in part else {**_example(), **part}
    if "workloads" in part:
        del whole["workload"]
    from_dict(whole, ROOT)


def _example() -> dict[str, Any]:
    example: dict[str, Any] = yaml.safe_load(blocks(README, "yaml")[0].text)
    del example["variants"]
    return example


@pytest.mark.parametrize("block", blocks(ROOT / "docs" / "adding.md", "yaml"), ids=str)
def test_models_are_valid(block: Block) -> None:
    ModelSpec.model_validate(yaml.safe_load(block.text))


@pytest.mark.parametrize("block", blocks(README, "python"), ids=str)
def test_programs_run(block: Block, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block.text, str(block), "exec"), {"__name__": "example"})
    assert "ttft" in capsys.readouterr().out
    assert (here / "result.json").is_file()


def test_the_router_that_is_shown_works(here: Path) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    for block in blocks(ROOT / "docs" / "adding.md", "python"):
        exec(compile(block.text, str(block), "exec", dont_inherit=True), names)
    names["ShareSpec"].model_rebuild(_types_namespace=names)

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    router = names["ShareSpec"](share=0.25, first="b", rest="a").build([Named("a"), Named("b")])
    assert sum(router.choose(None, 0.0) for _ in range(100)) == 25


# ---- quoted output ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", [QUICKSTART, SWEPT, *EXPLAINED], ids=str)
def test_quoted_output_is_real(quote: Quote, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Line by line: the same words, and numbers within 5 % (libraries differ between machines)."""
    assert app.run([*quote.command, *(("--jobs", "1") if quote.command[0] in ("compare", "sweep") else ())]) == 0
    real = quote.excerpt(capsys.readouterr().out)
    pairs = list(zip_longest(_lines(quote.quoted()), _lines(real), fillvalue=""))
    unlike = [pair for pair in pairs if not _alike(*pair)]
    assert not unlike, "the page quotes another output; to renew it: python -m tests.docs.quote"


_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _lines(text: str) -> list[str]:
    """Lines of tables; sentences as one line, since they wrap."""
    head, _, tables = text.strip().partition("\n\n")
    return [" ".join(head.split()), *(" ".join(line.split()) for line in tables.splitlines() if line.strip(" ─"))]


def _alike(a: str, b: str) -> bool:
    if _NUMBER.sub("#", a) != _NUMBER.sub("#", b):
        return False
    pairs = zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True)
    return all(float(x) == pytest.approx(float(y), rel=0.05) for x, y in pairs)


def test_the_bundled_schema_of_the_first_line_is_published() -> None:
    for file in sorted((ROOT / "scenarios").glob("*.yaml")):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../docs/scenario.schema.json", file.name
    assert (ROOT / "docs" / "scenario.schema.json").is_file()
