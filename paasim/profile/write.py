"""Writing a profile: the YAML header and the CSV table beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from paasim.core.errors import InputError
from paasim.core.units import TIME
from paasim.profile.catalogue import load
from paasim.profile.profile import Profile
from paasim.profile.spec import ProfileSpec
from paasim.profile.table import Table

if TYPE_CHECKING:
    from paasim.profile.few import Shapes


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
        what = f"header: {where}: {first['msg'].removeprefix('Value error, ')}"
        raise InputError.one("", what, "correct it in the recipe or the options") from None


def write(spec: ProfileSpec, table: Table | None, path: Path) -> None:
    """Write the header, and the table beside it."""
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    fields = spec.model_dump(mode="json", exclude_defaults=True)
    for phase in fields.get("form", {}):
        form = getattr(spec.form, phase)
        fields["form"][phase] = {name: _tidy(getattr(form, name)) for name in fields["form"][phase]}
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=112)
    path.write_text(text, encoding="utf-8")
    if table is not None:
        table.write(path.with_suffix(".csv"))


def _tidy(seconds: float) -> str:
    """A coefficient in the unit that suits its size."""
    for unit in ("s", "ms", "us"):
        if seconds >= TIME.units[unit]:
            return f"{seconds / TIME.units[unit]:.9g} {unit}"
    return f"{seconds / TIME.units['ns']:.9g} ns"
