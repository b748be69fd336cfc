"""Formats are recognised by content, others are refused, and what is damaged never ends in a traceback."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasim.core.errors import InputError
from paasim.results import served
from paasim.results.readers import formats
from paasim.results.readers.served_table import write
from tests.results.readers import samples, test_aiperf, test_guidellm, test_inference_perf, test_mlperf
from tests.results.readers.test_silicon_sample import AGGREGATED, DISAGGREGATED
from tests.results.readers.test_silicon_sample import table as silicon_table
from tests.results.readers.test_token_position import ROW
from tests.results.readers.test_token_position import table as position_table

DOCUMENTS: dict[str, list[Any]] = {
    "vllm-bench": [samples.vllm(), samples.detailed(latencies=[0.2, 0.3, 0, 0.3], queue_times=[0, 0.1, 0, 0])],
    "guidellm": [samples.guidellm(test_guidellm.REQUESTS)],
    "aiperf": test_aiperf.LINES,
    "aiperf-summary": [samples.aiperf_summary()],
    "inference-perf": [test_inference_perf.REQUESTS],
    "inference-perf-stage": [samples.inference_perf_stage(tpot=0.01)],
}
"""Format (and which of its files) -> JSON documents."""
SAMPLES = (*DOCUMENTS, "silicon-sample", "token-position", "mlperf", "served")


def sample(name: str, folder: Path) -> Path:
    """A small file of a format; its name says nothing."""
    path = folder / "some.file"
    if name in DOCUMENTS:
        return samples.write(path, *DOCUMENTS[name])
    if name == "silicon-sample":
        silicon_table(path, AGGREGATED, DISAGGREGATED)
    elif name == "token-position":
        position_table(path, ROW.format("tp8"), ROW.format("dep8"))
    elif name == "mlperf":
        path.write_text(test_mlperf.LOG)
    else:
        write(served.read(sample("vllm-bench", folder)), path)
    return path


def format_of(name: str) -> str:
    """`aiperf-summary` is of `aiperf`."""
    return next(each for each in formats.formats() if name.startswith(each))


def test_every_format_has_a_sample_here() -> None:
    assert {format_of(name) for name in SAMPLES} == set(formats.formats())
    assert all(each.title and each.name == name for name, each in formats.formats().items())


@pytest.mark.parametrize("name", SAMPLES)
def test_recognised_by_content(name: str, tmp_path: Path) -> None:
    path = sample(name, tmp_path)
    found = formats.recognise(path)
    assert found is not None
    assert found.name == format_of(name)
    zipped = tmp_path / "some.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    marked = tmp_path / "marked"
    marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors begin a file
    for other in (zipped, marked):
        assert len(served.read(other)) == len(served.read(path))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format", sorted(formats.formats()))
def test_a_file_read_as_another_format_is_refused(name: str, format: str, tmp_path: Path) -> None:
    path = sample(name, tmp_path)
    if format == format_of(name):
        assert served.read(path, format)
    else:
        with pytest.raises(InputError, match=r"some\.file"):
            served.read(path, format)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"a,b\n1,2\n", b"hello", b"\x00\xff\xfe", b'{"total": 1}', b"\x1f\x8b", b"[1, 2]"],
)
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    for name in ("other", "other.gz"):
        (tmp_path / name).write_bytes(content)
        for format in ("", *formats.formats()):
            with pytest.raises(InputError, match=name):
                served.read(tmp_path / name, format)


def test_what_is_not_there_or_unknown_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        served.read(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"is no result of a serving benchmark.*guidellm's benchmarks\.json"):
        served.read(tmp_path)
    with pytest.raises(InputError, match="--format: 'vllm' is unknown"):
        served.read(sample("vllm-bench", tmp_path), "vllm")
    for format in formats.formats():
        with pytest.raises(InputError):
            served.read(tmp_path, format)


def test_what_may_be_of_two_formats_is_asked_about(tmp_path: Path) -> None:
    path = samples.write(tmp_path / "both.json", samples.vllm(), {"metadata": {"guidellm_version": "0.8"}})
    with pytest.raises(InputError, match=r"may be any of guidellm, vllm-bench; say which it is \(--format\)"):
        served.read(path)


def test_warnings_of_any_format(tmp_path: Path) -> None:
    run = samples.read_one(tmp_path / "run.json", samples.vllm(max_concurrency=None, request_rate=None))
    assert run.unusable == "neither concurrency nor request rate is stated"
    assert samples.warned(
        samples.read_one(tmp_path / "run.json", samples.detailed()), "3 requests are too few for a p99"
    )
    failed = samples.detailed(errors=["x"] * 4)
    run = samples.read_one(tmp_path / "run.json", failed | {"completed": 0})
    assert samples.warned(run, "no request was answered")


def survives(path: Path, format: str) -> bool:
    """Whether a file is read; if not, the refusal must name it."""
    try:
        for run in served.read(path, format):
            run.recomputed()
            run.throughput()
    except InputError as error:
        return _named(error, path)
    return True


def _named(error: InputError, path: Path) -> bool:
    assert path.name in str(error)
    return False


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_cut_anywhere_is_refused_or_read(name: str, tmp_path: Path) -> None:
    path = sample(name, tmp_path)
    raw = path.read_bytes()
    for end in range(0, len(raw) - 1, max(1, len(raw) // 60)):
        path.write_bytes(raw[:end])
        whole = survives(path, format_of(name))
        if name in DOCUMENTS and len(DOCUMENTS[name]) == 1:
            assert not whole
    zipped = tmp_path / "cut.gz"
    zipped.write_bytes(gzip.compress(raw)[:-9])
    assert not survives(zipped, "")


JUNK: tuple[Any, ...] = (None, -1, 0, 1e300, 10**400, "", "junk", True, [], ["junk"], [[None]], {}, {"junk": 1})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every part of a document."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_junk_anywhere_in_a_document_is_refused_or_read(name: str, tmp_path: Path) -> None:
    document = DOCUMENTS[name][-1] if name == "vllm-bench" else DOCUMENTS[name][:4]
    for i, place in enumerate(places(document)):
        damaged = copy.deepcopy(document)
        holder = damaged
        for key in place[:-1]:
            holder = holder[key]
        for junk in JUNK[i % 2 :: 2]:  # every other at every place
            holder[place[-1]] = junk
            survives(samples.write(tmp_path / "junk.json", damaged), format_of(name))


def test_numbers_and_nesting_beyond_all_bounds(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    for text in ("9" * 5000, "[" * 100_000, '{"a":' * 100_000):
        path.write_text(json.dumps(samples.vllm()) + "\n" + text)
        with pytest.raises(InputError, match=r"run\.json:2: is not JSON"):
            served.read(path)
    with pytest.raises(InputError, match=r"run\.json:1: duration '9{40}\.\.\.' is no number"):
        samples.read_one(path, samples.vllm(duration=int("9" * 400)))
