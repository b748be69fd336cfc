"""Decode rates of Ollama on many machines, with their power at the wall.

Columns `model, system, processor, eval_rate_tokens_per_s, peak_power_W`, from
https://github.com/geerlingguy/ai-benchmarks. The rate is the mean over the answers to one short question ("Why is the
blue sky blue?"; `obench`); their length is not stated. The step is therefore put at a context of one token, as if there
were none: everything longer counts as outside the box. There is no prefill figure.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import Imported, Record, Select, chosen, has_columns, number, records_of
from paasim.profile.table import Row, Table

RATE, POWER = "eval_rate_tokens_per_s", "peak_power_W"
COLUMNS = ("model", "system", "processor", RATE, POWER)
MODELS = {
    "DeepSeek R1 14b": "qwen2.5-14b",
    "DeepSeek R1 671b": "deepseek-r1",
    "gpt-oss 20b": "gpt-oss-20b",
    "Llama 3.2:3b": "llama-3.2-3b",
    "Llama 3.1:70b": "llama-3.1-70b",
    "Llama 3.1:405b": "llama-3.1-405b",
}
"""Names there -> models of the catalogue; DeepSeek R1 14b is a fine-tuned Qwen2.5-14B."""
_MEMORY = re.compile(r"(\d+)\s?GB")


def read(path: Path, select: Select) -> Imported:
    """Read one line.

    Args:
        path: the CSV file.
        select: `model` and `system`, such as `model: "Llama 3.2:3b"`, `system: =Pi 5 - 16GB`.

    Raises:
        InputError: if not exactly one line is left, or it has no rate.
    """
    left = chosen(records_of(path, COLUMNS), select, path)
    if len(left) != 1:
        some = "; ".join(f"{r['model']} / {r['system']}" for r in left[:4])
        raise InputError.one(str(path), f"{len(left)} lines match: {some}", "select one model and system")
    rate = number(left[0], RATE, path)
    if not rate:
        raise InputError.one(str(path), f"{left[0]['system']} has no rate", "select another line")
    return Imported(Table([Row("decode", 1, 1, 1.0, 1 / rate)]), _header(left[0], number(left[0], POWER, path)))


def _header(record: Record, watts: float | None) -> dict[str, Any]:
    system, processor = record["system"], record["processor"]
    source = record.get("source") or "https://github.com/geerlingguy/ai-benchmarks"
    memory = _MEMORY.search(system)
    header: dict[str, Any] = {
        "model": MODELS.get(record["model"], record["model"].lower().replace(" ", "-")),
        "engine": "ollama",
        "provenance": "measured",
        "source": source,
        "licence": "MIT",
        "note": (
            f"Decode only, on the {processor} of: {system}. Mean over short answers to a short question, put at an "
            f"empty context. Measured with {record['model']}."
        ),
        "limits": {"max_seqs": 1},
    }
    if memory and "(Nvidia" not in system and "(AMD" not in system:
        header["memory"] = {"device_bytes": f"{memory[1]} GB"}
    if watts:
        header |= {"power": f"{watts:g} W", "power_source": f"{source} (peak of the whole machine, at the wall)"}
    return header


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, "system", RATE)


FORMAT = Format("ollama-rates", "decode rates of Ollama with power", _recognises, read)
