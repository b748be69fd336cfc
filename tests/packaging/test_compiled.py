"""The compiled inner loop (`hatch_build.py`) gives the same bytes as the sources that it is made from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paasim.core.paths import bundled
from paasim.results.manifest import is_compiled

pytestmark = pytest.mark.skipif(not is_compiled(), reason="paasim is not compiled here (.ci/run tests it so)")

TRACES = ("azure", "mooncake", "mooncake-plan")
"""Scenarios that read files which are not part of the repository."""
SCENARIOS = sorted(path.stem for path in bundled("scenarios").glob("*.yaml") if path.stem not in TRACES)
SCENARIOS.append(str(Path(__file__).with_name("meshed.yaml")))
"""And one that uses all that the mesh knows."""

PLAIN = """
import sys
from importlib.machinery import FileFinder, SourceFileLoader

find = FileFinder.path_hook((SourceFileLoader, [".py"]))

def ours(path):
    if "paasim" not in path.replace(sys.prefix, ""):
        raise ImportError(path)
    return find(path)

sys.path_hooks.insert(0, ours)
sys.path_importer_cache.clear()
"""
"""Lets the sources of the package through, not what was compiled from them."""

DIGESTS = """
import hashlib, json
import paasim
from paasim.scenario.loader import chosen
from paasim.simulate import life, simulate_once

def digest(scenario):
    records = simulate_once(scenario)
    hashed = hashlib.sha256()
    for columns in (records.requests, records.gaps, *(levels.totals for levels in records.resources)):
        for name, values in sorted(columns.items()):
            hashed.update(name.encode() + values.tobytes())
    return hashed.hexdigest()

found = {}
for name in sys.argv[1:]:
    scenario = paasim.load(name, ["run.requests=400"])
    for variant in scenario.variants or [None]:
        found[f"{name} {variant}"] = digest(chosen(scenario, variant))
print(json.dumps({"is_plain": hasattr(life, "__code__"), "digests": found}))
"""


def digests(before: str, root: Path) -> dict[str, Any]:
    """Hashes of all that the bundled scenarios record, by name and variant."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", "import sys\n" + before + DIGESTS, *SCENARIOS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_same_bytes_as_plain_python(root: Path) -> None:
    compiled, plain = digests("", root), digests(PLAIN, root)
    assert plain["is_plain"]
    assert not compiled["is_plain"]
    assert len(plain["digests"]) > len(SCENARIOS) > 5
    assert compiled["digests"] == plain["digests"]
