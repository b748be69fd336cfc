"""Writing a profile: the YAML header and the CSV table beside it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from paasim.core.errors import InputError, quoted
from paasim.core.units import TIME
from paasim.profile.catalogue import load
from paasim.profile.profile import Profile
from paasim.profile.spec import ProfileSpec
from paasim.profile.table import Table

if TYPE_CHECKING:
    from paasim.profile.few import Shapes


ANY = {"prefill": {"b": "1 us"}}
"""A form to check the rest of a header with."""


def make(header: dict[str, Any], table: Table, path: Path, shapes: Shapes | None = None) -> Profile:
    """Fit the forms to a table and write the profile.

    Args:
        header: fields of `ProfileSpec`; quantities as text with units.
        table: the measured steps.
        path: the YAML file to write; the table goes beside it as `.csv`.
        shapes: where to ask for models, for phases that were measured at too few sizes (`paasim.profile.few`).

    Raises:
        InputError: if the header is wrong.
    """
    from paasim.profile.few import settle
    from paasim.profile.fit import errors, fit

    header_of({**header, "table": None, "form": ANY, "error": None})  # before the fit, which uses some of it
    table.sort()
    forms, remarks = settle(fit(table), table, header, shapes)
    given = {**header, "table": path.with_suffix(".csv").name, "form": forms, "error": errors(table, forms)}
    if remarks:
        given["note"] = " ".join(filter(None, [str(header.get("note", "")).strip(), *remarks]))
    write(header_of(given), table, path)
    return load(str(path.resolve()))


def header_of(given: dict[str, Any]) -> ProfileSpec:
    """Check a header that was put together from parts.

    Raises:
        InputError: with every field that is wrong.
    """
    try:
        return ProfileSpec.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        wrong = first["msg"].removeprefix("Value error, ")
        if first["type"] == "model_type":
            wrong = f"needs fields, as in memory: {{device_bytes: 80 GB}}, not {quoted(first['input'])}"
        what = f"header: {where}: {wrong}"
        raise InputError.one("", what, "correct it in the recipe or the options") from None


def write(spec: ProfileSpec, table: Table | None, path: Path) -> None:
    """Write the header, and the table beside it.

    Raises:
        InputError: if it cannot be written there.
    """
    import yaml

    require_writable(path)
    fields = spec.model_dump(mode="json", exclude_defaults=True)
    for phase in fields.get("form", {}):
        form = getattr(spec.form, phase)
        fields["form"][phase] = {name: _tidy(getattr(form, name)) for name in fields["form"][phase]}
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=112)
    try:
        path.write_text(text, encoding="utf-8")
        if table is not None:
            table.write(path.with_suffix(".csv"))
    except OSError as error:
        raise _cannot(path, error) from None


def require_writable(path: Path) -> None:
    """Make the folder of a profile; to be called before long work whose result goes there.

    Raises:
        InputError: if the name is not that of a YAML file, or it cannot be written there.
    """
    if path.suffix not in (".yaml", ".yml") or path.is_dir():
        raise InputError.one("--output", f"'{path}' is not the name of a YAML file", "give e.g. -o my-gpu.yaml")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _cannot(path, error) from None


def _cannot(path: Path, error: OSError) -> InputError:
    return InputError.one("--output", f"'{path}' cannot be written: {error.strerror}", "name another place")


def _tidy(seconds: float) -> str:
    """A coefficient in the unit that suits its size."""
    for unit in ("s", "ms", "us"):
        if seconds >= TIME.units[unit]:
            return f"{seconds / TIME.units[unit]:.9g} {unit}"
    return f"{seconds / TIME.units['ns']:.9g} ns"
