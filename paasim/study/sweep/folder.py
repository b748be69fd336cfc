"""The folder of a sweep: the table, the study to run again, what failed, and the store of outcomes.

    table.csv (and table.parquet where pyarrow is installed)    study.yaml    failures.json    manifest.json    store/

All but the manifest and the times in the store are the same bytes for the same sweep, whoever worked it out.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from paasim.core.atomic import replace
from paasim.core.errors import InputError
from paasim.results.folder import ROOT, scenario_text
from paasim.results.manifest import manifest
from paasim.study.sweep.asked import FILE, Asked
from paasim.study.sweep.result import Row, Sweep
from paasim.study.sweep.table import csv_bytes

CSV, PARQUET, FAILURES, MANIFEST = "table.csv", "table.parquet", "failures.json", "manifest.json"
HEAD = "# A sweep that runs again with: paasim sweep {}\n"


def default_folder(asked: Asked) -> Path:
    """Where a sweep goes if the user does not say: `results/<scenario>-sweep`, or `-<name of the study>`."""
    words = f"{asked.scenario.name} {asked.name or 'sweep'}"
    return ROOT / re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def keep_study(asked: Asked, folder: Path) -> None:
    """Write what is asked, before it is done: so an interrupted sweep can be taken up from its folder.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / FILE, study_text(asked, folder).encode())
    except OSError as error:
        raise _cannot(folder, error) from None


def study_text(asked: Asked, folder: Path) -> str:
    """The study as YAML that runs again from a folder."""
    data = {
        "scenario": {key: value for key, value in asked.scenario.expanded().items() if key != "studies"},
        "study": asked.study.model_dump(mode="json", exclude_defaults=True),
    }
    return HEAD.format(FILE) + scenario_text(data, asked.scenario.base, folder)


def write(sweep: Sweep, folder: Path, command: Sequence[str] = ()) -> None:
    """Write the table and what failed, over those of an earlier sweep.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (PARQUET, FAILURES):
            (folder / name).unlink(missing_ok=True)
        if find_spec("pyarrow") is not None:
            replace(folder / PARQUET, _parquet(sweep))
        if sweep.failures:
            replace(folder / FAILURES, _json([_failure(row) for row in sweep.failures]))
        replace(folder / MANIFEST, _json(manifest(sweep.scenario.expanded(), sweep.scenario.base, command)))
        replace(folder / CSV, csv_bytes(sweep.columns))
    except OSError as error:
        raise _cannot(folder, error) from None


def _parquet(sweep: Sweep) -> bytes:
    """The table as Parquet, without pandas, whose import takes longer than writing it."""
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    buffer = io.BytesIO()
    parquet.write_table(arrow.table(dict(sweep.columns)), buffer)
    return buffer.getvalue()


def _failure(row: Row) -> dict[str, Any]:
    reason = getattr(row.ended, "reason", "")
    return {"values": dict(row.setting.values), "variant": row.setting.variant, "status": row.status, "reason": reason}


def _json(data: Any) -> bytes:
    return f"{json.dumps(data, indent=2, ensure_ascii=False)}\n".encode()


def _cannot(folder: Path, error: OSError) -> InputError:
    return InputError.one(str(folder), f"cannot be written: {error.strerror}", "choose another folder: -o")
