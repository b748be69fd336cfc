"""Outcomes kept on disk by what they are of, so that interrupted work is taken up again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from paasim.core.atomic import replace
from paasim.results.manifest import manifest, version
from paasim.study.point import Outcome, Point


class Store:
    """A folder of outcomes, each under the hash of its scenario, profiles, replications and version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, point: Point) -> str:
        """The name of a point's outcome."""
        said = point.scenario.expanded()
        profiles = manifest(said, point.scenario.base, ()).get("profiles")
        text = json.dumps([version(), said, profiles, point.first, point.count, point.limits], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def get(self, key: str) -> Outcome | None:
        """The outcome under a name; None if there is none that can be read."""
        try:
            return Outcome.model_validate_json((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        replace(self.folder / f"{key}.json", outcome.model_dump_json().encode())
