"""`silicon_sample.csv` of NVIDIA's aiconfigurator: mostly InferenceX (InferenceMAX) runs, one a row, closed loop.

`silicon_ttft_ms` and `silicon_tpot_ms` are a mean or a median, which is not said (`typical` here). TTFT includes
queueing at that concurrency. The concurrency of the whole system stands in `silicon_data_source`; `batch_size` is that
of one attention-data-parallel rank. Lengths are those asked for. The file says nothing of speculative decoding, chunk
sizes, or prefix caching.
Known faults of the file, marked in `unusable` or `warnings`: a width that was multiplied in twice (tp 64 for `tp8_ep8`;
undone where copies of such rows show how); disaggregated rows without the number of instances; sizes of 0; one
measurement in several rows, where a later extract of the same source was added.
See https://github.com/ai-dynamo/aiconfigurator: aic-core/src/aiconfigurator_core/systems/silicon_sample.csv.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from paasim.profile.importers.imported import has_columns
from paasim.results.readers.formats import Format
from paasim.results.readers.tables import Row, rows_of
from paasim.results.served import TYPICAL, Layout, Served, Setup

COLUMNS = ("backend", "model_path", "system", "mode", "isl", "osl", "silicon_ttft_ms", "silicon_tpot_ms")
MODES = {"agg": "aggregated", "disagg": "disaggregated"}
NODE = 8
"""GPUs of a server of these systems; only the NVL72 racks (`gb...`) join more."""
ALIKE = 1.5
"""Largest over smallest TPOT of rows of one set-up, above which something else must differ."""
REPEATED = "the same measurement stands in another row"

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
    runs = [_run(row, path) for row in rows_of(path, COLUMNS)]
    _mark_unlike(runs)
    _mark_repeats(runs)
    return runs


def _run(row: Row, path: Path) -> Served:
    told = row.text("silicon_data_source")
    mode = MODES.get(row.text("mode"), row.text("mode"))
    stated, prefill, decode = (_layout(row, role) for role in ("", "prefill_", "decode_"))
    whole = _undone(row, stated) if mode == MODES["agg"] else stated
    ttft, tpot = row.number("silicon_ttft_ms"), row.number("silicon_tpot_ms")
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
        concurrency=_concurrency(row, told, stated),
        isl=row.number("isl"),
        osl=row.number("osl"),
        date=found[1] if (found := _DATE.search(told)) else "",
        source=told or path.name,
    )
    return Served(
        name=row.text("id") or row.where,
        setup=setup,
        stated={name: {TYPICAL: value / 1e3} for name, value in (("ttft", ttft), ("tpot", tpot)) if value},
        warnings=list(_warnings(row, told, setup, stated)),
        unusable="; ".join(_reasons(row, setup, ttft, tpot)),
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


def _concurrency(row: Row, told: str, whole: Layout) -> int | None:
    found = _CONCURRENCY.search(told) or _IN_ID.search(row.text("id"))
    if found:
        return int(found[1])
    return whole.batch * (whole.dp or 1) if whole.batch else None


def _precision(row: Row) -> str:
    """As stated, else by the quantization of its matrices, else by the model's name."""
    stated = row.text("precision") or row.text("gemm_quant_mode")
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
        yield "the concurrency is taken from the id or the batch size"
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
    """The number of GPUs of the instance, where the file contradicts itself."""
    layout = setup.layout
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

    66 such rows have a copy of the same measurement with other widths; each copy says N GPUs, ep = N, moe_tp = 1.
    """
    width = layout.ep or 1
    if width == 1 or layout.moe_tp != width or layout.gpus != width**2 or not _contradicted(row, layout):
        return layout
    if layout.dp == width**2:
        return replace(layout, dp=width, moe_tp=1, batch=None)
    once = replace(layout, tp=width, moe_tp=1) if layout.tp == width**2 else layout
    return layout if _contradicted(row, once) else once


def _mark_unlike(runs: list[Served]) -> None:
    """Warn of rows whose like, in all that the file tells, was much faster or slower."""
    like = defaultdict(list)
    for run in runs:
        if "tpot" in run.stated:
            s = run.setup
            facts = (s.engine, s.version, s.model, s.hardware, s.precision, s.mode, s.layout, s.prefill, s.decode)
            like[(*facts, s.concurrency, s.isl, s.osl)].append(run)
    for several in like.values():
        values = [run.stated["tpot"][TYPICAL] for run in several]
        for run, value in zip(several, values, strict=True):
            if max(values) > ALIKE * value or value > ALIKE * min(values):
                run.warnings.append(
                    f"another row of the very same set-up has a TPOT more than {ALIKE:g} times as large or as small: "
                    "something that the file does not tell differs"
                )


def _mark_repeats(runs: list[Served]) -> None:
    """Leave one of the rows that hold the very same measurement: the first that can be used."""
    same = defaultdict(list)
    for run in runs:
        if len(run.stated) == 2:
            same[tuple(each[TYPICAL] for each in run.stated.values())].append(run)
    for several in same.values():
        kept = next((run for run in several if not run.unusable), several[0])
        for run in several:
            if run is not kept and not run.unusable:
                run.unusable = REPEATED


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, "silicon_ttft_ms", "silicon_tpot_ms")


FORMAT = Format("silicon-sample", "aiconfigurator's silicon_sample.csv", _recognises, read)
