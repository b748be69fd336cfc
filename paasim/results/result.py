"""A result in Python: the document, and the requests behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from paasim.metrics.replication import Replication
from paasim.results import requests
from paasim.results.schema import Document, Variant

if TYPE_CHECKING:
    import pandas as pd

BASE = "base"
"""Name of the only variant of a single run, and of the scenario itself beside its variants."""


class Result:
    """What a run, or a comparison of variants, found.

    Attributes:
        document: everything that `result.json` holds.
        replications: variant -> its measured replications; empty for a result that was read from a folder.
    """

    def __init__(
        self,
        document: Document,
        replications: Mapping[str, Sequence[Replication]] | None = None,
        read_requests: Callable[[], pd.DataFrame] | None = None,
    ) -> None:
        self.document = document
        self.replications = dict(replications or {})
        self._read_requests = read_requests

    @property
    def variants(self) -> Mapping[str, Variant]:
        """The variants by name; a single run has one, `base`."""
        return self.document.variants

    @property
    def name(self) -> str:
        """Title of the scenario."""
        return str(self.document.scenario.get("name", "scenario"))

    @cached_property
    def requests(self) -> pd.DataFrame:
        """One row per request of every variant and replication (columns: `paasim.results.requests.frame`)."""
        return self._read_requests() if self._read_requests else requests.frame(self.replications)

    def summary(self) -> pd.DataFrame:
        """Metrics in seconds, one row per variant and metric: n, mean, std, percentiles, max, interval of the mean."""
        import pandas as pd

        rows = []
        for name, variant in self.variants.items():
            for key, metric in variant.metrics.items():
                low, high = metric.ci95.mean or (None, None)
                values = metric.model_dump(exclude={"unit", "ci95"})
                rows.append({"variant": name, "metric": key, **values, "ci95_low": low, "ci95_high": high})
        return pd.DataFrame(rows).set_index(["variant", "metric"]) if rows else pd.DataFrame()

    def to_json(self) -> str:
        """The document as text: same result, same bytes."""
        data = self.document.model_dump(mode="json")
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """A result without its requests.

        Raises:
            pydantic.ValidationError: if the text is not a result document of this schema version.
        """
        return cls(Document.model_validate_json(text))

    def __repr__(self) -> str:
        return f"Result({self.name!r}, variants={list(self.variants)}, replications={self.document.replications})"
