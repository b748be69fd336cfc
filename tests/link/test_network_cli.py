"""`paasim network`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from paasim.cli.network import app
from paasim.core.errors import InputError
from paasim.link.capacity.process import ProcessCapacity
from paasim.link.network import catalogue, statistics
from paasim.link.network.spec import MBPS
from paasim.link.presets import PRESETS
from paasim.report import style
from paasim.report.figures.network import draw


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_has_every_network_and_preset() -> None:
    rows = {row["name"]: row for row in json.loads(_run("list", "--json"))}
    assert set(rows) == {*catalogue.names(), *PRESETS}
    assert rows["5g-lowband"]["down_mbps"] == pytest.approx(64.6, rel=0.01)
    assert rows["home-fibre"]["changes"] is False
    assert rows["lte-city"]["up_mbps"] is None
    text = _run("list")
    assert all(name in text for name in rows)


@pytest.mark.parametrize("name", [*catalogue.names(), "home-fibre"])
def test_show(name: str) -> None:
    text, document = _run("show", name), json.loads(_run("show", name, "--json"))
    assert document["id"] == name
    assert "https://" in text
    if name in catalogue.names():
        assert document["down"]["fit"]["traces"]["mean"] > 0
        assert "off by" in text


@pytest.mark.parametrize("name", ["lte-driving", "wan-inter-region"])
def test_figures_are_the_same_every_time(name: str, tmp_path: Path) -> None:
    _run("show", name, "-o", str(tmp_path / "a.svg"))
    found = (tmp_path / "a.svg").read_bytes()
    assert found == style.svg(draw(catalogue.load(name)))
    assert b"autocorrelation" in found
    with pytest.raises(InputError, match=r"neither \.svg nor \.png"):
        _run("show", name, "-o", str(tmp_path / "a.pdf"))


def _traces(folder: Path, law: str) -> list[str]:
    """Traces that a known process makes, one file each."""
    rows = statistics.simulated(catalogue.load(law).down.law(), 12, 300.0, seed=5)
    paths = []
    for number, row in enumerate(rows):
        path = folder / f"{law}-{number}.csv"
        path.write_text("t_s,mbps\n" + "".join(f"{t},{rate / MBPS:.3f}\n" for t, rate in enumerate(row)))
        paths.append(str(path))
    return paths


def test_fit_makes_a_network_that_a_link_can_use(tmp_path: Path) -> None:
    traces, out = _traces(tmp_path, "lte"), tmp_path / "mine.yaml"
    text = _run(
        "fit", *traces, "--up", traces[0], "-o", str(out), "--source", "https://example.org", "--licence", "MIT"
    )
    assert "off by" in text
    network = catalogue.load(str(out))
    assert (network.id, network.provenance, network.licence) == ("mine", "fitted", "MIT")
    assert network.up is not None
    assert network.down.fit is not None
    assert network.down.fit.process.mean == pytest.approx(network.down.fit.traces.mean, rel=0.1)
    curve = ProcessCapacity(network="mine.yaml", direction="up").build(_rng(), base=tmp_path)
    assert curve.carried(0.0, 60.0) > 0
    assert json.loads(_run("fit", traces[0], "-o", str(out), "--json"))["provenance"] == "estimated"


def test_fit_says_what_the_process_does_not_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A square wave has two rates and a period, which no Gaussian process has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("t_s,mbps\n" + "".join(f"{t},{1 + 50 * (t // 4 % 2)}\n" for t in range(400)))
    said = CliRunner().invoke(app, ["fit", "a.csv", "-o", "mine.yaml"], catch_exceptions=False).stderr
    assert "down: the process does not keep" in said
    assert "autocorrelation at 5 s" in said


def test_the_bundled_networks_keep_what_they_say() -> None:
    for name in catalogue.names():
        network = catalogue.load(name)
        for process in (network.down, network.up):
            if process is not None and process.fit is not None:
                assert statistics.strays(process.fit.process, process.fit.traces) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "mine.txt"], "is not a YAML file"),
        (["-o", "mine.yaml", "--step", "3"], "--step: 3 needs a unit"),
        (["-o", "mine.yaml", "--stamp", "middle"], "--stamp: Input should be 'start' or 'end'"),
        (["-o", "mine.yaml", "--select", "radio"], "is not NAME=VALUE"),
        (["-o", "mine.yaml", "--rate", "kbps"], "there is no column 'kbps'"),
        (["-o", "none/mine.yaml"], "cannot be written"),
        (["-o", "mine.yaml", "--outage-below", "9 Gbps"], "all rates are below the threshold"),
    ],
)
def test_wrong_use_of_fit_is_told(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("t_s,mbps\n" + "".join(f"{t},{1 + t % 7}\n" for t in range(60)))
    with pytest.raises(InputError) as caught:
        _run("fit", "a.csv", *options)
    assert message in str(caught.value)


def _rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(1))
