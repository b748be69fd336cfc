"""The Mooncake traces (Qin et al., FAST 2025; arXiv:2407.00079): requests with hashes of their prefix blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from paasim.core.errors import InputError
from paasim.workload.draw import Draw
from paasim.workload.files import checked_tokens, lines, wrong
from paasim.workload.traces.trace import TraceSpec


class MooncakeTrace(TraceSpec):
    """Mooncake trace: JSON lines with timestamp (ms), input_length, output_length and hash_ids of 512-token blocks.

    An equal id means an equal prefix up to and with that block; the last block of a prompt may be partial.
    """

    kind: Literal["mooncake"] = "mooncake"
    home: ClassVar[str] = "https://github.com/kvcache-ai/Mooncake (FAST25-release/traces)"
    block_tokens: ClassVar[int | None] = 512

    def read(self, path: Path) -> Iterator[Draw]:
        """The requests of a file, times from the start of the recording."""
        last = 0.0
        number = 0
        for number, text in lines(path, self.home):
            record = _record(path, number, text)
            at = _value(path, number, record, "timestamp")
            if at < last:
                raise wrong(path, number, "'timestamp' is before that of the line above", "sort the file by time")
            last = at
            prompt, output = (
                checked_tokens(path, number, name, _value(path, number, record, name))
                for name in ("input_length", "output_length")
            )
            yield at / 1e3, prompt, output, _blocks(path, number, record)
        if not number:
            raise wrong(path, 0, "has no requests", "give a file with at least one")

    @staticmethod
    def lines(draws: Iterable[Draw]) -> Iterator[str]:
        """The lines of a file; requests without prefixes get blocks that nobody shares."""
        free = 1 << 40
        for arrival, prompt, output, blocks in draws:
            if blocks is None:
                count = -(-prompt // 512)
                blocks = range(free, free + count)
                free += count
            ids = list(blocks)
            at = arrival * 1e3
            record = {"timestamp": round(at, 4) if at % 1 else int(at), "input_length": prompt}
            yield json.dumps(record | {"output_length": output, "hash_ids": ids})


def _record(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise wrong(path, number, f"is not JSON at column {error.colno}: {error.msg}") from None
    if not isinstance(record, dict):
        raise wrong(path, number, "is not a JSON object")
    return record


def _value(path: Path, number: int, record: dict[str, Any], name: str) -> float:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e18:
        raise _missing(path, number, record, name, "a number")
    return value


def _blocks(path: Path, number: int, record: dict[str, Any]) -> Sequence[int]:
    ids = record.get("hash_ids")
    if not isinstance(ids, list) or not all(type(one) is int for one in ids):
        raise _missing(path, number, record, "hash_ids", "a list of whole numbers")
    return ids


def _missing(path: Path, number: int, record: dict[str, Any], name: str, wanted: str) -> InputError:
    value = str(record.get(name))[:40]
    return wrong(path, number, f"'{name}' is {value}, not {wanted}" if name in record else f"'{name}' is missing")
