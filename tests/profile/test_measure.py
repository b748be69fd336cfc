"""Measuring an engine from outside. What depends on the clock here cannot fail for being late; how near the result
comes is measured by `benchmarks/measure.py`, which needs a quiet machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from paasim.cli import app as cli
from paasim.cli.profile import app
from paasim.core.errors import InputError
from paasim.profile import load
from paasim.profile.measure import Grid, Measurement, together
from paasim.profile.measure.client import Reply
from paasim.profile.measure.endpoint import Endpoint
from paasim.profile.measure.grid import Decode, Prefill
from paasim.profile.measure.run import prefix_was_cached
from paasim.profile.measure.samples import Samples, kept, table
from paasim.profile.table import read
from tests.profile.standin import Law, Manner, standin

SMALL = ["--prompts", "16,64,128", "--contexts", "32,128", "--concurrency", "1,3", "--tokens", "12"]
QUICK = [*SMALL, "--repeats", "1", "--warmup", "0"]


def _measure(url: str, *arguments: str) -> Any:
    result = CliRunner().invoke(app, ["measure", url, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def _streams(steps: list[list[float]], prompt: int = 100) -> list[Reply]:
    return [Reply(stamps=stamps, prompt=prompt, tokens=len(stamps)) for stamps in steps]


def test_window_is_where_all_decode() -> None:
    """Alone a step takes 1 s, together 2 s: only the second counts, at the context that streams then have."""
    first = [1.0 * i for i in range(11)] + [10.0 + 2 * i for i in range(1, 21)]
    second = [10.0 + 2 * i for i in range(30)]
    seen = together.window(_streams([first, second]))
    assert seen is not None
    assert seen.gap == pytest.approx(2.0)
    # The window holds tokens 10 to 30 of the first, less one; and 0 to 20 of the second, less one.
    assert seen.context == pytest.approx(100 + ((11 + 30 + 1) / 2 + (1 + 20 + 1) / 2) / 2)


def test_a_stall_does_not_count() -> None:
    stamps = [0.1 * i + (5.0 if i > 20 else 0.0) for i in range(50)]
    seen = together.window(_streams([stamps]))
    assert seen is not None
    assert seen.gap == pytest.approx(0.1)


def test_several_tokens_in_a_part() -> None:
    reply = Reply(stamps=[0.3 * i for i in range(21)], prompt=10, tokens=63)
    seen = together.window([reply])
    assert seen is not None
    assert (seen.gap, seen.per_part) == (pytest.approx(0.1), pytest.approx(3.0))


def test_streams_one_after_the_other_are_no_window() -> None:
    replies = _streams([[0.1 * i for i in range(10)], [2 + 0.1 * i for i in range(10)]])
    assert together.window(replies) is None
    assert together.most_at_once(replies) == 1


def test_outliers_and_overhead() -> None:
    assert kept([1.0, 1.01, 0.99, 1.0, 7.0]) == [1.0, 1.01, 0.99, 1.0]
    assert kept([1.0, 7.0]) == [1.0, 7.0]
    assert kept([1.0, 1.0, 1.0, 1.0000001]) == [1.0, 1.0, 1.0, 1.0000001]
    found = {Prefill(100, 0): Samples(), Prefill(1, 0): Samples(), Decode(2, 100): Samples()}
    for seconds in (0.110, 0.111, 0.109, 0.9, 0.110):
        found[Prefill(100, 0)].add(seconds, 101, 0)
    found[Prefill(1, 0)].add(0.005, 1, 0)
    found[Decode(2, 100)].add(0.02, 1, 110.5)
    rows = table(found, overhead=0.01).rows
    assert [row.phase for row in rows] == ["prefill", "decode"]  # what takes no longer than the overhead says nothing
    assert rows[0].latency == pytest.approx(0.1)
    assert (rows[0].new_tokens, rows[0].n) == (101, 4)
    assert (rows[1].batch, rows[1].context_tokens, rows[1].latency, rows[1].std) == (2, 110.5, 0.02, None)


@pytest.mark.parametrize(
    ("ttft", "cached", "hit"),
    [(0.3, None, True), (1.3, None, False), (9.0, 100, True), (0.1, 0, False)],
    ids=["quick", "slow", "said so", "said not"],
)
def test_prefix_was_cached(ttft: float, cached: int | None, hit: bool) -> None:
    """A prefix of 100 tokens took 1 s; with 30 more it takes 0.3 s if it was cached, else 1.3 s."""
    before = Reply(stamps=[1.0], prompt=100)
    assert prefix_was_cached(before, Reply(stamps=[ttft], prompt=130, cached=cached)) is hit


def test_grid() -> None:
    grid = Grid(prefixes=(0, 4000), contexts=(128, 8000), concurrency=(1, 2))
    points, left_out = grid.points(8192)
    assert {Prefill(4096, 4000), Decode(2, 128), Decode(1, 8000)} <= set(points)
    assert left_out == []
    assert grid.points(8100)[1] == [Decode(1, 8000), Decode(2, 8000)]  # the answer needs room, too
    with pytest.raises(InputError, match=r"--tokens: 2 is too few(.|\n)*--prompts: a fit needs three lengths"):
        Grid(prompts=(1, 2), tokens=2)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("http://h/v1/", "http://h:80"),
        ("https://h:1/x/v1", "https://h:1/x"),
        ("[::1]:9", "http://[::1]:9"),
    ],
)
def test_url(url: str, shown: str) -> None:
    assert str(Endpoint.parse(url)) == shown


@pytest.mark.parametrize("url", ["ftp://h", "http://", "http://u:p@h", "http://h?x=1", "http://h:x"])
def test_bad_url(url: str) -> None:
    with pytest.raises(InputError):
        Endpoint.parse(url)


def test_a_profile_comes_out(tmp_path: Path) -> None:
    """Counts are the server's, and steps take no less than they do: a stand-in can be late, but not early."""
    law, out = Law((10e-3, 1e-4, 0.0), (5e-3, 1e-3, 1e-5)), tmp_path / "own.yaml"
    with standin(law) as url:
        document = json.loads(
            _measure(
                url, *SMALL, "--tokens", "32", "--prefixes", "0,64", "--repeats", "2", "-o", str(out), "--json"
            ).stdout
        )
    assert document["left_out"] == {}
    profile, rows = load(str(out)), read(out.with_suffix(".csv")).rows
    assert (profile.spec.engine, profile.spec.version, profile.spec.model) == ("vllm", "1.2.3", "toy")
    assert (profile.spec.provenance, profile.spec.limits.max_context) == ("measured", 8192)
    assert "not published" in profile.spec.source
    assert str(url) not in out.read_text()
    prefills = [(r.new_tokens, r.context_tokens) for r in rows if r.phase == "prefill"]
    assert prefills == [(16, 0), (64, 0), (128, 0), (32, 48), (80, 48), (144, 48)]  # the cache keeps blocks of 16
    for row in rows:
        assert row.n == 2
        if row.phase == "prefill":
            least = law.prefill_seconds(row.new_tokens, int(row.context_tokens))
            assert row.latency + document["overhead_ms"] / 1e3 > 0.98 * least
    assert [r.batch for r in rows if r.phase == "decode"] == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("manner", "path"),
    [
        (Manner(completions=False), "/v1/chat/completions"),
        (Manner(strict=True, says_cached=False), "/v1/completions"),
        (Manner(completions=False, strict=True, per_part=3), "/v1/chat/completions"),
    ],
    ids=["chat", "strict", "several tokens in a part"],
)
def test_dialects(manner: Manner, path: str, tmp_path: Path) -> None:
    with standin(manner=manner) as url:
        result = _measure(url, *QUICK, "-o", str(tmp_path / "own.yaml"))
    assert f"over {path}" in result.stderr
    assert ("at a time" in result.stderr) == (manner.per_part > 1)
    assert load(str(tmp_path / "own.yaml")).steps().decode(3, 100.0) > 0


def test_limit_of_sequences_is_found(tmp_path: Path) -> None:
    # Prompts take long, so that streams that wait for others are told apart from late ones on any machine.
    with standin(Law((60e-3, 0.0, 0.0)), Manner(slots=2)) as url:
        grid = [*SMALL, "--repeats", "2", "--warmup", "1"]
        document = json.loads(_measure(url, *grid, "-o", str(tmp_path / "own.yaml"), "--json").stdout)
    assert "only 2 of 3 streams" in document["left_out"]["decode 3 x 32"]
    assert {row["batch"] for row in document["rows"] if row["phase"] == "decode"} == {1}


def test_prefix_cache_that_is_off(tmp_path: Path) -> None:
    with standin(Law((1e-3, 2e-4, 0.0)), Manner(caches=False)) as url:
        document = json.loads(
            _measure(url, *QUICK, "--prefixes", "0,256", "-o", str(tmp_path / "a.yaml"), "--json").stdout
        )
    assert "prefix cache" in document["left_out"]["prefill 16 after 256"]
    assert all(row["context_tokens"] == 0 for row in document["rows"] if row["phase"] == "prefill")


@pytest.mark.parametrize(
    ("manner", "message"),
    [
        (Manner(key="secret"), r"HTTP 401: Invalid API key; put the API key into the environment"),
        (Manner(loaded=False), "HTTP 503: Loading model; wait until"),
        (Manner(streams=False), "does not stream"),
        (Manner(usage=False), "does not say how many tokens"),
        (Manner(models=("a", "b")), "--model: the server has 2 models; choose one of a, b"),
        (Manner(models=()), "lists no models"),
    ],
    ids=["key", "not loaded", "no stream", "no usage", "two models", "no models"],
)
def test_servers_that_cannot_be_measured(
    manner: Manner, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with standin(manner=manner) as url, pytest.raises(InputError, match=message):
        _measure(url, *QUICK, "-o", str(tmp_path / "own.yaml"))
    assert not list(tmp_path.iterdir())


def test_model_that_ends_its_answers(tmp_path: Path) -> None:
    with standin(manner=Manner(stops=2)) as url:
        result = CliRunner().invoke(app, ["measure", url, *QUICK, "-o", str(tmp_path / "own.yaml"), "--json"])
    assert "ended its answer after 2 of 12 tokens" in result.stderr
    assert {row["phase"] for row in json.loads(result.stdout)["rows"]} == {"prefill"}


def test_key_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    with standin(manner=Manner(key="s3cret")) as url:
        result = _measure(url, *QUICK, "--api-key-env", "MY_KEY", "-o", str(tmp_path / "own.yaml"))
    assert "s3cret" not in result.output + (tmp_path / "own.yaml").read_text()
    assert "s3cret" not in repr(Endpoint.parse("h", "s3cret"))
    with pytest.raises(InputError, match="no variable 'NO_SUCH_KEY'"):
        _measure("h", *QUICK, "--api-key-env", "NO_SUCH_KEY", "-o", str(tmp_path / "own.yaml"))


def test_nobody_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with standin() as url:
        pass
    assert cli.run(["profile", "measure", url, "-o", str(tmp_path / "own.yaml")]) == 2
    assert "cannot be reached" in capsys.readouterr().err


def test_server_that_dies_leaves_what_was_measured(tmp_path: Path) -> None:
    out = tmp_path / "own.yaml"
    with standin(manner=Manner(dies_after=9)) as url, pytest.raises(InputError, match="the connection broke"):
        _measure(url, *QUICK, "-o", str(out))
    assert {row.phase for row in read(out.with_suffix(".csv")).rows} == {"prefill"}


def test_interrupt_keeps_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = Measurement._measure

    def stopped(self: Measurement, point: Any, counts: bool, until: float) -> None:
        if point == Decode(3, 32):
            raise KeyboardInterrupt
        real(self, point, counts, until)

    monkeypatch.setattr(Measurement, "_measure", stopped)
    out = tmp_path / "own.yaml"
    with standin() as url:
        assert cli.run(["profile", "measure", url, *QUICK, "-o", str(out)]) == 130
    assert [row.batch for row in read(out.with_suffix(".csv")).rows if row.phase == "decode"] == [1, 1]
    assert "interrupted" in capsys.readouterr().err


def test_dry_run_and_no_time(tmp_path: Path) -> None:
    with standin() as url:
        plan = json.loads(_measure(url, *QUICK, "--dry-run", "--json").stdout)
        assert plan["points"][:2] == ["shortest", "prefill 16"]
        assert plan["seconds"] >= 0
        with pytest.raises(InputError, match="nothing was measured"):
            _measure(url, *QUICK, "--time-limit", "1 us", "-o", str(tmp_path / "own.yaml"))
        with pytest.raises(InputError, match="--prompts: '1,x' is not a list of whole numbers"):
            _measure(url, "--prompts", "1,x", "--dry-run")
        with pytest.raises(InputError, match="where to write"):
            _measure(url)
