"""The entry point `paasim`: finds the verb, imports only that verb's module, and turns errors into exit codes.

Exit codes: 0 done; 1 internal failure; 2 wrong use or invalid input; 3 done, but an objective was not met; 4 a sweep
finished with failed points; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from paasim.core.errors import InputError, PaasimError, did_you_mean

VERBS = {
    "run": "Simulate a scenario and say where the time goes.",
    "compare": "Simulate a scenario's variants on the same requests and compare them, paired.",
    "analyze": "Say what a scenario can carry, and what is full first, without a run.",
    "sweep": "Simulate a scenario over values of its fields, on every core, in shards or on a cluster.",
    "plan": "Find the most load within objectives, or the least cost for a load, and what limits it.",
    "sensitivity": "Find which inputs move the answer most, and whether it survives the error of the profiles.",
    "scenario": "Check a scenario, explain it in plain words, or print its JSON schema.",
    "profile": "List, show, measure, fit, validate and import hardware profiles.",
    "network": "Explain the KV transfers of a scenario; list, show and fit networks whose rate changes.",
    "model": "List and show models: what their KV cache weighs on a network.",
    "trace": "Show or convert a request trace.",
    "kinds": "List what can be chosen: routers, links, batching policies, workloads, codecs.",
    "init": "Write a first scenario, with comments, to start from.",
}
"""Every verb in the order of the help, with its line; its code is `paasim/cli/<verb>.py`, or a folder of that name."""

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + the number of SIGINT, as shells have it."""

TRACEBACK = "PAASIM_TRACEBACK"
"""Environment variable: set to 1, an internal failure shows its traceback."""


class Verbs(TyperGroup):
    """A group of commands that imports a command only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs, in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the verb's module and give its command; None where there is no such verb.

        Raises:
            InputError: for an unknown verb, with the nearest known one.
        """
        if cmd_name not in VERBS:
            raise InputError.one("", f"there is no command '{cmd_name}'", did_you_mean(cmd_name, VERBS))
        module = importlib.import_module(f"paasim.cli.{cmd_name}")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


app = typer.Typer(
    name="paasim",
    cls=Verbs,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from paasim.results.manifest import is_compiled, version

        typer.echo(f"paasim {version()} ({'compiled' if is_compiled() else 'plain Python'})")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Simulate where the latency of LLM serving goes: does remote prefill pay, and what does the network cost?

    Start with: paasim compare quickstart
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; all output of errors is done here."""
    try:
        result = typer.main.get_command(app)(list(arguments), prog_name="paasim", standalone_mode=False)
        sys.stdout.flush()
    except PaasimError as error:
        return _tell(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _tell("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _hush()  # the reader of our output has gone (`paasim ... | head`): nobody to tell
        return 1
    except Exception as error:
        return _tell_failure(error)
    if result == INTERRUPTED:  # how newer versions of typer report Ctrl-C
        return _tell("interrupted", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _hush() -> None:
    """Send what is left of stdout nowhere, so that the interpreter has nothing to complain about at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(text: str, code: int) -> int:
    for line in text.splitlines():
        typer.echo(line, err=True)
    return code


def _tell_failure(error: Exception) -> int:
    """Show wrong use as the parser words it, and anything else as an internal failure."""
    show = getattr(error, "show", None)
    if show is not None:  # click's and typer's exceptions for wrong use know how to show themselves
        show()
        return int(getattr(error, "exit_code", 2))
    if os.environ.get(TRACEBACK) == "1":
        import traceback

        return _tell(traceback.format_exc(), 1)
    return _tell(
        f"internal failure: {type(error).__name__}: {error}\n"
        f"This is a fault of paasim, not yours. {TRACEBACK}=1 shows where it happened.",
        1,
    )


def main() -> None:
    """The command `paasim`."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
