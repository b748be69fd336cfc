"""One short text for everything that a run recorded: equal text, equal bytes.

As a script it reads scenes from stdin and prints a text for each.
"""

from __future__ import annotations

import hashlib
import json
import sys

from paasim.core.recorder import Records
from paasim.scenario import from_dict
from paasim.simulate import simulate_once


def digest(records: Records) -> str:
    """A hash over every column of a replication."""
    found = hashlib.sha256()
    for table in (records.requests, records.gaps, *(level.totals for level in records.resources)):
        for name, values in table.items():
            found.update(name.encode())
            found.update(values.tobytes())
    found.update(repr((records.classes, records.routes, records.reasons, records.instances, records.end)).encode())
    return found.hexdigest()


if __name__ == "__main__":
    for scene in json.load(sys.stdin):
        sys.stdout.write(digest(simulate_once(from_dict(scene))) + "\n")
