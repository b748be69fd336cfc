"""Names that the user gives to sites, pools, links, routes, workloads and variants."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*$", max_length=60)]
"""Letters, digits, `-` and `_`. No dot, since a dot joins names to paths such as `cloud.prefill`."""
