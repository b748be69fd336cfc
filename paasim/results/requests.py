"""The table of requests: one row each, with every time stamp, as a data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from paasim.core.recorder import Floats
from paasim.core.request import COMPLETED, DROPPED, UNFINISHED
from paasim.metrics.definitions import METRICS
from paasim.metrics.replication import Replication

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = {UNFINISHED: "unfinished", COMPLETED: "completed", DROPPED: "dropped"}
WHOLE_NUMBERS = ("index", "device", "prompt_tokens", "output_tokens", "cached_tokens", "preemptions")


def frame(variants: Mapping[str, Sequence[Replication]]) -> pd.DataFrame:
    """All requests of all variants and replications.

    Columns: `variant`, `replication`, the columns of the records with names in place of numbers, the latencies in
    seconds, and `measured`: whether the request counts in the metrics.
    """
    import pandas as pd

    tables = [
        _table(name, number, replication)
        for name, replications in variants.items()
        for number, replication in enumerate(replications)
    ]
    whole = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    for column in ("variant", "class", "route", "outcome", "reason", "kv_level", "prefill_instance", "decode_instance"):
        whole[column] = whole[column].astype("category")
    return whole


def _table(variant: str, number: int, replication: Replication) -> pd.DataFrame:
    import pandas as pd

    records = replication.records
    columns: dict[str, object] = {"variant": variant, "replication": number}
    for name, values in records.requests.items():
        if name in ("class", "route", "reason", "kv_level"):
            names = {
                "class": records.classes,
                "route": records.routes,
                "reason": records.reasons,
                "kv_level": records.levels,
            }[name]
            columns[name] = _named(values, names)
        elif name in ("prefill_instance", "decode_instance"):
            columns[name] = _named(values, records.instances)
        elif name == "outcome":
            columns[name] = _named(values, [OUTCOMES[i] for i in range(len(OUTCOMES))])
        elif name == "extrapolated":
            columns[name] = values.astype(bool)
        else:
            columns[name] = values.astype(np.int64) if name in WHOLE_NUMBERS else values
    columns |= {name: metric(records.requests) for name, metric in METRICS.items()}
    columns["measured"] = replication.measured
    return pd.DataFrame(columns, index=range(len(replication.measured)))


def _named(numbers: Floats, names: Sequence[str]) -> pd.Categorical[str]:
    """Names in place of positions; -1 is none."""
    import pandas as pd

    known = list(dict.fromkeys(names))
    code = np.array([known.index(name) for name in names] + [-1], dtype=np.int64)
    return pd.Categorical.from_codes(code[numbers.astype(np.int64)], categories=pd.Index(known, dtype=object))
