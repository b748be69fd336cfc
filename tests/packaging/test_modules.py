"""The list of modules to compile names each once, and none that holds a pydantic model (see `hatch_build.py`)."""

from __future__ import annotations

import tomllib
from pathlib import Path


def test_modules_to_compile(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    modules = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["modules"]
    assert len(set(modules)) == len(modules) > 20
    for module in modules:
        text = (root / module).read_text(encoding="utf-8")
        assert "(Spec)" not in text, module
        assert "import BaseModel" not in text, module
