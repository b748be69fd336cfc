"""Outcomes kept by what they are outcomes of, so that nothing is worked out twice and an interrupted study goes on.

    STORE/3f/3f9a...c1.json     one outcome; the name is the hash of its point (`paasim.study.fingerprint`)
    STORE/times.jsonl           how long points took, to begin with the longest and to say when a study is done

A file is written whole or not at all, and holds a hash of itself: what is damaged counts as not there. Several
processes, on several machines, may use a store at once: they would write the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from paasim.core.atomic import replace
from paasim.core.errors import InputError
from paasim.study import fingerprint
from paasim.study.point import Outcome, Point

FOLDER = "store"
"""Its name inside the folder of a study, which thus goes on where it was when it is made again."""


class Store:
    """A folder of outcomes.

    Args:
        folder: made when the first outcome is kept.

    Attributes:
        warnings: what was found damaged, in words.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []

    def key(self, point: Point) -> str:
        """What a point's outcome is kept under."""
        return fingerprint.key(point)

    def path(self, key: str) -> Path:
        """The file of an outcome."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Outcome | None:
        """An outcome; None if it is not there, or damaged."""
        file = self.path(key)
        try:
            head, _, body = file.read_bytes().partition(b"\n")
            if json.loads(head) != {"key": key, "sha256": hashlib.sha256(body).hexdigest()}:
                raise ValueError
            return Outcome.model_validate_json(body)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        except (ValueError, ValidationError):
            self.warnings.append(f"{file} is damaged; its point is worked out again")
            return None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome.

        Raises:
            InputError: if the folder cannot be written.
        """
        file = self.path(key)
        body = outcome.model_dump_json().encode()
        head = json.dumps({"key": key, "sha256": hashlib.sha256(body).hexdigest()}).encode()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace(file, head + b"\n" + body)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> InputError:
        what = f"cannot be used: {error.strerror}"
        return InputError.one(str(self.folder), what, "check the folder, or choose another: -o")
