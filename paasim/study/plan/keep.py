"""The folder of a plan, whatever its goal: `plan.json`, what was tried, the scenario that keeps it, the manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from paasim.core.errors import InputError
from paasim.results.folder import keep, scenario_text
from paasim.results.manifest import manifest
from paasim.scenario.scenario import Scenario

DOCUMENT, SCENARIO, MANIFEST = "plan.json", "scenario.yaml", "manifest.json"


def write(
    folder: Path,
    document: str,
    table: tuple[str, str],
    asked: Scenario,
    found: Scenario | None,
    command: Sequence[str] = (),
) -> None:
    """Write a plan's folder, over an earlier plan in it; `plan.json` comes last, so a folder that has it is complete.

    Args:
        folder: made if need be.
        document: `plan.json`.
        table: name and content of the CSV file of what was tried.
        asked: the scenario that was planned for.
        found: the scenario that keeps the objectives; None if none does.
        command: the command line, for the manifest.

    Raises:
        InputError: if it cannot be written.
    """
    name, rows = table
    files = {name: rows}
    if found is not None:
        files[SCENARIO] = scenario_text(found.expanded(), asked.base, folder)
    files[MANIFEST] = json.dumps(manifest(asked.expanded(), asked.base, command), indent=2, ensure_ascii=False) + "\n"
    files[DOCUMENT] = document.rstrip() + "\n"
    try:
        for earlier in (DOCUMENT, SCENARIO):
            (folder / earlier).unlink(missing_ok=True)
    except OSError as error:
        raise InputError.one(str(folder), f"cannot be written: {error.strerror}", "choose another folder: -o") from None
    keep(folder, {name: text.encode() for name, text in files.items()})
