"""Wrong files and names: one clear line with file, line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.profile import load
from paasim.profile.table import HEADER, read

GOOD = "prefill,1,512,0,10,,\n"
YAML = "id: x\nhardware: y\ntable: x.csv\nform: {prefill: {b: 20 us}}\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("prefill,1,512,0,nan,,", "latency_ms 'nan' is not a finite number"),
        ("prefill,1,512,0,-3,,", "latency_ms '-3' is not a finite number of zero or more"),
        ("prefill,1,512,0,0,,", "no step takes no time"),
        ("prefill,1,512,0,inf,,", "not a finite number"),
        ("prefill,0,512,0,5,,", "batch '0' is not a whole number of at least 1"),
        ("prefill,1,1.5,0,5,,", "new_tokens '1.5' is not a whole number"),
        ("prefil,1,512,0,5,,", "phase 'prefil' is none of"),
        ("decode,1,1,x,5,,", "context_tokens 'x' is not a number"),
        ("decode,1,1,5", "has 4 cells instead of 7"),
    ],
)
def test_bad_rows_name_their_line(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(",".join(HEADER) + "\n" + GOOD + row + "\n")
    with pytest.raises(InputError) as error:
        read(path)
    (problem,) = error.value.problems
    assert problem.where == f"{path}:3"
    assert message in problem.what


@pytest.mark.parametrize(
    ("text", "message"), [("", "is not a table"), ("a,b\n", "is not a table"), (None, "no such file")]
)
def test_files_that_are_no_table(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "x.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (YAML.replace("hardware", "hardwre"), ":2:10", "hardwre: .*did you mean 'hardware'"),
        (YAML.replace("20 us", "20"), ":4:21", "needs a unit"),
        (YAML.replace("20 us", "-20 us"), ":4:21", "is negative"),
        (YAML.replace("20 us", "nan us"), ":4:21", "not a finite number"),
        (YAML + "hardware: z\n", ":5:1", "written twice"),
        ("id: x\n", "", "neither form.prefill nor form.decode"),
        ("- 1\n", ":1:1", "not the header of a profile"),
        ("a: [\n", ":2:1", "is not YAML"),
    ],
)
def test_headers_name_their_line(tmp_path: Path, text: str, where: str, message: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    (tmp_path / "x.csv").write_text(",".join(HEADER) + "\n" + GOOD)
    with pytest.raises(InputError, match=message) as error:
        load(str(path))
    assert error.value.problems[0].where.startswith(f"{path}{where}")


def test_a_table_needs_its_form(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(YAML)
    (tmp_path / "x.csv").write_text(",".join(HEADER) + "\n" + GOOD + "decode,1,1,64,5,,\n")
    with pytest.raises(InputError, match=r"the table has decode rows, but there is no form\.decode"):
        load("x.yaml", tmp_path)


def test_names() -> None:
    with pytest.raises(InputError, match="did you mean 'h100-sxm/llama-3"):
        load("h100-sxm/llama-3.1-8b/bf16/vlm/tp1")
    with pytest.raises(InputError, match="profiles; choose one of"):
        load("h100-sxm")
    with pytest.raises(InputError, match="does not exist"):
        load("nothing.yaml", Path("/nowhere"))
    with pytest.raises(InputError, match="cannot name a table"):
        load({"table": "x.csv", "form": {"prefill": {"b": "1 ms"}}})
    with pytest.raises(InputError, match="needs a unit"):
        load({"form": {"prefill": {"b": 0.001}}})
    assert load("m2-ultra/llama-3.1-8b/q4-k-m").id == "m2-ultra/llama-3.1-8b/q4-k-m/llama.cpp/tp1"
