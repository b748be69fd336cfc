"""Fixtures that several areas share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
