"""Recipes: how the shipped profiles are made, one entry each, so that one command makes them all again.

An entry has `from` (format, file below the data folder, select; several are put together), or `points`, or a `form`;
and the fields of the header that the files do not tell. A file is a list of entries; or a mapping of `profiles`, the
list, and of `all`, what holds for every entry that does not say otherwise (its `from` goes into each of theirs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError, quoted
from paasim.profile.few import Shapes
from paasim.profile.importers import formats
from paasim.profile.importers.imported import Imported
from paasim.profile.importers.points import table_of
from paasim.profile.profile import Profile
from paasim.profile.table import Row, Table
from paasim.profile.write import header_of, make, write


def run(
    path: Path, data: Path, out: Path, only: str | tuple[str, ...] = "", shapes: Shapes | None = None
) -> Iterator[Profile]:
    """Make the profiles of a recipe file, one after the other.

    Args:
        path: the recipes, YAML; or a folder of such files, which are read in the order of their names.
        data: folder that their files are relative to.
        out: folder to write to: a profile goes to `<out>/<id>.yaml` and `.csv`.
        only: make only profiles whose id begins with this, or with one of these.
        shapes: where to ask for models (`paasim.profile.few`).

    Raises:
        InputError: if a recipe or one of its files is wrong.
    """
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise InputError.one(str(path), "has no recipes (*.yaml)", "give a YAML file of recipes, or a folder of them")
    made = 0
    for file in files:
        for entry in entries(file):
            for profile in _entry(entry, file, data, out, only, shapes):
                made += 1
                yield profile
    if not made:
        what = f"no id begins with {quoted(only)}" if only else "holds no recipe"
        raise InputError.one(str(path), what, "see the ids in the recipes")


def entries(path: Path) -> list[dict[str, Any]]:
    """The entries of a recipe file, with what holds for all of them put into each.

    Raises:
        InputError: if it is not such a file.
    """
    import yaml

    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", "give a YAML file of recipes") from None
    common: Any = {}
    if isinstance(found, dict) and isinstance(found.get("profiles"), list) and not set(found) - {"profiles", "all"}:
        common, found = found.get("all") or {}, found["profiles"]
    if not isinstance(found, list) or not isinstance(common, dict) or not all(isinstance(e, dict) for e in found):
        raise InputError.one(str(path), "is not a list of recipes", "see profiles/README.md")
    return [_completed(entry, common) for entry in found]


def _completed(entry: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    whole = {**common, **entry}
    if "from" in common and "from" in entry:
        given = entry["from"]
        whole["from"] = [{**common["from"], **each} for each in (given if isinstance(given, list) else [given])]
    return whole


def _entry(
    entry: dict[str, Any], path: Path, data: Path, out: Path, only: str | tuple[str, ...], shapes: Shapes | None
) -> Iterator[Profile]:
    fields = dict(entry)
    sources, points = fields.pop("from", []), fields.pop("points", None)
    if "id" in fields and not str(fields["id"]).startswith(only):
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
    target = out / f"{_id(header, where)}.yaml"
    rows = _together([row for part in parts for row in part.table.rows])
    try:
        yield make(header, Table(rows), target, shapes) if rows else _formed(header, target)
    except InputError as error:
        raise InputError(replace(each, where=each.where or where) for each in error.problems) from None


def _id(header: dict[str, Any], where: str) -> str:
    """The name of the profile, which is where its file goes."""
    name = str(header.get("id", ""))
    if not name:
        raise InputError.one(
            where, "has no id, and its files tell none", "give e.g. id: my-gpu/my-model/bf16/my-engine"
        )
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError.one(where, f"id {quoted(name)} leads out of the folder of profiles", "give hardware/model/...")
    return name


def _formed(header: dict[str, Any], target: Path) -> Profile:
    """A profile of coefficients alone."""
    spec = header_of(header)
    write(spec, None, target)
    return Profile(spec, target)


def _imported(source: dict[str, Any], data: Path, where: str) -> Imported:
    try:
        name, file = str(source["format"]), data / source["file"]
        select = {key: str(value) for key, value in (source.get("select") or {}).items()}
    except (KeyError, TypeError, AttributeError):
        what = "a source needs a format and a file, and may have columns to select by"
        raise InputError.one(where, what, "see profiles/README.md") from None
    return formats.read(file, name, select)


def _together(rows: list[Row]) -> list[Row]:
    """Rows without repeats: where two sources have the same step, the first counts."""
    kept: dict[tuple[object, ...], Row] = {}
    for row in rows:
        kept.setdefault((row.phase, row.batch, row.new_tokens, row.context_tokens), row)
    return list(kept.values())
