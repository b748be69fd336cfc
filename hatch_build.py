"""Compiles the inner loop of the simulator with mypyc when a wheel is built: the same code, about three times as fast.

The modules named in pyproject.toml (`[tool.hatch.build.targets.wheel.hooks.custom]`) are plain typed Python and stay
so: nothing in them knows of this, and without a C compiler the wheel simply holds the sources. Editable installs are
never compiled, since one edits them.
"""

from __future__ import annotations

import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileHook(BuildHookInterface[Any]):
    """Adds the compiled modules to a wheel."""

    PLUGIN_NAME = "custom"
    _work: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the wheel collects its files; without a compiler, say so and leave them as they are."""
        if version == "editable":
            return
        if not _can_compile():
            self.app.display_warning("no C compiler or no Python headers: paasim will run as plain Python")
            return
        self._work = tempfile.TemporaryDirectory(prefix="paasim-compile-")
        try:
            built = _compile(self.config["modules"], Path(self._work.name))
        except (Exception, SystemExit) as error:  # compilers fail in many ways, and none is a reason to fail here
            self.app.display_warning(f"the compiler failed ({error}): paasim will run as plain Python")
            return
        for path in built.rglob("*.*"):
            if path.is_file():
                build_data["force_include"][str(path)] = path.relative_to(built).as_posix()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Clean up."""
        if self._work is not None:
            self._work.cleanup()


def _can_compile() -> bool:
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return shutil.which(compiler) is not None and headers.is_file()


def _compile(modules: list[str], work: Path) -> Path:
    """Compile modules (paths from the root of the repository); returns the folder with the libraries."""
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    options = [
        "--config-file=",
        "--cache-dir",
        str(work / "cache"),
        "--follow-imports=silent",
        "--ignore-missing-imports",
    ]
    extensions = mypycify(
        [*modules, *options], group_name="paasim", opt_level="3", debug_level="0", target_dir=str(work / "c")
    )
    command = build_ext(Distribution({"name": "paasim", "ext_modules": extensions}))
    command.build_lib, command.build_temp = str(work / "lib"), str(work / "objects")
    command.ensure_finalized()
    command.run()
    return work / "lib"
