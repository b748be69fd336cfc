"""The pages of the documentation and what stands in them: code blocks, links, headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("profiles/README.md", "profiles/workloads/README.md", "benchmarks/README.md")),
]

_BLOCK = re.compile(r"^(?:<!-- file: (\S+) -->\n)?```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    number: int
    file: str
    """Name of the file that it is, if a comment before it says so."""
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}-{self.number}-{self.language}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in some languages, in order."""
    found = [Block(page, i, *match) for i, match in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")))]
    return [block for block in found if block.language in languages]


def prose(page: Path) -> str:
    """The page without its blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page point to."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(page)))
    return {text.strip().replace(" ", "-") for text in plain}


def paths(page: Path) -> set[str]:
    """Files and folders of the project that a page names in passing, such as `core/kernel.py` or `paasim/link/`."""
    found: set[str] = set(re.findall(r"`([\w-]+(?:/[\w.-]+)*/(?:[\w-]+\.(?:py|yaml|json|md))?)`", prose(page)))
    return found
