"""The result folder: `result.json`, the requests, the scenario to run again, the manifest, and figures.

Every file is written beside its place and then moved there, so that no reader sees half of one; `result.json` comes
last, so a folder that has it is complete. All but the manifest are the same bytes for the same seed.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from paasim.core.errors import InputError
from paasim.results.manifest import manifest
from paasim.results.result import Result

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path("results")
DOCUMENT, SCENARIO, MANIFEST = "result.json", "scenario.yaml", "manifest.json"
CSV, PARQUET = "requests.csv.gz", "requests.parquet"
MOST_CSV_ROWS = 300_000
"""Beyond this many requests Parquet is written where pyarrow is installed: text takes tens of seconds."""
CHUNK = 50_000
"""Rows that are turned into text at a time."""


def default_folder(name: str, variant: str | None = None) -> Path:
    """Where a result goes if the user does not say: `results/<scenario name>`, with `-<variant>` for one variant."""
    words = name if variant is None else f"{name} {variant}"
    return ROOT / (re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "result")


def write(
    result: Result,
    folder: Path,
    base: Path | None = None,
    command: Sequence[str] = (),
    figures: Mapping[str, bytes] | None = None,
) -> None:
    """Write a result folder, over an earlier result in it.

    Args:
        result: with its requests.
        folder: made if need be.
        base: folder that relative paths in the scenario start from.
        command: the command line, for the manifest.
        figures: file name -> content.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (DOCUMENT, CSV, PARQUET):
            (folder / name).unlink(missing_ok=True)
        name, content = _requests(result.requests)
        _replace(folder / name, content)
        _replace(folder / SCENARIO, scenario_text(result.document.scenario, base, folder).encode())
        text = json.dumps(manifest(result.document.scenario, base, command), indent=2, ensure_ascii=False)
        _replace(folder / MANIFEST, f"{text}\n".encode())
        for name, content in (figures or {}).items():
            _replace(folder / name, content)
        _replace(folder / DOCUMENT, result.to_json().encode())
    except OSError as error:
        raise InputError.one(str(folder), f"cannot be written: {error.strerror}", "choose another folder: -o") from None


def keep(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files into a folder, each whole or not at all.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            _replace(folder / name, text.encode())
    except OSError as error:
        raise InputError.one(str(folder), f"cannot be written: {error.strerror}", "choose another folder: -o") from None


def read(folder: Path) -> Result:
    """Read a result folder; the requests are read when they are first used.

    Raises:
        InputError: if there is no complete result in the folder, or it is not of this version.
    """
    file = folder / DOCUMENT
    try:
        bare = Result.from_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.one(str(file), "there is no such file", "a finished run has one; run it again") from None
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError.one(str(file), what, "it is not a result of this version of paasim; run it again") from None
    return Result(bare.document, read_requests=lambda: _read_requests(folder))


def scenario_text(scenario: Mapping[str, Any], base: Path | None, folder: Path) -> str:
    """The expanded scenario as YAML that runs again from `folder`: relative paths are made to start there."""
    from paasim.scenario.yaml import dump

    moved = _moved(scenario, base or Path(), folder)
    return dump(moved)


def _moved(node: Any, base: Path, folder: Path) -> Any:
    """Relative paths of files that exist, seen from another folder."""
    if isinstance(node, Mapping):
        return {key: _moved(value, base, folder) for key, value in node.items()}
    if isinstance(node, list):
        return [_moved(value, base, folder) for value in node]
    is_path = isinstance(node, str) and "/" in node and not node.startswith(("/", "~", "$")) and len(node) < 500
    if is_path and (base / node).is_file():
        return os.path.relpath(base / node, folder)
    return node


def _requests(table: pd.DataFrame) -> tuple[str, bytes]:
    """The table of requests as a file: its name and content."""
    buffer = io.BytesIO()
    if len(table) > MOST_CSV_ROWS and _has_parquet():
        table.to_parquet(buffer, index=False)
        return PARQUET, buffer.getvalue()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=4, mtime=0) as packed:
        for start in range(0, max(len(table), 1), CHUNK):  # piece by piece: the text is far larger than the table
            piece = table.iloc[start : start + CHUNK]
            packed.write(piece.to_csv(index=False, header=start == 0, lineterminator="\n").encode())
    return CSV, buffer.getvalue()


def _has_parquet() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _read_requests(folder: Path) -> pd.DataFrame:
    import pandas as pd

    if (folder / PARQUET).is_file():
        return pd.read_parquet(folder / PARQUET)
    if (folder / CSV).is_file():
        return pd.read_csv(folder / CSV)
    raise InputError.one(str(folder), "has no table of requests", "run the scenario again to get one")


def _replace(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
