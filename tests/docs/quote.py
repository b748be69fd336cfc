"""Put real output into the pages that quote it, and the README's figure into reports/: `python -m tests.docs.quote`."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT

README = ROOT / "README.md"
NETWORK = ROOT / "docs" / "network.md"
CAPACITY = ROOT / "docs" / "capacity.md"


@dataclass(frozen=True)
class Quote:
    """The output of a command, as a page quotes it after a comment that names the command."""

    page: Path
    command: tuple[str, ...]
    tables: tuple[str, ...]
    """First words of the tables that are quoted, besides the answer."""

    def __str__(self) -> str:
        return f"{self.page.name}: {' '.join(self.command)}"

    @property
    def block(self) -> re.Pattern[str]:
        """Where it stands."""
        comment = re.escape(f"<!-- output of: paasim {' '.join(self.command)} -->")
        return re.compile(rf"({comment}\n```text\n)(.*?)(\n```)", re.DOTALL)

    def quoted(self) -> str:
        """What the page quotes."""
        found = self.block.search(self.page.read_text(encoding="utf-8"))
        assert found is not None
        return found[2]

    def excerpt(self, printed: str) -> str:
        """The answer and the quoted tables, without empty lines inside."""
        lines = [line.rstrip() for line in printed.splitlines()]
        starts = [i for i, line in enumerate(lines) if line and not line.startswith(" ")]
        first = next(i for i in starts if lines[i].startswith(self.tables[0]))
        parts = [lines[:first]]
        for i in (i for i in starts if lines[i].startswith(self.tables)):
            end = next((j for j in starts if j > i), len(lines))
            parts.append(lines[i:end])
        return "\n\n".join("\n".join(line for line in part if line) for part in parts)

    def renew(self, *options: str) -> None:
        """Run the command and put its output into the page."""
        command = [sys.executable, "-m", "paasim.cli.app", *self.command, *options]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        text = self.page.read_text(encoding="utf-8")
        text = self.block.sub(lambda match: match[1] + self.excerpt(printed) + match[3], text)
        self.page.write_text(text, encoding="utf-8")


PREFILL, DECODE = "sites.h20.pools.prefill.instances", "sites.h20.pools.decode.instances"
SPLIT = (
    *("analyze", "prfaas-paper", "--variant", "base", "--form", "mean"),
    *("--over", "router.prompt_tokens=log(12000, 30000, 40)"),
    *("--over", f"{PREFILL}=1,2,3,4,5", "--over", f"{DECODE}=3,4,5,6,7", "--sum", f"{PREFILL}+{DECODE}=8"),
)
QUICKSTART = Quote(README, ("compare", "quickstart"), ("Variants", "Where the time goes"))
EXPLAINED = (
    Quote(NETWORK, ("network", "explain", "prfaas", "--variant", "all-remote"), ("prfaas: ",)),
    Quote(NETWORK, ("network", "explain", "transports", "--variant", "tcp-64"), ("prfaas: ",)),
    Quote(CAPACITY, ("analyze", "prfaas", "--variant", "base"), ("Stations", "Why", "Bandwidth")),
    Quote(CAPACITY, SPLIT, ("The best of",)),
)


def main() -> None:
    """Run the commands and write the pages and reports/quickstart/."""
    QUICKSTART.renew("-o", str(ROOT / "reports" / "quickstart"))
    for quote in EXPLAINED:
        quote.renew()


if __name__ == "__main__":
    main()
