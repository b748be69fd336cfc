"""Print the tables of `docs/fidelity.md`, Network transfers."""

from __future__ import annotations

import sys

from tests.published.transfers.page import TABLES

for title, table in TABLES.items():
    sys.stdout.write("\n".join([f"### {title}", "", *table(), "", ""]))
