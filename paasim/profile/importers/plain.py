"""A plain table of steps, as paasim itself keeps them: `phase,batch,new_tokens,context_tokens,latency_ms[,std_ms[,n]]`.

What a row means stands in `paasim.profile.table`. Where it was measured is not in the file: say it with `--set`.
"""

from __future__ import annotations

from pathlib import Path

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import Imported, Select, has_columns, text_of
from paasim.profile.table import HEADER, NEEDED, parse


def read(path: Path, select: Select) -> Imported:
    """Read the table.

    Args:
        path: the CSV file, possibly `.gz`.
        select: must be empty: such a file holds one configuration.

    Raises:
        InputError: for every row that cannot be used, as `file:line`; or if something is selected.
    """
    if select:
        todo = "leave --select out, or cut the file into one per configuration"
        raise InputError.one(str(path), "a plain table has no columns to select by", todo)
    return Imported(parse(text_of(path), path))


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *HEADER[:NEEDED])


FORMAT = Format("plain", "a plain table of steps (phase,batch,new_tokens,context_tokens,latency_ms)", _recognises, read)
