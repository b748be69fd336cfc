"""`paasim profile measure`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paasim.cli import console, outcome
from paasim.cli.profile import options
from paasim.cli.profile.options import Header, Json

if TYPE_CHECKING:
    from paasim.profile.measure.facts import Facts
    from paasim.profile.measure.run import Measurement
    from paasim.profile.table import Table

INTERRUPTED = 130

Out = Annotated[Path | None, typer.Option("-o", "--output", help="Profile to write, as in my-gpu.yaml; CSV beside it.")]
Model = Annotated[str, typer.Option(help="Model to ask for, where the server has several.")]
Prompts = Annotated[str, typer.Option(help="New tokens of lone prompts.")]
Prefixes = Annotated[str, typer.Option(help="Cached tokens before them; 0 is none.")]
Contexts = Annotated[str, typer.Option(help="Prompt tokens of streams that decode.")]
Concurrency = Annotated[str, typer.Option(help="Streams that decode together.")]
Tokens = Annotated[int, typer.Option(help="Tokens during which all of them decode.")]
Repeats = Annotated[int, typer.Option(help="Measured rounds over the grid.")]
Warmup = Annotated[int, typer.Option(help="Rounds before, not counted.")]
Limit = Annotated[str, typer.Option(help="Stop after this time and use what is there, as in '10 min'.")]
Timeout = Annotated[str, typer.Option(help="Longest wait for the server's next byte.")]
KeyEnv = Annotated[str, typer.Option(help="Environment variable with the API key, if the server wants one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be measured and how long it takes.")]


def measure(
    url: Annotated[str, typer.Argument(help="An OpenAI-compatible server, as in http://localhost:8000.")],
    output: Out = None,
    model: Model = "",
    prompts: Prompts = "128,512,1024,2048,4096",
    prefixes: Prefixes = "0",
    contexts: Contexts = "128,1024,4096",
    concurrency: Concurrency = "1,2,4,8",
    tokens: Tokens = 64,
    repeats: Repeats = 5,
    warmup: Warmup = 1,
    time_limit: Limit = "1 h",
    timeout: Timeout = "120 s",
    api_key_env: KeyEnv = "OPENAI_API_KEY",
    header: Header = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Measure a running engine (vLLM, SGLang, llama.cpp, Ollama, ...) over a grid and write its profile.

    Ctrl-C keeps what was measured.
    """
    from paasim.core.errors import InputError
    from paasim.profile.measure import Endpoint, Grid, Measurement
    from paasim.profile.measure.client import Client
    from paasim.profile.measure.facts import ask
    from paasim.profile.write import require_writable

    fields = options.header_fields(header)
    lengths = (_numbers(prompts, "--prompts"), _numbers(prefixes, "--prefixes"), _numbers(contexts, "--contexts"))
    grid = Grid(*lengths, _numbers(concurrency, "--concurrency"), tokens, repeats, warmup)
    longest = _duration(time_limit, "--time-limit")
    endpoint = Endpoint.parse(url, _key(api_key_env), _duration(timeout, "--timeout"))
    if output is None and not dry_run:
        raise InputError.one("-o", "says where to write the profile", "give e.g. -o my-gpu.yaml, or --dry-run")
    if output is not None:
        require_writable(output.with_suffix(".yaml"))
    facts = ask(endpoint, model)
    measurement = Measurement(Client(endpoint, facts.model), grid, facts.most)
    seconds = measurement.probe()
    _announce(facts, measurement, seconds)
    if dry_run or output is None:
        _plan(facts, measurement, seconds, as_json=as_json)
        return 0
    interrupted = False
    try:
        with outcome.progress() as progress:
            measurement.run(time.perf_counter() + longest, progress)
    except KeyboardInterrupt:
        interrupted = True
    _finish(measurement, facts, fields, output.with_suffix(".yaml"), as_json=as_json)
    return INTERRUPTED if interrupted else 0


def _announce(facts: Facts, measurement: Measurement, seconds: float) -> None:
    engine = facts.engine if facts.version == "unstated" else f"{facts.engine} {facts.version}"
    where = measurement.client.dialect.path
    console.note(f"{facts.model} on {engine}, over {where}: {len(measurement.points)} points, {_roughly(seconds)}")
    for note in measurement.notes:
        console.warn(note)


def _plan(facts: Facts, measurement: Measurement, seconds: float, *, as_json: bool) -> None:
    points = [point.label for point in measurement.points]
    left_out = {point.label: why for point, why in measurement.left_out.items()}
    if as_json:
        plan = {"model": facts.model, "engine": facts.engine, "points": points, "left_out": left_out}
        console.say_json(plan | {"seconds": round(seconds, 1)})
        return
    for point in points:
        console.say(point)
    for label, why in left_out.items():
        console.note(f"left out: {label}: {why}")


def _finish(measurement: Measurement, facts: Facts, fields: dict[str, Any], output: Path, *, as_json: bool) -> None:
    """Write what there is, say what there is not.

    Raises:
        InputError: if nothing was measured, or the server went away (after writing what there is).
    """
    from paasim.core.errors import InputError, Problem

    table = measurement.table()
    for point, why in measurement.left_out.items():
        console.warn(f"left out: {point.label}: {why}")
    if measurement.outliers:
        console.note(f"{measurement.outliers} repeats were outliers and do not count")
    if not table.rows:
        nothing = [Problem("", "nothing was measured", "allow more time, or see above")]
        raise measurement.failure or InputError(nothing)
    header = facts.header(measurement.overhead, measurement.surplus)
    profile = _write(table, options.merged({"id": output.stem, **header}, fields), output)
    if as_json:
        console.say_json(_document(measurement, facts, table, output, profile))
    elif profile is not None:
        options.report([profile], output)
    if measurement.failure is not None:
        raise measurement.failure


def _write(table: Table, header: dict[str, Any], output: Path) -> Any | None:
    """Write the profile; if the rows are too few for one, the table alone."""
    from paasim.core.errors import InputError
    from paasim.profile.fit import require_enough
    from paasim.profile.write import make

    try:
        require_enough(table)
    except InputError as error:
        output.parent.mkdir(parents=True, exist_ok=True)
        table.write(output.with_suffix(".csv"))
        for problem in error.problems:
            console.warn(problem.what)
        console.note(f"too little for a profile; the rows are in {output.with_suffix('.csv')}")
        return None
    return make(header, table, output)


def _document(measurement: Measurement, facts: Facts, table: Table, output: Path, profile: Any) -> dict[str, Any]:
    rows = [
        {"phase": r.phase, "batch": r.batch, "new_tokens": r.new_tokens, "context_tokens": r.context_tokens}
        | {"latency_ms": r.latency * 1e3, "std_ms": None if r.std is None else r.std * 1e3, "n": r.n}
        for r in table.rows
    ]
    error = None if profile is None else profile.spec.model_dump(mode="json", include={"error"})["error"]
    return {
        "profile": None if profile is None else str(output),
        "table": str(output.with_suffix(".csv")),
        "model": facts.model,
        "engine": facts.engine,
        "version": facts.version,
        "overhead_ms": measurement.overhead * 1e3,
        "surplus_ms": measurement.surplus * 1e3,
        "rows": rows,
        "outliers": measurement.outliers,
        "left_out": {point.label: why for point, why in measurement.left_out.items()},
        "notes": measurement.notes,
        "error": error,
    }


def _numbers(text: str, option: str) -> tuple[int, ...]:
    from paasim.core.errors import InputError

    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError.one(option, f"'{text}' is not a list of whole numbers", "write e.g. 128,512,2048") from None


def _duration(text: str, option: str) -> float:
    from paasim.core.errors import InputError
    from paasim.core.units import TIME

    try:
        seconds = TIME.parse(text)
    except ValueError as error:
        raise InputError.one(option, str(error)) from None
    if seconds <= 0:
        raise InputError.one(option, f"'{text}' is no time", "write e.g. '10 min'")
    return seconds


def _key(name: str) -> str:
    """The API key from the environment; a variable that was named must be there."""
    from paasim.core.errors import InputError

    key = os.environ.get(name, "").strip()
    if not key and name != "OPENAI_API_KEY":
        raise InputError.one("--api-key-env", f"the environment has no variable '{name}'", f"export {name}=...")
    if not key.isascii() or any(sign.isspace() for sign in key):
        raise InputError.one("--api-key-env", f"{name} holds no API key", "it must be one word of plain characters")
    return key


def _roughly(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
