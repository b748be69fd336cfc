"""Recipes: how the shipped profiles are made, one entry each, so that one command makes them all again.

An entry has `from` (format, file below the data folder, select; several are put together), or `points`, or a `form`;
and the fields of the header that the files do not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers import formats
from paasim.profile.importers.imported import Imported
from paasim.profile.importers.points import table_of
from paasim.profile.profile import Profile
from paasim.profile.table import Row, Table
from paasim.profile.write import header_of, make, write


def run(path: Path, data: Path, out: Path, only: str = "") -> Iterator[Profile]:
    """Make the profiles of a recipe file, one after the other.

    Args:
        path: the recipes, YAML.
        data: folder that their files are relative to.
        out: folder to write to: a profile goes to `<out>/<id>.yaml` and `.csv`.
        only: make only profiles whose id begins with this.

    Raises:
        InputError: if a recipe or one of its files is wrong.
    """
    import yaml

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", "give a YAML file of recipes") from None
    if not isinstance(entries, list):
        raise InputError.one(str(path), "is not a list of recipes", "see profiles/README.md")
    for entry in entries:
        yield from _entry(entry, path, data, out, only)


def _entry(entry: dict[str, Any], path: Path, data: Path, out: Path, only: str) -> Iterator[Profile]:
    fields = dict(entry)
    sources, points = fields.pop("from", []), fields.pop("points", None)
    if fields.get("id", only) and not str(fields.get("id", only)).startswith(only):
        return
    where = f"{path}: {fields.get('id', sources)}"
    parts = [_imported(source, data, where) for source in (sources if isinstance(sources, list) else [sources])]
    if points is not None:
        parts.append(Imported(table_of(points, where)))
    header: dict[str, Any] = {}
    for part in parts:
        header |= part.header
    for name, value in fields.items():
        both = isinstance(value, dict) and isinstance(header.get(name), dict)
        header[name] = {**header[name], **value} if both else value
    if not str(header.get("id", "")).startswith(only):
        return
    target = out / f"{header['id']}.yaml"
    rows = _together([row for part in parts for row in part.table.rows])
    if rows:
        yield make(header, Table(rows), target)
    else:
        spec = header_of(header)
        write(spec, None, target)
        yield Profile(spec, target)


def _imported(source: dict[str, Any], data: Path, where: str) -> Imported:
    try:
        name, file = source["format"], data / source["file"]
    except (KeyError, TypeError):
        raise InputError.one(where, "a source needs a format and a file", "see profiles/README.md") from None
    select = {key: str(value) for key, value in source.get("select", {}).items()}
    return formats.read(file, name, select)


def _together(rows: list[Row]) -> list[Row]:
    """Rows without repeats: where two sources have the same step, the first counts."""
    kept: dict[tuple[object, ...], Row] = {}
    for row in rows:
        kept.setdefault((row.phase, row.batch, row.new_tokens, row.context_tokens), row)
    return list(kept.values())
