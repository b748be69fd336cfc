"""The scenario that `paasim init` writes: one question, every block explained."""

from __future__ import annotations

from pathlib import Path


def text(name: str) -> str:
    """The starter scenario under a name of the user's choice."""
    title = name.replace("-", " ").replace("_", " ").strip() or "my scenario"
    template = Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")
    return template.replace("NAME", f'"{title}"' if not title.replace(" ", "").isalpha() else title, 1)
