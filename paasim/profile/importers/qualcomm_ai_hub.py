"""Language models of Qualcomm AI Hub on Snapdragon NPUs (Genie, QNN context binaries), one line per model and device.

Columns `model, precision, device, runtime, context_length, ttft_ms_min, ttft_ms_max, tokens_per_second`, from the
`perf.yaml` files of https://github.com/quic/ai-hub-models. The network is compiled for a chunk of prompt tokens and
for a KV cache of fixed size. Its model cards (e.g. https://huggingface.co/qualcomm/Falcon3-7B-Instruct) say what the
figures are: the smaller time to first token holds for any prompt of up to one chunk, the larger for a prompt that
fills the context. In nearly all lines the larger is the smaller times the number of chunks, to the last digit:
derived, not measured; rows between follow the same rule. A decode step works on the whole cache of fixed size, so its
time stands at the shortest and at the longest context.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import Imported, Record, Select, chosen, has_columns, number, records_of
from paasim.profile.table import Row, Table

COLUMNS = ("model", "precision", "device", "runtime", "context_length", "ttft_ms_min", "ttft_ms_max")
RATE = "tokens_per_second"
MODELS = {
    "Falcon3-7B-Instruct": "falcon3-7b",
    "Llama-v2-7B-Chat": "llama-2-7b",
    "Llama-v3.1-8B-Instruct": "llama-3.1-8b",
    "Llama-v3.2-1B-Instruct": "llama-3.2-1b",
    "Llama-v3.2-3B-Instruct": "llama-3.2-3b",
    "Mistral-7B-Instruct-v0.3": "mistral-7b-v0.3",
    "Phi-3.5-Mini-Instruct": "phi-3.5-mini",
    "Qwen2.5-1.5B-Instruct": "qwen2.5-1.5b",
    "Qwen2.5-7B-Instruct": "qwen2.5-7b",
}
"""Names there -> names of the model catalogue; others stay, in lower case."""
DEVICES = {
    "Snapdragon 8 Elite QRD": "snapdragon-8-elite",
    "Snapdragon X Elite CRD": "snapdragon-x-elite",
    "SA8295P ADP": "sa8295p",
    "Samsung Galaxy S24": "galaxy-s24",
}
"""Devices there -> hardware; others stay, in lower case."""
ENGINES = {"qnn_context_binary": "qnn"}
CHUNK = 128
"""Tokens of a chunk (the model cards' `Input sequence length for Prompt Processor`) where the times do not tell it."""
WHOLE = 2e-3
"""How far the ratio of the two times may be from a whole number, relative, to be one of chunks."""


def read(path: Path, select: Select) -> Imported:
    """Read one line.

    Args:
        path: the CSV file.
        select: column -> text, such as `model: =Llama-v3.1-8B-Instruct`, `device: X Elite`, `precision: =w4a16`.

    Raises:
        InputError: if not exactly one line is left, or its figures are missing.
    """
    left = chosen(records_of(path, (*COLUMNS, RATE)), select, path)
    if len(left) != 1:
        some = ", ".join(f"{r['model']} / {r['device']} / {r['precision']}" for r in left[:4])
        raise InputError.one(str(path), f"{len(left)} lines match: {some}", "select one model, device and precision")
    record = left[0]
    first, last, context, rate = (number(record, name, path) for name in (*COLUMNS[5:], COLUMNS[4], RATE))
    if not first or not last or not context or not rate:
        raise InputError.one(
            str(path), f"{record['model']} lacks a time, context length or rate", "select another line"
        )
    chunks = _chunks(last / first)
    chunk = int(context / chunks) if chunks else CHUNK
    rows = [Row("prefill", 1, 1, 0.0, first / 1e3), Row("prefill", 1, chunk, 0.0, first / 1e3)]
    rows += [Row("prefill", 1, k * chunk, 0.0, k * first / 1e3) for k in _powers_below(chunks or 1)]
    if context > chunk:
        rows.append(Row("prefill", 1, int(context), 0.0, last / 1e3))
    rows += [Row("decode", 1, 1, at, 1 / rate) for at in (1.0, context)]
    return Imported(Table(rows), _header(record, chunk, int(context), bool(chunks)))


def _powers_below(most: int) -> list[int]:
    """2, 4, 8, ... below `most`: numbers of chunks that the source's own rule gives a time for."""
    return [2**k for k in range(1, most.bit_length()) if 2**k < most]


def _chunks(ratio: float) -> int | None:
    """The number of chunks that the two times tell, if the larger is a multiple of the smaller."""
    return round(ratio) if abs(ratio / round(ratio) - 1) < WHOLE else None


def _header(record: Record, chunk: int, context: int, derived: bool) -> dict[str, Any]:
    hardware = DEVICES.get(record["device"], record["device"].lower().replace(" ", "-"))
    model = MODELS.get(record["model"], record["model"].lower())
    engine = ENGINES.get(record["runtime"], record["runtime"])
    note = f"On the NPU ({record['device']}), compiled for chunks of {chunk} prompt tokens and a context of {context}. "
    if chunk == context:
        note += "Every prompt takes the time of that one chunk. "
    elif derived:
        note += "Measured is the time of one chunk; longer prompts take multiples of it, as the source reckons. "
    note += "Decode is one published rate: a step works on a cache of fixed size, whatever the context."
    return {
        "id": f"{hardware}/{model}/{record['precision']}/{engine}/tp1",
        "hardware": hardware,
        "place": "device",
        "model": model,
        "dtype": record["precision"],
        "engine": engine,
        "provenance": "measured",
        "source": record.get("source") or "https://github.com/quic/ai-hub-models",
        "licence": "BSD-3-Clause",
        "note": note,
        "limits": {"max_seqs": 1, "max_context": context},
    }


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, "ttft_ms_min", "ttft_ms_max", RATE)


FORMAT = Format("qualcomm-ai-hub", "Qualcomm AI Hub performance figures", _recognises, read)
