"""What differs between two finished runs: settings of the scenario, profiles, versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.results.folder import MANIFEST
from paasim.results.result import BASE
from paasim.results.schema import Document, Setting
from paasim.scenario.loader import from_dict
from paasim.scenario.scenario import Scenario

TITLES = ("name", "question", "variants")
"""What a scenario says of itself."""
DIGITS = 12
"""Of a hash, enough to tell two apart."""

Flat = dict[str, str]


def scenario_of(document: Document, variant: str, base: Path | None) -> Scenario | None:
    """The scenario of a variant of a finished run; None where this version of paasim no longer reads it."""
    try:
        whole = from_dict(document.scenario, base)
        return whole if variant == BASE or variant not in whole.fitting else whole.fitting[variant]
    except InputError:
        return None


def settings_of(document: Document, variant: str, scenario: Scenario | None) -> Flat:
    """All settings by dotted path, as text."""
    whole = document.scenario if scenario is None else scenario.expanded()
    plain = {key: value for key, value in whole.items() if key not in TITLES}
    if scenario is None and variant != BASE:
        plain["variant"] = document.scenario.get("variants", {}).get(variant, variant)
    return dict(_flat(plain, ""))


def provenance_of(folder: Path | None) -> Flat | None:
    """Hashes of profiles, figures of calibrations, versions: from the manifest; None where there is none."""
    try:
        found: Any = json.loads((folder / MANIFEST).read_text(encoding="utf-8")) if folder else None
    except (OSError, ValueError):
        return None
    if not isinstance(found, Mapping):
        return None
    flat = {f"profile {name}": str(each.get("digest"))[:DIGITS] for name, each in _inside(found, "profiles")}
    flat |= {f"calibration {name}": json.dumps(each, sort_keys=True) for name, each in _inside(found, "calibrations")}
    flat |= {f"version of {name}": str(each) for name, each in _inside(found, "versions")}
    flat |= {f"platform {name}": str(each) for name, each in _inside(found, "platform")}
    return flat | {"version of paasim": str(found.get("paasim_version"))}


def differing(ours: Flat, base: Flat, *, named_by_both: bool = False) -> list[Setting]:
    """Settings that differ, in the order of the baseline, then what only the other has.

    What one side does not have at all (a site, a route) is one entry.

    Args:
        ours: of the variant.
        base: of what it is compared with.
        named_by_both: leave out what only one side has, since its settings say so already.
    """
    found = [
        Setting(path=path, value=ours[path], baseline=value)
        for path, value in base.items()
        if path in ours and ours[path] != value
    ]
    if not named_by_both:
        found += [Setting(path=path, value=None, baseline=value) for path, value in _alone(base, ours).items()]
        found += [Setting(path=path, value=value, baseline=None) for path, value in _alone(ours, base).items()]
    return found


def _alone(ours: Flat, other: Flat) -> Flat:
    """What only one side has, by the shortest path that the other has nothing under."""
    known = {prefix for path in other for prefix in _prefixes(path)}
    groups: dict[str, list[str]] = {}
    for path in ours:
        if path not in known:
            groups.setdefault(next(prefix for prefix in _prefixes(path) if prefix not in known), []).append(path)
    return {
        prefix: ours[paths[0]] if paths == [prefix] else f"{len(paths)} settings" for prefix, paths in groups.items()
    }


def _prefixes(path: str) -> list[str]:
    """`a`, `a.b`, `a.b.c`."""
    steps = path.split(".")
    return [".".join(steps[: depth + 1]) for depth in range(len(steps))]


def _inside(node: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    inner = node.get(key)
    return list(inner.items()) if isinstance(inner, Mapping) else []


def _flat(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)
