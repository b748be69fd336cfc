"""Finding models: bundled ones by name, others by path to a YAML file or a Hugging Face `config.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from paasim.core import yamlfile
from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.core.paths import bundled, expand
from paasim.model.huggingface import from_config
from paasim.model.model import Model
from paasim.model.spec import ModelSpec


def names() -> list[str]:
    """Names of the bundled models, sorted."""
    return sorted(path.stem for path in bundled("profiles").joinpath("models").glob("*.yaml"))


def load(name: str, base: Path | None = None) -> Model:
    """Load a model.

    Args:
        name: a bundled name such as `llama-3.1-8b`, or a path to a model YAML or to a `config.json`; paths may name
            `${VARIABLES}` and are relative to `base`.
        base: folder that relative paths start from.

    Raises:
        InputError: if there is no such model or its file is wrong.
    """
    if Path(name).suffix in {".yaml", ".yml", ".json"} or "/" in name:
        path = expand(name, base)
        if not path.is_file():
            raise InputError.one("", f"model file '{path}' does not exist", "check the path, or use a bundled name")
        return Model(read_config(path) if path.suffix == ".json" else _from_yaml(path))
    if name not in names():
        hint = did_you_mean(name, names())
        raise InputError.one("", f"model '{name}' is unknown", f"{hint} (see `paasim model list`)")
    return Model(_from_yaml(bundled("profiles") / "models" / f"{name}.yaml"))


def _from_yaml(path: Path) -> ModelSpec:
    text, data = yamlfile.read(path)
    root = yaml.compose(text, Loader=yamlfile.loader())
    try:
        return ModelSpec.model_validate(data)
    except ValidationError as error:
        raise InputError(_problems(error, path, root)) from None


def _problems(error: ValidationError, path: Path, root: yaml.Node | None) -> list[Problem]:
    """One problem per complaint of pydantic, at the line of the deepest part of the file that it speaks of."""
    problems = []
    for detail in error.errors():
        node = root
        for step in detail["loc"]:
            node = _child(node, step) or node
        where = f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node else str(path)
        field = ".".join(map(str, detail["loc"]))
        problems.append(Problem(where, f"{field}: {detail['msg'].removeprefix('Value error, ')}", "correct the file"))
    return problems


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    return None


def read_config(path: Path, name: str | None = None) -> ModelSpec:
    """Read a Hugging Face `config.json`; `name` is the model's id there, such as `Qwen/Qwen3-8B`.

    Raises:
        InputError: if it is not one, or of a family whose layers are not understood.
    """
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}:{error.colno}"
        raise InputError.one(where, f"is not JSON: {error.msg}", "give the config.json of a model") from None
    except UnicodeDecodeError:
        raise InputError.one(str(path), "is not text", "give the config.json of a model") from None
    return from_config(config, str(path), name)
