"""What a point's outcome depends on, as one hash: the same hash, the same outcome, wherever files lie.

It covers the scenario with every default filled in, but for what names and presents it; the content of every profile
and file that it names; which replications; and this version of paasim, its code and its bundled data.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.core.paths import bundled, expand
from paasim.results.manifest import version
from paasim.scenario import lookup
from paasim.study.point import Point

ASIDE = ("name", "question", "variants", "studies", "plan")
"""Blocks of a scenario that no outcome depends on."""
LONGEST_PATH = 500
CODE = ("core", "engine", "kv", "link", "metrics", "model", "profile", "results", "router", "scenario", "workload")
"""Packages that an outcome depends on; with `simulate.py`, `study/point.py` and `study/execute/units.py`."""
DATA = ("calibrations", "models", "networks", "workloads")
"""Bundled data that scenarios name, but for profiles, which count only where they are named."""


def question(point: Point) -> str:
    """The hash of a point without the version of paasim: what is asked, not who answers."""
    scenario = point.scenario
    data = {key: value for key, value in scenario.expanded().items() if key not in ASIDE}
    data["run"] = {key: value for key, value in data["run"].items() if key != "replications"}
    asked = {"scenario": _by_content(data, scenario.base), "first": point.first, "count": point.count}
    if point.limits:
        asked["limits"] = point.limits
    return _hash(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode())


def key(point: Point) -> str:
    """The hash that a point's outcome is kept under: 64 hexadecimal digits."""
    return sealed(question(point))


def sealed(question: str) -> str:
    """The key of a point from the hash of what it asks."""
    return _hash(f"{question} {edition()}".encode())


@functools.cache
def edition() -> str:
    """This version of paasim, with a hash of its code and bundled data: a checkout may differ from what it says."""
    package = Path(__file__).resolve().parents[1]
    files = [package / "simulate.py", package / "study" / "point.py", package / "study" / "execute" / "units.py"]
    files += [file for folder in CODE for file in sorted((package / folder).rglob("*.py"))]
    code = _hash_files(files, package)
    root = bundled("profiles")
    data = _hash_files((file for folder in DATA for file in sorted((root / folder).rglob("*.*"))), root)
    return f"{version()}+{code[:12]}.{data[:12]}"


def _by_content(node: Any, base: Path | None, name: str = "") -> Any:
    """The data with files in place of their names: of profiles what defines them, of others their bytes."""
    if isinstance(node, Mapping):
        plain = () if "tp" in node else ("between",)  # which names two profiles, or else two sites
        return {key: _by_content(value, base, "" if key in plain else key) for key, value in node.items()}
    if isinstance(node, list):
        return [_by_content(value, base, name) for value in node]
    if not isinstance(node, str):
        return node
    if name in ("profile", "between"):
        return _profile(node, base)
    file = _file(node, base, is_path=name == "path")
    return node if file is None else {"file": _file_hash(file, *_stamp(file))}


def _profile(name: str, base: Path | None) -> Any:
    try:
        profile = lookup.profile(name, base)
    except InputError:  # the simulation will say what is wrong
        return name
    stamp = _stamp(profile.path) if profile.path is not None else None
    return {"profile": _digest(profile, stamp)}


@functools.lru_cache(maxsize=256)
def _digest(profile: Any, stamp: tuple[int, int] | None) -> str:
    return str(profile.digest())


def _file(text: str, base: Path | None, *, is_path: bool) -> Path | None:
    """The file that a text names; None if it names none. Where no path is asked for, a bare word is none."""
    if len(text) > LONGEST_PATH or not (is_path or "/" in text or "." in text):
        return None
    try:
        path = expand(text, base)
        return path if path.is_file() else None
    except (InputError, OSError, ValueError, RuntimeError):
        return None


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=1024)
def _file_hash(file: Path, changed: int, size: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_files(files: Iterable[Path], root: Path) -> str:
    """One hash of the names and contents of files."""
    state = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        state.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
        state.update(content)
    return state.hexdigest()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
