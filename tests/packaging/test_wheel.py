"""A wheel holds profiles and scenarios, and runs a bundled scenario by name wherever it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

FEW = ("--set", "run.requests=20", "--replications", "1", "--jobs", "1")


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked as an installer does, far from the checkout."""
    hatchling = pytest.importorskip("hatchling.build", reason="hatchling, which builds the wheel, is not installed")
    assert hatchling
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=root, check=True, capture_output=True)
    site = folder / "site-packages"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def paasim(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its script does, with the unpacked wheel in front of everything else."""
    code = "import sys; from paasim.cli.app import run; sys.exit(run(sys.argv[1:]))"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=False)


def test_data_is_in_the_wheel(root: Path, installed: Path) -> None:
    data = installed / "paasim" / "data"
    for folder in ("profiles", "scenarios"):
        here = {path.relative_to(root) for path in (root / folder).rglob("*.*") if path.is_file()}
        there = {path.relative_to(data) for path in (data / folder).rglob("*.*") if path.is_file()}
        assert here == there
    assert (installed / "paasim" / "py.typed").is_file()
    assert not (installed / "tests").exists()
    info = next(installed.glob("paasim-*.dist-info"))
    assert (info / "licenses" / "LICENSE").stat().st_size > 10_000
    assert "paasim = paasim.cli.app:main" in (info / "entry_points.txt").read_text()


def test_a_bundled_scenario_runs_by_name(root: Path, installed: Path) -> None:
    done = paasim(installed, "run", "quickstart", *FEW, "--json")
    assert done.returncode in (0, 3), done.stderr
    assert json.loads(done.stdout)["variants"]["base"]["requests"]["completed"] == 20
    where = paasim(installed, "run", "quickstart", "--set", "sites.cloud.pools.prefill.profile=nowhere")
    assert where.returncode == 2
    assert str(root) not in where.stderr


def test_catalogues_are_found(installed: Path) -> None:
    profiles = paasim(installed, "profile", "list", "--json")
    assert len(json.loads(profiles.stdout)) > 50
    assert "llama-3.1-8b" in paasim(installed, "model", "list").stdout
    assert "quickstart" in paasim(installed, "scenario", "list").stdout
