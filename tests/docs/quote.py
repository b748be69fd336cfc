"""Put the real output of the quickstart into README.md, and its figure into reports/: `python -m tests.docs.quote`."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.docs.pages import ROOT

README = ROOT / "README.md"
COMMAND = ("compare", "quickstart")
QUOTE = re.compile(r"(<!-- output of: paasim compare quickstart -->\n```text\n)(.*?)(\n```)", re.DOTALL)
TABLES = ("Variants", "Where the time goes")
"""First words of the tables that are quoted, besides the answer."""


def excerpt(printed: str) -> str:
    """The answer and the quoted tables, without empty lines inside."""
    lines = [line.rstrip() for line in printed.splitlines()]
    starts = [i for i, line in enumerate(lines) if line and not line.startswith(" ")]
    first = next(i for i in starts if lines[i].startswith(TABLES[0]))
    parts = [lines[:first]]
    for i in (i for i in starts if lines[i].startswith(TABLES)):
        end = next((j for j in starts if j > i), len(lines))
        parts.append(lines[i:end])
    return "\n\n".join("\n".join(line for line in part if line) for part in parts)


def quoted() -> str:
    """What README.md quotes."""
    found = QUOTE.search(README.read_text(encoding="utf-8"))
    assert found is not None
    return found[2]


def main() -> None:
    """Run the quickstart and write README.md and reports/quickstart/."""
    command = [sys.executable, "-m", "paasim.cli.app", *COMMAND, "-o", str(ROOT / "reports" / "quickstart")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = QUOTE.sub(lambda match: match[1] + excerpt(printed) + match[3], README.read_text(encoding="utf-8"))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
