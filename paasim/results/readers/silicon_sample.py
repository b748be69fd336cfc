"""`silicon_sample.csv` of NVIDIA's aiconfigurator: mostly InferenceX (InferenceMAX) runs, one a row, closed loop.

`silicon_ttft_ms` and `silicon_tpot_ms` are a mean or a median, which is not said (`typical` here). TTFT includes
queueing at that concurrency. The concurrency of the whole system stands in `silicon_data_source`; `batch_size` is that
of one attention-data-parallel rank. Lengths are those asked for. The file says nothing of speculative decoding, chunk
sizes, or prefix caching; what is known of them from elsewhere is in `inferencex`.
Known faults of the file, marked in `unusable`, `held` or `warnings`: a width that was multiplied in twice (tp 64 for
`tp8_ep8`; undone where copies of such rows show how); disaggregated rows without the number of instances; sizes of 0;
no concurrency, or another one than the batch size; one measurement in several rows, where a later extract of the same
source was added (`repeats`).
See https://github.com/ai-dynamo/aiconfigurator: aic-core/src/aiconfigurator_core/systems/silicon_sample.csv.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from paasim.profile.importers.imported import has_columns
from paasim.results.readers.formats import Format
from paasim.results.readers.inferencex import LENGTHS, campaign, held_back, predicts_tokens
from paasim.results.readers.repeats import mark_repeats, mark_unlike
from paasim.results.readers.tables import Row, rows_of
from paasim.results.served import TYPICAL, Layout, Served, Setup

COLUMNS = ("backend", "model_path", "system", "mode", "isl", "osl", "silicon_ttft_ms", "silicon_tpot_ms")
MODES = {"agg": "aggregated", "disagg": "disaggregated"}
NODE = 8
"""GPUs of a server of these systems; only the NVL72 racks (`gb...`) join more."""

_CONCURRENCY = re.compile(r"silicon_concurrency=(\d+)")
_IN_ID = re.compile(r"_c(\d+)_")
_TP_IN_ID = re.compile(r"_tp(\d+)(?:_\d+)?_ep")
_DATE = re.compile(r"measured=(\d{4}-\d\d-\d\d)")
_SPECULATION = re.compile(r"mtp|eagle|spec[-_ ]?dec|nextn|medusa", re.IGNORECASE)
_PRECISION = re.compile(r"(nvfp4|mxfp4|fp8|int4|int8|awq|gptq)", re.IGNORECASE)
_TAG = re.compile(r"(?:image=|; )[\w./#-]+:v?([\w.+-]+)$")


def read(path: Path) -> list[Served]:
    """Read every row as a run.

    Raises:
        InputError: if a column is missing, or a cell is no number.
    """
    rows = rows_of(path, COLUMNS)
    runs = [_run(row, path) for row in rows]
    mark_unlike(runs)
    mark_repeats(runs, [sum(map(bool, row.cells.values())) for row in rows])
    return runs


def _run(row: Row, path: Path) -> Served:
    told = row.text("silicon_data_source")
    mode = MODES.get(row.text("mode"), row.text("mode"))
    stated, prefill, decode = (_layout(row, role) for role in ("", "prefill_", "decode_"))
    whole = _undone(row, stated) if mode == MODES["agg"] else stated
    ttft, tpot = row.number("silicon_ttft_ms"), row.number("silicon_tpot_ms")
    shortest, longest = LENGTHS[campaign(told)]
    setup = Setup(
        engine=row.text("backend"),
        version=row.text("backend_version") or ((tag := _TAG.search(told)) and tag[1]) or "",
        model=row.text("model_path"),
        hardware=row.text("system"),
        precision=_precision(row),
        gpus=_gpus(mode, whole, prefill, decode),
        mode=mode,
        layout=whole,
        prefill=prefill,
        decode=decode,
        speculation=_speculation(row, told),
        concurrency=_concurrency(row, told),
        isl=row.number("isl"),
        osl=row.number("osl"),
        shortest=shortest,
        longest=longest,
        campaign=campaign(told),
        date=found[1] if (found := _DATE.search(told)) else "",
        source=told or path.name,
    )
    return Served(
        name=row.text("id") or row.where,
        setup=setup,
        stated={name: {TYPICAL: value / 1e3} for name, value in (("ttft", ttft), ("tpot", tpot)) if value},
        warnings=list(_warnings(row, told, setup, stated)),
        unusable="; ".join(_reasons(row, setup, ttft, tpot)),
        held=held_back(setup),
    )


def _layout(row: Row, role: str) -> Layout:
    return Layout(
        tp=row.size(f"{role}tp_size"),
        pp=row.size(f"{role}pp_size"),
        ep=row.size(f"{role}moe_ep_size"),
        dp=row.size(f"{role}attention_dp_size"),
        moe_tp=row.size(f"{role}moe_tp_size"),
        instances=row.size(f"{role}num_workers") if role else None,
        batch=row.size(f"{role}batch_size"),
    )


def _gpus(mode: str, whole: Layout, prefill: Layout, decode: Layout) -> int | None:
    """Of the whole system; an aggregated row is of one instance."""
    if mode != MODES["disagg"]:
        return whole.gpus
    sizes = [(each.gpus, each.instances) for each in (prefill, decode)]
    return sum(gpus * count for gpus, count in sizes if gpus and count) if all(g and c for g, c in sizes) else None


def _concurrency(row: Row, told: str) -> int | None:
    """As stated. The batch size is no stand-in: ten rows have that alone, with TTFT of up to 54 s at 28 to 256."""
    found = _CONCURRENCY.search(told) or _IN_ID.search(row.text("id"))
    return int(found[1]) if found else None


def _precision(row: Row) -> str:
    """By the quantization of its matrices (`nvfp4`, where `precision` is `fp4`), else as stated, else by the name."""
    stated = row.text("gemm_quant_mode") or row.text("precision")
    named = _PRECISION.search(row.text("model_path"))
    return stated or (named[1].lower() if named else "")


def _speculation(row: Row, told: str) -> str:
    """Columns that newer files may have, else a word in the id or source."""
    for column in ("spec_decoding", "speculative", "mtp", "nextn"):
        if (text := row.text(column)) and text.lower() not in ("nan", "none", "0"):
            return f"{column} {text}"
    found = _SPECULATION.search(f"{row.text('id')} {told}")
    return found[0].lower() if found else ""


def _warnings(row: Row, told: str, setup: Setup, stated: Layout) -> Iterator[str]:
    if setup.layout != stated:
        yield (
            f"widths tp {stated.tp}, dp {stated.dp}, moe_tp {stated.moe_tp}, ep {stated.ep} hold a width twice: "
            f"taken as {setup.layout.gpus} GPUs, as other rows of the same measurements say"
        )
    if "wip=True" in told:
        yield "its source marks it as work in progress"
    if not setup.version:
        yield "the version of the engine is not stated"
    elif not row.text("backend_version"):
        yield "the version of the engine is that of its container image"
    if not setup.precision:
        yield "the precision is not stated"
    elif not row.text("precision"):
        yield "the precision is taken from the quantization or the model's name"
    if not _CONCURRENCY.search(told) and setup.concurrency is not None:
        yield "the concurrency is taken from the id"
    if not setup.speculation:
        yield "whether decoding was speculative is not stated"
    if setup.mode == MODES["agg"] and setup.concurrency and stated.batch:
        ranks = stated.batch * (stated.dp or 1)
        if setup.concurrency != ranks:
            yield f"concurrency is not batch_size x attention_dp_size ({setup.concurrency / ranks:g} times it)"


def _reasons(row: Row, setup: Setup, ttft: float | None, tpot: float | None) -> Iterator[str]:
    if not ttft or not tpot:
        yield "a latency is missing"
    if setup.concurrency is None:
        yield "the concurrency is not stated"
    if predicting := predicts_tokens(setup):
        yield predicting
    if setup.mode == MODES["agg"]:
        yield from _unsure_size(row, setup)
    elif setup.mode == MODES["disagg"]:
        if setup.prefill.instances is None or setup.decode.instances is None:
            yield "the numbers of prefill and decode instances are not stated"
        if setup.prefill.tp is None or setup.decode.tp is None:
            yield "tensor-parallel widths are missing"
    else:
        yield f"mode '{row.text('mode')}' is unknown"


def _unsure_size(row: Row, setup: Setup) -> Iterator[str]:
    """The number of GPUs or of replicas, where the file contradicts itself."""
    layout = setup.layout
    if setup.concurrency and layout.batch and layout.batch != setup.concurrency and layout.dp is None:
        yield "concurrency and batch size disagree, and the number of replicas is not stated"
    if layout.tp is None:
        yield "the tensor-parallel width is missing"
    elif _contradicted(row, layout):
        yield "its columns give more GPUs than its id, or than a server has"
    elif layout.tp > 1 and layout.tp == layout.dp:
        yield "tensor and data parallel width are equal: whether that is N or N x N GPUs is not sure"


def _contradicted(row: Row, layout: Layout) -> bool:
    """Whether the widths cannot be: by the id, or because a server has not so many GPUs."""
    gpus, named = layout.gpus or 0, _TP_IN_ID.search(row.text("id"))
    if named:
        return int(named[1]) != gpus
    return gpus > NODE and not row.text("system").startswith("gb")


def _undone(row: Row, layout: Layout) -> Layout:
    """The layout without a width N that was multiplied in twice: N x N GPUs, moe_tp = ep = N, against id or server.

    66 such rows have a copy of the same measurement with other widths; each copy says N GPUs, ep = N, moe_tp = 1. So
    does InferenceX of others that have none (`gptoss-fp4-h200-trt`: tp 2, ep 2, no data parallelism; here tp 4).
    """
    width = layout.ep or 1
    if width == 1 or layout.moe_tp != width or layout.gpus != width**2 or not _contradicted(row, layout):
        return layout
    if layout.dp == width**2:
        return replace(layout, dp=width, moe_tp=1, batch=None)
    once = replace(layout, tp=width, moe_tp=1) if layout.tp == width**2 else layout
    return layout if _contradicted(row, once) else once


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, "silicon_ttft_ms", "silicon_tpot_ms")


FORMAT = Format("silicon-sample", "aiconfigurator's silicon_sample.csv", _recognises, read)
