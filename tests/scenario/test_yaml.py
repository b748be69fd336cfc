"""The strict YAML reader: values as people mean them, faults at their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.errors import InputError
from paasim.scenario import yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e6", 1e6),
        ("-1.5E-3", -1.5e-3),
        ("12", 12),
        ("0", 0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("2 /s", "2 /s"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_a_scalar_is_what_it_looks_like(text: str, value: object) -> None:
    read = yaml.parse(f"key: {text}", "f").plain()["key"]
    assert read == value
    assert type(read) is type(value)


def test_every_node_knows_its_line_and_column() -> None:
    root = yaml.parse("a:\n  b: [1, 2]\n  c: {d: x}\n", "f.yaml")
    assert root.keys["a"].keys["b"].where == "f.yaml:2:6"
    assert root.keys["a"].keys["c"].keys["d"].where == "f.yaml:3:10"
    assert root.keys["a"].keys["c"].keys["d"].key_where == "f.yaml:3:7"
    assert [node.where for node in root.steps(("a", "b", 1, "nothing"))][-1] == "f.yaml:2:10"


def test_all_repeated_keys_are_reported_at_once() -> None:
    with pytest.raises(InputError) as caught:
        yaml.parse("a: 1\nb: {c: 1, c: 2}\na: 3\n", "f.yaml")
    assert [problem.where for problem in caught.value.problems] == ["f.yaml:2:11", "f.yaml:3:1"]
    assert "'a' is given twice (first in line 1)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("a: 1\n\tb: 2\n", "f:2:1", "tab"),
        ("a: b: c", "f:1:5", "':'"),
        ("a: {b: 1", "f:1:9", "not sound YAML"),
        ("a: !!python/object:os.system x", "f:1:4", "tag"),
        ("a: 1\n---\nb: 2", "f:2:1", "second YAML document"),
        ("a: &x [*x]", "f:1:4", "aliases"),
        ("? [a]\n: 1", "f:1:3", "key must be text"),
        ("\x00", "f", "control characters"),
    ],
)
def test_unsound_yaml_is_one_clear_line(text: str, where: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        yaml.parse(text, "f")
    (problem,) = caught.value.problems
    assert problem.where == where
    assert said in problem.what
    assert problem.todo


def test_aliases_that_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(InputError, match="aliases"):
        yaml.parse("\n".join(lines), "f")


def test_files_that_cannot_be_scenarios(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    (tmp_path / "large.yaml").write_bytes(b" " * (yaml.MOST_BYTES + 1))
    said = {"none.yaml": "no such file", "empty.yaml": "is empty", "list.yaml": "must be a mapping"}
    said |= {"binary.yaml": "not a text file", "large.yaml": "too large", ".": "is a folder"}
    for name, words in said.items():
        with pytest.raises(InputError, match=words):
            yaml.read(tmp_path / name)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes("\ufeffname: ü\n".encode())
    assert yaml.read(tmp_path / "bom.yaml").plain() == {"name": "ü"}


_SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
_WORDS = st.sampled_from(["no", "1e6", "010", "12:30", "null", "nan", ".inf", "~", "true", "", "5", "a: b", "# x"])


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(_WORDS | _TEXTS, st.lists(_SCALARS | _WORDS | _TEXTS, max_size=4), max_size=4))
def test_what_dump_writes_parse_reads_back(data: dict[str, object]) -> None:
    assert (yaml.parse(yaml.dump({"root": data}), "f").plain())["root"] == data
