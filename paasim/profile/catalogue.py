"""Finding profiles: bundled ones by name, others by path, or written inline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paasim.core import yamlfile
from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.core.paths import bundled, expand
from paasim.profile.profile import Profile
from paasim.profile.spec import BetweenSpec, ProfileSpec

SHOWN = 6
"""Names that a message lists."""


def names() -> list[str]:
    """Names of the bundled profiles, sorted."""
    root = bundled("profiles")
    # Hardware, model, and at least a name: other data of `profiles/` lies less deep, but for recipes of networks.
    found = (path.relative_to(root) for path in root.glob("*/*/**/*.yaml"))
    return sorted(path.with_suffix("").as_posix() for path in found if path.parts[0] != "networks")


def load(profile: str | Mapping[str, Any] | ProfileSpec | BetweenSpec, base: Path | None = None) -> Profile:
    """Load a profile.

    Args:
        profile: a bundled name such as `h100-sxm/llama-3.1-8b/bf16/vllm/tp1`, or a beginning of one that names no
            other (`m2-ultra/llama-3.1-8b/q4-k-m`); a path to a YAML file, which may name `${VARIABLES}` and is relative
            to `base`; `{between: [NAME, NAME], tp: 2}`; or a header with form coefficients.
        base: folder that relative paths start from.

    Raises:
        InputError: if there is no such profile or its files are wrong, with file and line.
    """
    if isinstance(profile, Mapping):
        kind = BetweenSpec if "between" in profile else ProfileSpec
        try:
            profile = kind.model_validate(dict(profile))
        except ValidationError as error:
            raise InputError(_problems(error, "", None)) from None
    if isinstance(profile, ProfileSpec):
        return Profile(profile)
    if isinstance(profile, BetweenSpec):
        from paasim.profile.between import BetweenProfile

        low, high = profile.between
        return BetweenProfile(load(low, base), load(high, base), profile.tp)
    if profile.endswith((".yaml", ".yml")):
        path = expand(profile, base)
        if not path.is_file():
            raise InputError.one("", f"profile file '{path}' does not exist", "check the path, or use a bundled name")
        return Profile(read_header(path), path)
    path = bundled("profiles") / f"{_resolve(profile)}.yaml"
    return Profile(read_header(path), path)


def _resolve(name: str) -> str:
    """The full name of a bundled profile."""
    known = names()
    if name in known:
        return name
    longer = [each for each in known if each.startswith(name.rstrip("/") + "/")]
    if len(longer) == 1:
        return longer[0]
    if longer:
        some = ", ".join(longer[:6]) + (", ..." if len(longer) > 6 else "")
        raise InputError.one("", f"profile '{name}' names {len(longer)} profiles", f"choose one of {some}")
    if name and (begin := [each for each in known if each.startswith(name)]):
        raise InputError.one("", *_beginnings(name, begin))
    hint = _measured_around(name, known) or did_you_mean(name, known)
    raise InputError.one("", f"profile '{name}' is unknown", f"{hint} (see `paasim profile list`)")


def _beginnings(name: str, begin: list[str]) -> tuple[str, str]:
    """What is wrong with a name that cuts others in the middle of a word, and what to do."""
    hardware = list(dict.fromkeys(each.split("/")[0] for each in begin))
    some = begin if len(begin) <= SHOWN or len(hardware) == 1 else hardware
    listed = ", ".join(some[:SHOWN]) + (", ..." if len(some) > SHOWN else "")
    what = f"profile '{name}' is unknown: names of {len(begin)} profiles begin so: {listed}"
    return what, f"give one whole, or see `paasim profile list --hardware {name.split('/')[0]}`"


def _measured_around(name: str, known: list[str]) -> str:
    """How to ask for a tensor-parallel width that was not measured, where narrower and wider ones were."""
    stem, _, width = name.rpartition("/tp")
    widths = [int(end) for each in known if each.startswith(f"{stem}/tp") and (end := each[len(stem) + 3 :]).isdigit()]
    if not stem or not width.isdigit():
        return ""
    low = max((w for w in widths if w < int(width)), default=None)
    high = min((w for w in widths if w > int(width)), default=None)
    if low is None or high is None:
        return ""
    return f"not measured; interpolate: profile: {{between: [{stem}/tp{low}, {stem}/tp{high}], tp: {width}}}"


def read_header(path: Path) -> ProfileSpec:
    """Read the YAML file of a profile.

    Raises:
        InputError: if it is not one; every problem as `file:line:column`.
    """
    import yaml

    text, data = yamlfile.read(path)
    if not isinstance(data, dict):
        raise InputError.one(f"{path}:1:1", "is not the header of a profile", "start with e.g. 'id: my-gpu/my-model'")
    root = yaml.compose(text, Loader=yamlfile.loader())
    problems = _repeated(root, str(path))
    try:
        spec = ProfileSpec.model_validate(data)
    except ValidationError as error:
        problems += _problems(error, str(path), root)
    if problems:
        raise InputError(problems)
    return spec


def _repeated(node: Any, path: str) -> list[Problem]:
    """Keys that are written twice in one mapping."""
    if not isinstance(node.value, list):
        return []
    problems, seen = [], set()
    for child in node.value:
        if not isinstance(child, tuple):
            problems += _repeated(child, path)
            continue
        key, value = child
        if key.value in seen:
            problems.append(Problem(_where(key, path), f"{key.value}: is written twice", "keep one of them"))
        seen.add(key.value)
        problems += _repeated(value, path)
    return problems


def _problems(error: ValidationError, path: str, root: Any) -> list[Problem]:
    """One problem per complaint of pydantic, at the line of the deepest part of the file that it speaks of."""
    problems = []
    for detail in error.errors():
        node = root
        for step in detail["loc"]:
            node = _child(node, step) or node
        name = ".".join(map(str, detail["loc"])) or "profile"
        what = f"{name}: {detail['msg'].removeprefix('Value error, ')}"
        problems.append(Problem(_where(node, path) if node else path, what, _todo(detail)))
    return problems


def _todo(detail: Any) -> str:
    if detail["type"] == "extra_forbidden":
        return did_you_mean(str(detail["loc"][-1]), ProfileSpec.model_fields)
    return "correct it"


def _where(node: Any, path: str) -> str:
    return f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _child(node: Any, step: str | int) -> Any:
    """The value of a key of a mapping node, or an entry of a sequence node; None if there is none."""
    if node is None or not isinstance(node.value, list):
        return None
    if isinstance(step, int):
        return node.value[step] if step < len(node.value) and not isinstance(node.value[step], tuple) else None
    return next((child[1] for child in node.value if isinstance(child, tuple) and child[0].value == step), None)
