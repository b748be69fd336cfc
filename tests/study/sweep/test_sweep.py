"""Sweeps in one process: the table, the folder, shards, failures, and the public call."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

import paasim
from paasim.core.errors import InputError
from paasim.report.sweep import answer, table
from paasim.study.store import Store
from paasim.study.sweep import folder
from paasim.study.sweep.asked import Asked, named, of_options, read
from paasim.study.sweep.forecast import forecast
from paasim.study.sweep.points import candidates
from paasim.study.sweep.result import Sweep, sweep_schema
from paasim.study.sweep.sweep import Part, Shard, work_out
from paasim.study.sweep.table import csv_bytes
from tests.study.scene import LINK, tiny

ROUTES = "router.route=paas,local"


def asked_of(tmp_path: Path, *vary: str) -> Asked:
    return of_options(tiny(tmp_path), vary or [f"{LINK}=1 Gbps,10 Gbps", ROUTES])


def done(asked: Asked, store: Store | None = None, shard: Shard | None = None) -> Sweep | Part:
    return work_out(asked, candidates(asked.study, asked.scenario, asked.places), store=store, shard=shard, jobs=1)


def test_a_row_is_what_simulating_the_point_gives(tmp_path: Path) -> None:
    sweep = done(asked_of(tmp_path))
    assert isinstance(sweep, Sweep)
    found = sweep.table
    assert list(found[LINK]) == ["1 Gbps"] * 2 + ["10 Gbps"] * 2
    assert list(found[f"{LINK} [bps]"]) == [1e9] * 2 + [1e10] * 2
    assert list(found["router.route"]) == ["paas", "local"] * 2
    assert (found["status"] == "done").all()
    for i, (link, route) in enumerate([("1 Gbps", "paas"), ("10 Gbps", "local")]):
        alone = paasim.simulate(paasim.load(tmp_path / "tiny.yaml", [f"{LINK}={link}", f"router.route={route}"]))
        (variant,) = alone.variants.values()
        row = found.iloc[3 * i]
        assert row["ttft_mean_ms"] == pytest.approx(variant.metrics["ttft"].mean * 1e3, rel=1e-11)
        assert row["ttft_p99_ms"] == pytest.approx(variant.metrics["ttft"].p99 * 1e3, rel=1e-11)
        assert variant.metrics["ttft"].ci95.mean is not None or pd.isna(row["ttft_mean_ci95_low_ms"])
        assert row["slo_attainment"] == variant.throughput.slo_attainment
        assert row["bottleneck"] == variant.bottleneck
        parts = sum(
            row[name] for name in found.columns if name.startswith("ttft_") and name[5:-3] in variant.ttft_parts
        )
        assert parts == pytest.approx(row["ttft_mean_ms"])


def test_the_table_is_read_back_as_it_is(tmp_path: Path) -> None:
    sweep = done(asked_of(tmp_path))
    assert isinstance(sweep, Sweep)
    text = csv_bytes(sweep.columns).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["ttft_mean_ms"]) for row in rows] == sweep.columns["ttft_mean_ms"]
    back = pd.read_csv(io.StringIO(text))
    assert list(back.columns) == list(sweep.table.columns)
    assert list(back["steady_state"]) == sweep.columns["steady_state"]


def test_a_folder_holds_the_sweep_and_runs_again(tmp_path: Path) -> None:
    asked, place = asked_of(tmp_path / "here"), tmp_path / "kept"
    folder.keep_study(asked, place)
    sweep = done(asked, Store(place / "store"))
    assert isinstance(sweep, Sweep)
    folder.write(sweep, place, ["paasim", "sweep"])
    assert {file.name for file in place.iterdir()} >= {"table.csv", "study.yaml", "manifest.json", "store"}
    assert not (place / "failures.json").exists()
    again = read(str(place))
    assert isinstance(again, Asked)
    assert again.home == place
    made = candidates(again.study, again.scenario, again.places)
    foretold = forecast(made, Store(place / "store"), 2)
    assert (foretold.points, foretold.cached, foretold.seconds) == (4, 4, 0)
    assert (place / "study.yaml").read_text() == folder.study_text(again, place)


def test_parquet_holds_the_same_table(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    mixed = asked_of(
        tmp_path, "run.requests=30,null; run.duration=null,20 s", "router={kind: fixed, route: paas},{route: local}"
    )
    sweep = done(mixed)
    assert isinstance(sweep, Sweep)
    folder.write(sweep, tmp_path / "kept")
    back = pd.read_parquet(tmp_path / "kept" / "table.parquet")
    assert list(back["ttft_mean_ms"]) == sweep.columns["ttft_mean_ms"]
    assert list(back["router"]) == ['{"kind": "fixed", "route": "paas"}', '{"route": "local"}'] * 2


def test_shards_do_all_points_once_and_the_last_has_the_table(tmp_path: Path) -> None:
    asked = asked_of(tmp_path, f"{LINK}=1 Gbps,2 Gbps,3 Gbps,4 Gbps,5 Gbps")
    whole = done(asked)
    assert isinstance(whole, Sweep)
    store = Store(tmp_path / "shared")
    parts = [done(asked, store, Shard(i, 3)) for i in (1, 2)]
    assert [(len(part.rows), part.missing) for part in parts if isinstance(part, Part)] == [(2, 3), (2, 1)]
    last = done(asked, store, Shard(3, 3))
    assert isinstance(last, Sweep)
    assert csv_bytes(last.columns) == csv_bytes(whole.columns)
    assert len((tmp_path / "shared" / "times.jsonl").read_text().splitlines()) == 5


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a part of a whole"):
        Shard.parse(text)


def test_failed_points_are_in_the_table_and_named(tmp_path: Path) -> None:
    sweep = done(asked_of(tmp_path, "run.requests=30,null", "run.duration=null,10 s"))
    assert isinstance(sweep, Sweep)
    assert [row.status for row in sweep.rows] == ["done", "failed", "failed", "done"]
    assert "2 points failed: requests 30, duration 10 s and requests null, duration null." in answer(sweep)
    assert "has both 'duration' and 'requests'" in sweep.columns["reason"][1]
    assert sweep.columns["ttft_mean_ms"][1] is None
    folder.write(sweep, tmp_path / "kept")
    failures = json.loads((tmp_path / "kept" / "failures.json").read_text())
    assert [each["values"] for each in failures] == [sweep.rows[1].setting.values, sweep.rows[2].setting.values]


def test_the_document_agrees_with_its_schema(tmp_path: Path) -> None:
    sweep = done(asked_of(tmp_path, "run.requests=30,null", "run.duration=null,10 s"))
    assert isinstance(sweep, Sweep)
    jsonschema.validate(json.loads(sweep.to_json()), sweep_schema())


def test_what_is_changed_is_all_that_is_done_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    done(asked_of(tmp_path, f"{LINK}=1 Gbps,2 Gbps"), store)
    asked = asked_of(tmp_path, f"{LINK}=2 Gbps,3 Gbps")
    foretold = forecast(candidates(asked.study, asked.scenario, {}), store, 4)
    assert (foretold.points, foretold.cached, foretold.replications, foretold.workers) == (2, 1, 2, 2)
    assert foretold.source == "what earlier points of this store took"


def test_a_pilot_foretells_what_nothing_is_known_of(tmp_path: Path) -> None:
    asked = asked_of(tmp_path, "run.requests=2000,null; run.duration=null,20 min")
    foretold = forecast(candidates(asked.study, asked.scenario, {}), None, 1)
    assert foretold.source.startswith("a pilot of ")
    assert foretold.seconds is not None
    assert 0 < foretold.seconds < 60


def test_the_terminal_shows_the_best_and_the_worst_of_many(tmp_path: Path) -> None:
    few = done(named(tiny(tmp_path), "links"))
    assert isinstance(few, Sweep)
    assert table(few).row_count == 8
    many = done(asked_of(tmp_path, "run.requests=10", "run.seed=lin(1, 30, 30)"))
    assert isinstance(many, Sweep)
    assert table(many).row_count == 16
    assert answer(many).startswith("Over 30 points, mean TTFT is lowest, ")


def test_the_public_call(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    found = paasim.sweep(scenario, {LINK: "1 Gbps, 10 Gbps"}, variants=["base", "alone"], folder=tmp_path / "store")
    assert list(found.table["variant"]) == ["base", "base", "alone", "alone"]
    assert not found.failures
    studied = paasim.sweep(scenario, study="links", replications=2)
    assert len(studied.rows) == 8
    zipped = paasim.sweep(scenario, zip=[{"run.seed": [1, 2], LINK: ["1 Gbps", "2 Gbps"]}], replications=1)
    assert [row.label for row in zipped.rows] == ["seed 1, bandwidth 1 Gbps", "seed 2, bandwidth 2 Gbps"]
    with pytest.raises(InputError, match="varies nothing"):
        paasim.sweep(scenario)
