"""The result folder: complete, readable, the same bytes for the same result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.results import folder
from paasim.results.manifest import manifest
from paasim.results.result import Result
from tests.handmade import make_result


@pytest.fixture(scope="module")
def result() -> Result:
    return make_result(n=300)


def test_write_and_read_back(result: Result, tmp_path: Path) -> None:
    folder.write(result, tmp_path / "out", command=["paasim", "run"], figures={"a.svg": b"<svg/>"})
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"result.json", "requests.csv.gz", "scenario.yaml", "manifest.json", "a.svg"}
    back = folder.read(tmp_path / "out")
    assert back.to_json() == result.to_json()
    np.testing.assert_allclose(back.requests["ttft"], result.requests["ttft"], rtol=1e-15, atol=0)
    assert list(back.requests.columns) == list(result.requests.columns)


def test_same_result_same_bytes(result: Result, tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder.write(make_result(n=300), tmp_path / name, command=[name])
    for name in ("result.json", "requests.csv.gz", "scenario.yaml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_many_requests_go_to_parquet(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(folder, "MOST_CSV_ROWS", 10)
    folder.write(result, tmp_path)
    assert (tmp_path / "requests.parquet").is_file()
    np.testing.assert_array_equal(folder.read(tmp_path).requests["e2el"], result.requests["e2el"])


def test_a_failed_write_leaves_nothing_that_looks_complete(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(result, tmp_path)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(InputError, match="No space left"):
        folder.write(result, tmp_path)
    assert not (tmp_path / "result.json").exists()
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("text", [None, "{}", "not json"])
def test_reading_what_is_no_result(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "result.json").write_text(text)
    with pytest.raises(InputError, match=r"result\.json"):
        folder.read(tmp_path)


def test_relative_paths_start_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "a.jsonl").write_text("")
    scenario = {"workload": {"path": "traces/a.jsonl"}, "question": "one/two?", "links": ["x/y"]}
    text = folder.scenario_text(scenario, tmp_path, tmp_path / "results" / "a")
    assert "path: ../../traces/a.jsonl" in text
    assert "one/two?" in text


@pytest.mark.parametrize(
    ("name", "variant", "expected"),
    [("Remote prefill, for laptops!", None, "remote-prefill-for-laptops"), ("A", "cloud only", "a-cloud-only")],
)
def test_default_folder(name: str, variant: str | None, expected: str) -> None:
    assert folder.default_folder(name, variant) == Path("results") / expected


def test_manifest_has_the_hash_of_every_profile() -> None:
    name = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
    scenario = {"sites": {"a": {"pools": {"p": {"profile": name}}}}, "variants": {"b": {"x.profile": "m2-ultra/none"}}}
    profiles = manifest(scenario, None, [])["profiles"]
    assert list(profiles) == [name]
    assert profiles[name]["id"] == name
    assert len(profiles[name]["digest"]) == 32
