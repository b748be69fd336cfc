"""The rows of llama.cpp's benchmark tables as text, whatever form the file has: Markdown, CSV, JSON or JSON lines.

Each row has `LINE`, its place in the file, and `TABLE`, the number of its table: in a document the tables that follow
one another, in a CSV file the rows that agree in everything that says what was run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from paasim.profile.importers.imported import LINE, Record, json_of, records_of, text_of

TABLE = "table"
NAMES = ("device", "model", "settings", "source_file", "file")
"""Columns of a CSV file of many tables that tell them apart."""

DEPTH = re.compile(r"__longctx\d+")
"""In names of log files, the context of the run: files that differ in nothing else are of one set-up."""


def tables_of(path: Path) -> Iterator[Record]:
    """Every row of every table in the file.

    Raises:
        InputError: if it cannot be read, or is cut or damaged JSON (with the line).
    """
    text = text_of(path)
    start = text.lstrip()[:1]
    if start == "[":
        yield from _json(text, path)
    elif start == "{":
        yield from _json_lines(text, path)
    elif any(line.lstrip().startswith("|") for line in text.splitlines()):
        yield from _markdown(text, path)
    else:
        yield from _csv(path)


def _json(text: str, path: Path) -> Iterator[Record]:
    for i, document in enumerate(json_of(text, path), start=1):
        if isinstance(document, dict):
            yield _flat(document) | {LINE: f"{path}: entry {i}"}


def _json_lines(text: str, path: Path) -> Iterator[Record]:
    for i, line in enumerate(text.splitlines(), start=1):
        document = json_of(line, path, i) if line.strip() else None
        if isinstance(document, dict):
            yield _flat(document) | {LINE: f"{path}:{i}"}


def _flat(document: dict[str, object]) -> Record:
    return {key: str(value) for key, value in document.items() if not isinstance(value, list)}


def _csv(path: Path) -> Iterator[Record]:
    for i, row in enumerate(records_of(path, ()), start=2):
        if "source_file" in row:
            row["source_file"] = DEPTH.sub("", row["source_file"])
        yield row | {LINE: f"{path}:{i}", TABLE: " ".join(row.get(name, "") for name in NAMES)}


def _markdown(text: str, path: Path) -> Iterator[Record]:
    section, tables = "", 0
    names: list[str] = []
    for i, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            section = line.lstrip("#").strip()
        if not line.lstrip().startswith("|"):
            names = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not names:
            names, tables = cells, tables + 1
        elif set(line) - set("|-: "):
            row = dict(zip(names, cells, strict=False))
            yield row | {"section": section, LINE: f"{path}:{i}", TABLE: str(tables)}
