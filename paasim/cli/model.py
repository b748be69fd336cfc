"""`paasim model`: the catalogue of models, the KV bytes of one, and import of a Hugging Face `config.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from paasim.cli import console

app = typer.Typer(
    help="Models: KV and state bytes, catalogue, import.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

LENGTHS = {"1k": 1024, "8k": 8192, "32k": 32768, "128k": 131072}
"""Context lengths that `show` prices, in tokens."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """List the bundled models."""
    from paasim.model import load, names

    rows = [_facts(load(name)) for name in names()]
    if as_json:
        console.say_json(rows)
        return
    table = Table(box=None, header_style="bold")
    for heading in ("model", "KV per token", "fixed state", "KV at 32k", "layers", "weights", "figures"):
        table.add_column(heading, justify="left" if heading in ("model", "figures") else "right", no_wrap=True)
    for row in rows:
        weights = "-" if row["parameters"] is None else f"{row['parameters'] / 1e9:,.4g} B"
        state = _bytes(row["state_bytes"]) if row["state_bytes"] else "-"
        cells = (f"{row['kv_bytes_per_token']:,.0f} B", state, _bytes(row["kv_bytes"]["32k"]), str(row["layers"]))
        table.add_row(row["id"], *cells, weights, row["provenance"])
    console.out().print(table)


@app.command()
def show(
    model: Annotated[str, typer.Argument(help="A bundled name, a model YAML, or a Hugging Face config.json.")],
    tp: Annotated[int, typer.Option(min=1, help="Tensor-parallel GPUs, for the memory taken on all of them.")] = 1,
    kv_dtype: Annotated[str | None, typer.Option(help="Format of the KV cache, such as fp8.")] = None,
    as_json: Json = False,
) -> None:
    """Show a model: its layer groups and what a context of 1k to 128k tokens takes in memory and on the wire."""
    from paasim.model import load

    loaded = load(model, Path.cwd())
    if kv_dtype is not None:
        loaded = loaded.stored_as(_kv_format(kv_dtype))
    facts = _facts(loaded, tp)
    if as_json:
        console.say_json(facts)
        return
    screen = console.out()
    screen.print(f"[bold]{facts['id']}[/bold]  {facts['name']}  ({facts['provenance']}, KV in {facts['kv_dtype']})")
    screen.print(facts["source"], style="dim")
    if facts["note"]:
        screen.print(facts["note"])
    screen.print(_groups(loaded), "", _sizes(facts, tp))


def _groups(model: Any) -> Table:
    table = Table("layers", "kind", "per token", "window", "fixed", box=None, header_style="bold")
    for group in model.groups:
        growth, state = group.growth(model.kv_dtype), group.state(model.kv_dtype)
        window = f"{group.window_tokens:,}" if group.window_tokens else "-"
        cells = (f"{growth:,.0f} B" if growth else "-", window, _bytes(state) if state else "-")
        table.add_row(str(group.layers), group.kind, *cells)
    return table


def _sizes(facts: dict[str, Any], tp: int) -> Table:
    table = Table("context", "KV and state", "sent", f"on {tp} GPU{'s' if tp > 1 else ''}", "read per step", box=None)
    for label, tokens in LENGTHS.items():
        sizes = (facts[key][label] for key in ("kv_bytes", "sent_bytes", "capacity_bytes"))
        table.add_row(f"{tokens:,}", *map(_bytes, sizes), f"{facts['attended'][label]:,.0f} tokens")
    return table


@app.command("import")
def import_config(
    config: Annotated[Path, typer.Argument(help="A Hugging Face config.json.")],
    name: Annotated[str | None, typer.Option(help="Hugging Face id, such as Qwen/Qwen3-8B.")] = None,
    parameters: Annotated[float | None, typer.Option(help="Number of weights, which the file does not say.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="YAML file to write; else printed.")] = None,
    as_json: Json = False,
) -> None:
    """Turn a Hugging Face config.json into a model file."""
    import yaml

    from paasim.core.errors import InputError
    from paasim.model import load
    from paasim.model.catalogue import read_config

    if not config.is_file():
        raise InputError.one(str(config), "does not exist", "give the config.json of a model")
    spec = read_config(config, name).model_copy(update={"parameters": parameters})
    data = spec.model_dump(mode="json", exclude_none=True, exclude_defaults=False)
    text = yaml.safe_dump({k: v for k, v in data.items() if v != ""}, sort_keys=False, width=120)
    if output is not None:
        output.write_text(text, encoding="utf-8")
        load(str(output.resolve()))
        console.note(f"written: {output}")
    elif as_json:
        console.say_json(data)
    else:
        console.say(text.rstrip())


def _facts(model: Any, tp: int = 1) -> dict[str, Any]:
    spec = model.spec
    return {
        "id": model.id,
        "name": model.name,
        "source": model.source,
        "provenance": spec.provenance,
        "note": spec.note,
        "dtype": model.dtype,
        "kv_dtype": model.kv_dtype,
        "parameters": spec.parameters,
        "max_context": spec.max_context,
        "layers": model.stream_layers,
        "kv_bytes_per_token": model.kv_bytes_per_token,
        "state_bytes": model.state_bytes,
        "kv_bytes": {label: model.kv_bytes(tokens) for label, tokens in LENGTHS.items()},
        "sent_bytes": {label: model.sent_bytes(tokens) for label, tokens in LENGTHS.items()},
        "capacity_bytes": {label: model.capacity_bytes(tokens, tp) for label, tokens in LENGTHS.items()},
        "attended": {label: model.attended(tokens) for label, tokens in LENGTHS.items()},
        "tp": tp,
    }


def _kv_format(text: str) -> Any:
    from typing import get_args

    from paasim.core.errors import InputError, did_you_mean
    from paasim.model.dtypes import KvDtype

    if text not in get_args(KvDtype):
        raise InputError.one("--kv-dtype", f"'{text}' is not a format", did_you_mean(text, get_args(KvDtype)))
    return text


def _bytes(value: float) -> str:
    """Bytes in the largest binary unit that keeps them at 1 or more."""
    for unit, size in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= size:
            return f"{value / size:,.2f} {unit}"
    return f"{value:.0f} B"
