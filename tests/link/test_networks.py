"""Fitted processes keep the statistics of the traces, of the files, and of a process that is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.link.access import PRESETS
from paasim.link.network import catalogue, recipes, statistics
from paasim.link.network.fit import fit
from paasim.link.network.law import Law, Outages, Part
from paasim.link.network.spec import MBPS, ProcessSpec, stored
from paasim.link.network.statistics import Statistics
from tests.link import fitted, regenerate

DRAWS, SECONDS, SEED = 2000, 100.0, 7
"""Another seed than that of the statistics in the files."""
DIRECTIONS = [
    (name, way)
    for name in catalogue.names()
    for way in ("down", "up")
    if getattr(catalogue.load(name), way) is not None
]


def near(found: Statistics, wanted: Statistics) -> None:
    """Mean within 5 %, quantiles within 15 %, autocorrelation within 0.1, outages within 25 %."""
    assert found.mean == pytest.approx(wanted.mean, rel=0.05)
    for name in ("p10", "p50", "p90"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=0.15), name
    for name in ("acf1", "acf5", "acf10"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, abs=0.1), name
    assert found.outage_share == pytest.approx(wanted.outage_share, rel=0.25)
    assert (found.outage_length or 0.0) == pytest.approx(wanted.outage_length or 0.0, rel=0.25)


def simulated(process: ProcessSpec) -> Statistics:
    rows = statistics.simulated(process.law(), DRAWS, SECONDS, SEED)
    return statistics.of(rows, process.outage_below * MBPS, changes=process.step is not None)


@pytest.fixture(scope="module")
def recipe(root: Path) -> dict[str, recipes.Recipe]:
    found = recipes.read(root / "profiles" / "networks" / "recipes" / "measured.yaml")
    return {each.header["id"]: each for each in found}


@pytest.mark.parametrize(("name", "way"), DIRECTIONS)
def test_processes_keep_the_statistics_of_the_raw_traces(
    name: str, way: str, recipe: dict[str, recipes.Recipe], shared_data: Path
) -> None:
    process: ProcessSpec = getattr(catalogue.load(name), way)
    part: recipes.Part = getattr(recipe[name], way)
    raw = statistics.of(recipes.rows(part, shared_data), part.outage_below / 8, changes=part.steady is None)
    assert process.fit is not None
    assert process.fit.traces == raw
    near(simulated(process), raw)
    near(process.fit.process, raw)


def test_files_are_what_their_recipes_make(shared_data: Path) -> None:
    """A part of them; `python -m tests.link.regenerate` compares all."""
    assert list(regenerate.differences(shared_data, "fcc")) == []
    assert list(regenerate.differences(shared_data, "wan")) == []


@pytest.mark.parametrize("name", catalogue.names())
def test_every_network_names_its_source_and_licence(name: str) -> None:
    network = catalogue.load(name)
    assert network.id == name
    assert network.provenance == "fitted"
    assert "https://" in network.source
    assert network.licence
    assert network.note
    assert catalogue.written(network) == (catalogue.bundled("profiles") / "networks" / f"{name}.yaml").read_text()


def test_presets_say_what_their_networks_say() -> None:
    for name, preset in PRESETS.items():
        for rate, network, way in ((preset.down, preset.process, "down"), (preset.up, preset.up_process, "up")):
            if network:
                found = catalogue.load(network)
                process = found.down if way == "down" or found.up is None else found.up
                assert process.law().mean * 8 == pytest.approx(rate, rel=0.02), (name, way)
    trips = catalogue.load("5g-lowband").round_trips
    assert trips is not None
    preset = PRESETS["5g-lowband"]
    assert preset.rtt == trips.p10
    for quantile, delay in preset.jitter.items():
        beyond = (getattr(trips, quantile) - trips.p10) / 2
        assert float(delay.removesuffix(" ms")) / 1e3 == pytest.approx(beyond, abs=1e-4)
    wan = catalogue.load("wan-inter-region").round_trips
    assert wan is not None
    assert PRESETS["wan-inter-region"].rtt == wan.p50


# A process that is known.

KNOWN = Law(
    step=1.0,
    grid=(0.0, 0.25, 0.5, 0.75, 1.0),
    rates=(1e6, 2e6, 4e6, 8e6, 16e6),
    parts=(Part(3.0, 0.3, 1), Part(8.0, 0.7, 2)),
    outages=Outages((10.0, 40.0, 100.0), (2.0, 5.5)),
    low=(0.0, 0.0, 0.0, 1e3, 2e3),
)


@pytest.mark.parametrize("order", [1, 2])
def test_parts_have_the_correlation_of_their_formula(order: int) -> None:
    part = Part(4.0, 1.0, order)
    rng = np.random.Generator(np.random.PCG64(3))
    begin = np.array([part.begin(rng, 1.0) for _ in range(20_000)])
    assert begin.std(axis=0) == pytest.approx([1.0, 1.0], abs=0.02)
    _, values = part.run(tuple(begin[0]), rng.standard_normal(300_000).tolist(), 1.0)
    lags = np.array([1.0, 3.0, 8.0])
    found = statistics.autocorrelation([np.array(values)], [1, 3, 8])
    assert np.std(values) == pytest.approx(1.0, abs=0.02)
    assert found == pytest.approx(part.correlation(lags, 1.0), abs=0.02)
    if order == 2:  # begun as it goes on: the correlation of x and y does not drift
        assert np.corrcoef(begin.T)[0, 1] == pytest.approx(1 / np.sqrt(1 + np.exp(-0.5)), abs=0.02)


def test_outages_begin_as_if_they_had_gone_on_for_ever() -> None:
    outages = KNOWN.outages
    assert outages is not None
    assert outages.share == pytest.approx(3.75 / 53.75)
    first = []
    for seed in range(4000):
        turns = outages.turns(np.random.Generator(np.random.PCG64(seed)))
        states: list[bool] = []
        while len(states) < 60:
            is_out, steps = next(turns)
            states += [is_out] * steps
        first.append(states[:60])
    shares = np.mean(first, axis=0)
    assert shares == pytest.approx(outages.share, abs=0.017)  # four standard errors, at each of 60 moments
    assert shares.mean() == pytest.approx(outages.share, abs=0.004)


def test_a_known_process_is_found_again() -> None:
    rows = statistics.simulated(KNOWN, 300, 400.0)
    found = fit(rows, 1.0, 1e4)
    made = statistics.simulated(found, 1500, 100.0, seed=2)
    near(statistics.of(made, 1e4), statistics.of(rows, 1e4))
    lags = range(1, 31)
    assert statistics.autocorrelation(made, lags) == pytest.approx(statistics.autocorrelation(rows, lags), abs=0.06)
    assert found.mean == pytest.approx(KNOWN.mean, rel=0.03)


def test_a_level_stays() -> None:
    level = Law(5.0, (0.0, 0.5, 1.0), (1e5, 1e6, 4e6), 0.8, (Part(5.0, 0.2, 1),))
    rows = statistics.simulated(level, 400, 300.0)
    found = fit([row[::5] for row in rows], 5.0, 1.0, level=True)
    assert found.level == pytest.approx(0.8, abs=0.05)
    steady = fit([np.linspace(1e6, 2e6, 100)], np.inf, 0.0)
    assert (steady.level, steady.parts) == (1.0, ())
    assert len(list(steady.pieces(np.random.Generator(np.random.PCG64(1))))) == 1


def test_stored_and_read_again() -> None:
    again = stored(KNOWN, 1e4, None).law()
    assert again.rates == pytest.approx(KNOWN.rates)
    assert (again.parts, again.outages, again.step) == (KNOWN.parts, KNOWN.outages, KNOWN.step)


def test_statistics_are_those_of_their_definition() -> None:
    rows = [np.array([0.0, 0.0, 1e6, 0.0, 2e6]), np.array([0.0, 3e6])]
    found = statistics.of(rows, 1.0)
    assert (found.traces, found.seconds) == (2, 7.0)
    assert found.mean == pytest.approx(8e-6 * 6e6 / 7, rel=1e-3)
    assert found.outage_share == pytest.approx(4 / 7, rel=1e-3)
    assert found.outage_length == pytest.approx(4 / 3, rel=1e-3)
    values = np.concatenate(rows)
    centred = [row - values.mean() for row in rows]
    pairs = [*(centred[0][:-1] * centred[0][1:]), *(centred[1][:-1] * centred[1][1:])]
    assert found.acf1 == pytest.approx(np.mean(pairs) / values.var(), rel=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("level: 0", "level: 2", "down.level: Input should be less than or equal to 1"),
        ("mbps: [1, 2]", "mbps: [2, 1]", "down: 'mbps' needs a rate of zero or more"),
        ("mbps: [1, 2]", "mbps: [0, 0]", "down: 'mbps' is zero throughout"),
        ("[0, 1]", "[0, 0.9]", "down: 'probabilities' must rise from 0 to 1"),
        ("share: 1", "share: 0.5", "down: 'level' and the shares of 'parts' must add up to 1"),
        ("  step: 1 s\n", "", "down: a rate that changes needs 'step'"),
        ("id: x", "name: x", "x.yaml:1: id: Field required"),
        ("  step: 1 s", "  step: 1", "x.yaml:3: down.step: 1 needs a unit"),
        ("id: x", "provenance: fitted\nid: x", "'fitted' needs a 'source'"),
        ("id: x", "id: [x", "is not YAML"),
        ("id: x\n", "", "Field required"),
    ],
)
def test_wrong_files_are_told_with_their_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = "id: x\ndown:\n  step: 1 s\n  probabilities: [0, 1]\n  mbps: [1, 2]\n  level: 0\n  "
    text += "parts: [{time: 1 s, share: 1}]\n"
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert catalogue.load(str(path)).down.mean > 0
    catalogue.read.cache_clear()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        catalogue.load("x.yaml", tmp_path)
    assert message in str(caught.value)


def test_too_little_to_fit_to() -> None:
    with pytest.raises(InputError, match="has 3 steps with a rate"):
        fit([np.ones(3)], 1.0, 0.0)
    with pytest.raises(InputError, match="not all zero"):
        fit([np.zeros(99)], 1.0, 1.0)
    with pytest.raises(InputError, match="below the threshold"):
        fit([np.ones(99)], 1.0, 2.0)
    with pytest.raises(InputError, match="network 'lta' is unknown; did you mean 'lte'"):
        catalogue.load("lta")


def test_the_page_shows_the_shipped_networks() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "fidelity.md").read_text(encoding="utf-8")
    for row in fitted.rows():
        assert row in page, "run: python -m tests.link.fitted"
