"""`paasim scenario`: check a scenario, say in plain words what it holds, or print its JSON schema."""

from __future__ import annotations

import typer

from paasim.cli import console

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Check a scenario, explain it in plain words, or print its JSON schema.",
)

SCENARIO = typer.Argument(metavar="SCENARIO", help="A YAML file, a result folder, or a bundled scenario by name.")
SET = typer.Option([], "--set", metavar="PATH=VALUE", help="Change one value, such as run.seed=7. May be repeated.")
VARIANT = typer.Option(None, "--variant", metavar="NAME", help="A variant of the scenario, not the scenario itself.")

SCHEMAS = {
    "scenario": ("paasim.scenario.schema", "scenario_schema"),
    "result": ("paasim.results.schema", "result_schema"),
    "capacity": ("paasim.results.capacity", "capacity_schema"),
    "sweep": ("paasim.study.sweep.result", "sweep_schema"),
    "max-rate": ("paasim.study.plan.max_rate.schema", "plan_schema"),
    "min-cost": ("paasim.study.plan.min_cost.schema", "plan_schema"),
    "sensitivity": ("paasim.study.sensitivity.schema", "sensitivity_schema"),
}
"""Documents that have a schema: the module and the function that makes it."""


@app.command()
def check(scenario: str = SCENARIO, changes: list[str] = SET) -> None:
    """Say what is wrong with a scenario and its variants: exit code 0 if it can run, 2 if not."""
    from paasim.scenario import checks, load

    loaded = load(scenario, changes)
    warnings = checks.check(loaded)
    for warning in warnings:
        console.warn(warning)
    variants = f" and its {len(loaded.variants)} variants" if loaded.variants else ""
    found = f", with {len(warnings)} warning{'s' if len(warnings) > 1 else ''}" if warnings else ""
    console.say(f"{scenario}{variants}: can run{found}")


@app.command()
def explain(scenario: str = SCENARIO, changes: list[str] = SET, variant: str | None = VARIANT) -> None:
    """Say in plain words what a scenario holds: sites, routes, bytes per request and offered load."""
    from paasim.scenario import checks, load
    from paasim.scenario.explain import lines
    from paasim.scenario.loader import chosen

    loaded = chosen(load(scenario, changes), variant)
    warnings = checks.check(loaded)
    for line in lines(loaded):
        console.say(line)
    for warning in warnings:
        console.warn(warning)


@app.command()
def show(scenario: str = SCENARIO, changes: list[str] = SET, variant: str | None = VARIANT) -> None:
    """Print a scenario in full, every default filled in, as YAML."""
    from paasim.scenario import load
    from paasim.scenario.loader import chosen
    from paasim.scenario.yaml import dump

    console.say(dump(chosen(load(scenario, changes), variant).expanded()).rstrip())


@app.command()
def schema(
    document: str = typer.Argument("scenario", metavar="DOCUMENT", help=f"One of: {', '.join(SCHEMAS)}."),
    result: bool = typer.Option(False, "--result", help="The same as: result."),
) -> None:
    """Print a JSON schema, for editors and scripts: of scenarios, or of what a verb prints with --json.

    result: `run` and `compare`; capacity: `analyze`; max-rate, min-cost: the goals of `plan`.
    """
    from importlib import import_module

    from paasim.core.errors import InputError, did_you_mean

    name = "result" if result else document
    if name not in SCHEMAS:
        raise InputError.one(name, "is not a document with a schema", did_you_mean(name, SCHEMAS))
    module, function = SCHEMAS[name]
    console.say_json(getattr(import_module(module), function)())


@app.command("list")
def list_() -> None:
    """List the scenarios that ship with paasim, each with the question it answers."""
    from paasim.scenario import bundled, load

    for name in bundled():
        console.say(f"{name:<16} {load(name).question}")
