"""The store: what an outcome depends on is in its key, what is damaged is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.scenario.loader import changed, load
from paasim.study import fingerprint
from paasim.study.point import Outcome, Point, work
from paasim.study.store import Store
from tests.study.scene import LINK, RATE, points, tiny, write


@pytest.fixture
def point(tmp_path: Path) -> Point:
    return points(tmp_path, 1)[0]


@pytest.mark.parametrize(
    "change", [f"{LINK}=2 Gbps", "run.seed=8", "slo.ttft=1 s", f"{RATE}=3 /s", "model=llama-3.2-1b", "run.requests=61"]
)
def test_what_matters_is_in_the_key(point: Point, change: str) -> None:
    other = replace(point, scenario=changed(point.scenario, [change]))
    assert fingerprint.key(other) != fingerprint.key(point)


def test_so_are_the_replications(point: Point) -> None:
    keys = {fingerprint.key(replace(point, first=first, count=count)) for first, count in ((0, 1), (0, 2), (1, 1))}
    assert len(keys) == 3


@pytest.mark.parametrize("change", ["name=another", "question=Why?", "run.replications=9", f"{LINK}=1000 Mbps"])
def test_what_does_not_matter_is_not(point: Point, change: str) -> None:
    other = Point("another label", changed(point.scenario, [change]))
    assert fingerprint.key(other) == fingerprint.key(point)


def test_variants_and_studies_do_not_matter(tmp_path: Path, point: Point) -> None:
    whole = load(write(tmp_path), [f"{LINK}=1 Gbps"])
    assert whole.variants
    assert whole.studies
    assert fingerprint.key(Point("whole", whole)) == fingerprint.key(point)


def test_files_count_by_content_and_not_by_place(tmp_path: Path) -> None:
    keys = []
    for folder, name, rate in (("a", "one.csv", 1.0), ("b", "two.csv", 1.0), ("b", "two.csv", 2.0)):
        scenario = tiny(tmp_path / folder)
        (tmp_path / folder / "data").mkdir(exist_ok=True)
        file = tmp_path / folder / "data" / name
        file.write_text("\n".join(f"{i * rate}" for i in range(5 + int(rate))) + "\n")
        arrivals = f"workload.arrivals={{kind: times, path: data/{name}}}"
        keys.append(fingerprint.key(Point("x", changed(scenario, [arrivals]))))
    assert keys[0] == keys[1] != keys[2]


def test_a_file_whose_name_looks_like_a_word_counts_by_content_too(tmp_path: Path) -> None:
    lengths = "workload.lengths={kind: empirical, path: recorded}"

    def key(rows: str) -> str:
        (tmp_path / "recorded").write_text(f"prompt_tokens,output_tokens\n{rows}\n")
        return fingerprint.key(Point("x", changed(tiny(tmp_path), [lengths])))

    assert key("100,5") == key("100,5") != key("2000,5")


def test_profiles_count_by_content(tmp_path: Path) -> None:
    keys = []
    for name, step in (("a", "100 us"), ("b", "100 us"), ("b", "200 us")):
        (tmp_path / f"{name}.yaml").write_text(
            f"id: gpu/{step.split()[0]}\nhardware: gpu\nmodel: llama-3.1-8b\nform: {{prefill: {{b: {step}}}}}\n"
        )
        scenario = changed(tiny(tmp_path), [f"sites.cloud.pools.prefill.profile={name}.yaml"])
        keys.append(fingerprint.key(Point("x", scenario)))
    assert keys[0] == keys[1] != keys[2]


def test_bundled_profiles_count_by_what_they_are(tmp_path: Path) -> None:
    full, short, other = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1", "h100-sxm/llama-3.1-8b/bf16/vllm/tp", "h200-sxm"
    between = "{between: [h100-sxm/llama-3.1-70b/bf16/vllm/tp2, h100-sxm/llama-3.1-70b/bf16/vllm/tp8], tp: 4}"
    named = changed(tiny(tmp_path), ["sites.cloud.pools.prefill.profile=to-be-named"])
    texts = (full, full, other + full.removeprefix("h100-sxm"), between, between.replace("tp: 4", "tp: 3"), short)
    keys = [
        fingerprint.key(Point("x", changed(named, [f"sites.cloud.pools.prefill.profile={text}"]))) for text in texts
    ]
    assert len(set(keys)) == 5
    assert keys[0] == keys[1]


def test_another_edition_has_other_keys(point: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint.key(point)
    monkeypatch.setattr(fingerprint, "edition", lambda: "another")
    assert fingerprint.key(point) != before


def test_an_outcome_comes_back_as_it_was(tmp_path: Path, point: Point) -> None:
    store, outcome = Store(tmp_path / "store"), work(point)
    key = store.key(point)
    assert store.get(key) is None
    store.put(key, outcome)
    assert store.get(key) == outcome
    before = store.path(key).read_bytes()
    store.put(key, outcome)
    assert store.path(key).read_bytes() == before
    assert [file.name for file in store.path(key).parent.iterdir()] == [f"{key}.json"], "nothing temporary is left"


def test_what_is_damaged_is_not_there(tmp_path: Path, point: Point) -> None:
    store, outcome = Store(tmp_path), work(point)
    key = store.key(point)
    store.put(key, outcome)
    whole = store.path(key).read_bytes()
    digit = whole.index(b'"mean":') + 8
    other = b"1" if whole[digit : digit + 1] != b"1" else b"2"
    damaged = [b"", whole[:20], whole[:-30], whole[:digit] + other + whole[digit + 1 :], b"\xff\xfe" + whole]
    for count, bad in enumerate(damaged, 1):
        store.path(key).write_bytes(bad)
        assert store.get(key) is None
        assert len(store.warnings) == count
        assert "is damaged" in store.warnings[-1]


def test_an_outcome_under_another_name_is_not_taken(tmp_path: Path, point: Point) -> None:
    store = Store(tmp_path)
    store.put("0" * 64, work(point))
    store.path("1" * 64).parent.mkdir()
    store.path("0" * 64).rename(store.path("1" * 64))
    assert store.get("1" * 64) is None


def test_a_folder_that_cannot_be_used_is_an_input_error(tmp_path: Path, point: Point) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used"):
        Store(tmp_path / "file").put("0" * 64, Outcome.model_construct())
