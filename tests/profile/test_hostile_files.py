"""Files that are damaged in ways that files do get damaged: refused with the place and the reason, or read; no more.

Every form of measured steps and of serving results, as far as a profile (or the figures) that can be used.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.profile.importers import formats
from paasim.profile.write import make
from paasim.results import served
from tests.profile.importer_samples import SAMPLES, sample
from tests.results.readers import test_formats as serving

NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")
JUNK = ("1e308", "1e-320", "nan", "inf", "-1", "9" * 400, "9" * 5000, "", "0", "1e15", "NaN", "Infinity", "x", "\0")
"""In the place of a number."""


def files_of(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else sorted(path.parent.iterdir())


def damages(raw: bytes) -> Iterator[bytes]:
    """A file as it may come: other encodings, cut, empty, of zeros, and with junk in the place of each number."""
    text = raw.decode()
    yield from (b"", b"\n", b"\0", b"\0" * 4096, b"\xff\xfe", raw.replace(b",", b"\0", 1), raw + b"\0")
    yield from (text.encode("utf-16"), text.encode("latin-1", "replace"), raw.replace(b"\n", b"\r"), raw * 2)
    yield from (raw[: len(raw) * part // 5] for part in range(1, 5))
    yield from (text.replace(",", ";").encode(), text.splitlines()[0].encode(), text.replace('"', "'").encode())
    for i, found in enumerate(NUMBER.finditer(text)):
        for junk in JUNK[i % 3 :: 3]:  # every third in every place
            yield f"{text[: found.start()]}{junk}{text[found.end() :]}".encode()


def profiled(path: Path, name: str, out: Path) -> None:
    """The whole way from a file to a profile in use, as `paasim profile import` goes it."""
    format = formats.named(name)
    for found in (formats.recognise, lambda _: format):
        known = found(path)
        (key, *_) = formats.configurations(path, known, {})
        read = known.read(path, key)
        if not read.table.rows:
            continue
        steps = make({"id": "x", **read.header}, read.table, out).steps()
        assert not steps.can_prefill or 0 < steps.prefill(1000, 5e5) < 1e9
        assert not steps.can_decode or 0 < steps.decode(7, 7e3) < 1e9


def told(path: Path, format: str) -> None:
    """The figures of a result of serving."""
    for run in served.read(path, format):
        run.recomputed()
        run.throughput()


def _refused(path: Path, error: InputError) -> None:
    for problem in error.problems:
        assert problem.what
        assert len(str(problem)) < 4000
        assert "\0" not in str(problem)
    assert path.name in str(error) or "header" in str(error)


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLES) == set(formats.formats())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_sound(name: str, tmp_path: Path) -> None:
    profiled(sample(name, tmp_path / "in"), name, tmp_path / "out.yaml")


@pytest.mark.parametrize("name", SAMPLES)
def test_measured_steps(name: str, tmp_path: Path) -> None:
    path = sample(name, tmp_path / "in")
    for file in files_of(path):
        raw = file.read_bytes()
        for damaged in damages(raw):
            file.write_bytes(damaged)
            try:
                profiled(path, name, tmp_path / "out.yaml")
            except InputError as error:
                _refused(tmp_path, error)
        file.write_bytes(raw)


@pytest.mark.parametrize("name", serving.SAMPLES)
def test_results_of_serving(name: str, tmp_path: Path) -> None:
    path = serving.sample(name, tmp_path)
    raw = path.read_bytes()
    for damaged in damages(raw):
        path.write_bytes(damaged)
        for format in ("", serving.format_of(name)):
            try:
                told(path, format)
            except InputError as error:
                _refused(path, error)


ODD = ("folder", "folder.gz", "none.csv", "cut.csv.gz", "text.csv.gz", "empty.gz", "zeros.csv.gz")


@pytest.mark.parametrize("format", sorted({*formats.formats(), *serving.formats.formats(), ""}))
def test_what_is_no_text_at_all(format: str, tmp_path: Path) -> None:
    """A folder, a file that is not there, a cut or false `.gz`: refused by each format when told to read it."""
    for name in ODD[:2]:
        (tmp_path / name).mkdir()
    whole = gzip.compress(b"phase,batch,new_tokens,context_tokens,latency_ms\nprefill,1,512,0,20.5\n" * 9)
    for name, content in zip(ODD[3:], (whole[:-9], b"a,b\n1,2\n", b"", gzip.compress(b"\0" * 99)), strict=True):
        (tmp_path / name).write_bytes(content)
    reads = (lambda path: formats.read(path, format, {})) if format in formats.formats() else served.read
    for name in ODD:
        with pytest.raises(InputError, match=name):
            reads(tmp_path / name)


def test_what_is_wrong_is_said_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    head = "phase,batch,new_tokens,context_tokens,latency_ms\n"
    for content, says in {
        (head + "prefill,1,512,0,20\n").encode("utf-16"): "is text in UTF-16; save it as UTF-8",
        head.encode() + b"prefill,1,512,0,20\nprefill,1,\0,0,20\n": r"steps\.csv:3: holds a NUL byte",
        f"{head}prefill,1,{'9' * 400},0,20\n".encode(): r"steps\.csv:2: new_tokens '9{40}\.\.\.' is not a finite",
        f"{head}prefill,1,512,0,1e-320\n".encode(): r"steps\.csv:2: a step of .* s is beyond any engine",
    }.items():
        path.write_bytes(content)
        with pytest.raises(InputError, match=says):
            formats.read(path, "plain", {})
    path.write_text("model,test,t/s\nm,pp512,1e3\nm,pp99999999999999,1.5\n")
    with pytest.raises(InputError, match=r"a step of 1e\+14 tokens \(prefill\) is beyond any engine; .* another unit"):
        formats.read(path, "llama-bench", {})


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("memory.csv", ",16059990016", "", r"memory\.csv:2: weights_bytes_per_gpu is empty; is the file cut"),
        ("memory.csv", "432992", "many", r"memory\.csv:2: kv_capacity_tokens 'many' is not a number"),
        ("decode.csv", "\n", "\nh100_sxm,some/Mod\n", r"decode\.csv:2: dtype is empty; is the file cut"),
        ("decode.csv", "0,1,1,8", "0,one,1,8", r"decode\.csv:3: tp 'one' is not a number"),
        ("prefill.csv", ",39.5", ",fast", r"prefill\.csv:3: latency_ms 'fast' is not a number"),
    ],
)
def test_a_damaged_row_is_no_configuration(file: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    """Nor is it passed over: what is listed of a folder can be read."""
    folder = sample("aiconfigurator", tmp_path)
    known = formats.recognise(folder)
    assert len(formats.configurations(folder, known, {})) == 1
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    for call in (formats.configurations, lambda path, known, key: known.read(path, key)):
        with pytest.raises(InputError, match=says):
            call(folder, known, {})
