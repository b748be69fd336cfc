"""`paasim trace`: what a request trace is like, conversion between formats, and fitting of lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paasim.cli import console

app = typer.Typer(
    help="Request traces: show, convert, fit lengths.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

File = Annotated[Path, typer.Argument(help="Trace file, plain or .gz: Azure, Mooncake or Vidur format.")]
Format = Annotated[str | None, typer.Option("--format", help="Format; told from the first line if left out.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def show(file: File, format_: Format = None, as_json: Json = False) -> None:
    """Show requests, rate, burstiness, lengths and prefix sharing of a trace."""
    from paasim.workload.formats import open_trace
    from paasim.workload.summary import summarise

    trace = open_trace(file, format_)
    summary = summarise(trace.requests(), trace.block_tokens)
    facts = {"file": str(file), "format": getattr(trace, "kind", "")} | summary.as_dict()
    if as_json:
        console.say_json(facts)
    else:
        _print(facts)


def _print(facts: dict[str, Any]) -> None:
    from rich.table import Table

    rate = f", {facts['rate']:.3g} /s" if facts["rate"] else ""
    console.say(f"{facts['requests']:,} requests in {facts['duration']:,.0f} s{rate} ({facts['format']} format)")
    if facts["cv"]:
        burst = "burstier than" if facts["cv"] > 1.1 else "more regular than" if facts["cv"] < 0.9 else "about as"
        than = "Poisson" if burst != "about as" else "bursty as Poisson"
        console.say(f"gaps between arrivals vary with cv {facts['cv']:.2f}: {burst} {than}")
    table = Table(box=None, header_style="bold")
    for heading in ("tokens", *facts["prompt"]):
        table.add_column(heading, justify="left" if heading == "tokens" else "right")
    for part in ("prompt", "output"):
        table.add_row(part, *(f"{value:,.0f}" for value in facts[part].values()))
    console.out().print(table)
    if facts["rank_correlation"] is not None:
        console.say(f"rank correlation of prompt and output: {facts['rank_correlation']:.2f}")
    sharing = facts["sharing"]
    if sharing is None:
        console.say("no prefixes are recorded")
        return
    console.say(
        f"prefixes: {sharing['block_references']:,.0f} references to blocks of {sharing['block_tokens']:.0f} tokens, "
        f"{sharing['repeated_share']:.1%} repeat an earlier one; an endless cache would hit {sharing['hit_share']:.1%}"
    )


@app.command()
def convert(
    file: File,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write; .gz compresses.")],
    format_: Format = None,
    to: Annotated[str | None, typer.Option("--to", help="Format to write; told from the ending if left out.")] = None,
    speed: Annotated[float, typer.Option(min=1e-6, help="Make time run this many times faster.")] = 1.0,
    limit: Annotated[int | None, typer.Option(min=1, help="Keep this many requests only.")] = None,
    as_json: Json = False,
) -> None:
    """Convert a trace to another format."""
    from paasim.workload.formats import format_of, formats, open_trace, write_trace

    trace = open_trace(file, format_).model_copy(update={"speed": speed, "limit": limit})
    target = to or format_of(output)
    count = write_trace(trace.requests(), output, target)
    if trace.block_tokens and not formats()[target].block_tokens:
        console.warn(f"the {target} format has no prefixes: the block ids are lost")
    elif not trace.block_tokens and formats()[target].block_tokens:
        console.note("the trace has no prefixes: every request got blocks of its own")
    facts = {"file": str(file), "output": str(output), "format": target, "requests": count}
    if as_json:
        console.say_json(facts)
    else:
        console.say(f"{count:,} requests written to {output} ({target} format)")


@app.command()
def fit(
    file: File,
    output: Annotated[Path, typer.Option("-o", "--output", help="Table to write (.csv); a .yaml goes beside it.")],
    format_: Format = None,
    bins: Annotated[int, typer.Option(min=1, max=100, help="Groups of prompt rank with outputs of their own.")] = 10,
    source: Annotated[str, typer.Option(help="Where the data are from (URL).")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the data.")] = "",
    note: Annotated[str, typer.Option(help="What a reader should know.")] = "",
    as_json: Json = False,
) -> None:
    """Fit quantiles of lengths to a trace, for `lengths: {kind: empirical, path: ...}`."""
    import yaml

    from paasim.workload.fit import fit as fit_table
    from paasim.workload.fit import header, read_lengths

    prompts, outputs, summary = read_lengths(file, format_)
    table = fit_table(prompts, outputs, bins)
    facts = header(output.stem, prompts, outputs, summary) | {
        key: value for key, value in (("source", source), ("licence", licence), ("note", note)) if value
    }
    output.write_text("\n".join(table.rows()) + "\n", encoding="utf-8")
    output.with_suffix(".yaml").write_text(yaml.safe_dump(facts, sort_keys=False, width=120), encoding="utf-8")
    mean = dict(zip(("prompt", "output"), table.means(), strict=True))
    if as_json:
        console.say_json(facts | {"fitted_means": mean, "output": str(output)})
    else:
        console.say(f"{len(prompts):,} requests fitted; means {mean['prompt']:,.0f} and {mean['output']:,.0f} tokens")
        console.say(f"(data: {facts['mean_prompt']:,} and {facts['mean_output']:,}); written to {output}")
