"""Fixtures that several areas share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).resolve().parents[1]

# The same examples each time, so that a test that passed passes. HYPOTHESIS_PROFILE=long looks at new ones, many more,
# and makes what fails smaller, which can take minutes.
_common = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("quick", **_common, derandomize=True, phases=(Phase.explicit, Phase.generate))
settings.register_profile("long", **_common, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of raw measured data; tests that need it are skipped, and say so, where it is absent."""
    folder = Path(os.environ.get("PAASIM_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(
            f"raw data not found at {folder}: set PAASIM_DATA to the folder that holds profiles/, traces/, edge/"
        )
    os.environ["PAASIM_DATA"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def _as_wide_as_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables as in a pipe of no stated width, whoever runs the tests (pytest-xdist sets 80 columns)."""
    monkeypatch.delenv("COLUMNS", raising=False)
