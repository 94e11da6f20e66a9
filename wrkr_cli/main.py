"""The command ``wrkr``: which commands there are, and the last line of defence.

Only the command that runs is imported, so ``wrkr --help`` costs little more than Python and click.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

import click

from wrkr_cli.streams import give_up, prepare, unwritten

COMMANDS: Final = {
    "demo": "See it work: a real job, killed, resumed, approved and verified.",
    "init": "Write a commented job spec to start from.",
    "run": "Submit a job and work on it here.",
    "submit": "Submit a job for a worker.",
    "worker": "Work on what is submitted.",
    "wrap": "Run one command as a job.",
    "list": "List jobs.",
    "status": "Show where a job stands.",
    "log": "Print a job's events.",
    "tail": "Print a job's newest events, and follow it.",
    "checkpoint": "List, show and record checkpoints.",
    "approve": "Say yes to a decision a job waits for.",
    "reject": "Say no to a decision a job waits for.",
    "pause": "Stop work at the next step boundary.",
    "resume": "Go on with a job, here.",
    "cancel": "End a job without a result.",
    "budget": "Show and raise limits.",
    "job": "Inspect a job, compare or fork it, prove what it did, erase it.",
    "export": "Write a job's jobpack.",
    "receipt": "Print the line that names a jobpack for ever.",
    "verify": "Check a jobpack, a job in the store, or a proof.",
    "import": "Take a jobpack into the store.",
    "accept": "Judge a finished job by rules of your own.",
    "report": "Tell a reviewer what a job did.",
    "bridge": "Hand a decision to an issue tracker.",
    "keys": "Keys, whom to trust, and signatures.",
    "store": "Look after the store.",
    "conformance": "Prove that a store keeps the contract.",
    "schema": "JSON Schemas of what wrkr reads and writes.",
    "doctor": "Check this installation and say what to mend.",
    "completion": "Print the shell completion script.",
    "version": "Print the version.",
}


class CommandTable(Mapping[str, click.Command]):
    """The commands by name, each imported when it is first asked for."""

    def __getitem__(self, name: str) -> click.Command:
        """Import and return the command."""
        if name not in COMMANDS:
            raise KeyError(name)
        module = import_module(f"wrkr_cli.commands.{name if name != 'import' else 'import_pack'}")
        command: click.Command = module.command
        return command

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, in the order people meet them."""
        return iter(COMMANDS)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(COMMANDS)


class LazyGroup(click.Group):
    """Lists commands from the table without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None if there is none by that name."""
        del ctx
        return CommandTable()[cmd_name] if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; name the nearest one for a name that does not exist."""
        name = args[0] if args else ""
        if name and name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, 1)
            also = f" Did you mean {near[0]!r}?" if near else " 'wrkr --help' lists them."
            raise click.UsageError(f"there is no command {name!r}.{also}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(
    ctx: click.Context, _parameter: click.Parameter, value: bool
) -> None:  # click's signature
    if value:
        from wrkr_core._version import __version__

        click.echo(f"wrkr {__version__}")
        ctx.exit()


group = LazyGroup(
    name="wrkr",
    help="An agent's work made durable, bounded, reviewable and provable.",
    epilog="Every command has --help with examples. The store is --store, WRKR_STORE, or "
    "sqlite:///~/.wrkr/wrkr.db.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Print the version and exit.",
        )
    ],
)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    arguments = sys.argv[1:]
    code = 0
    prepare()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        give_up(sys.stdout)  # whoever read our output has seen enough
    except OSError as error:
        from wrkr_cli.failing import report

        code = report(unwritten(error), arguments) if code == 0 else code
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Return the exit code of one invocation; every error becomes a message and a code."""
    try:
        _require_names(arguments)
        result = group.main(args=arguments, prog_name="wrkr", standalone_mode=False)
    except (BrokenPipeError, SystemExit):
        raise
    except click.exceptions.NoArgsIsHelpError as asked:
        print(asked.format_message())
        return 0
    except BaseException as error:  # noqa: BLE001  # the last line: everything becomes a code
        from wrkr_cli.failing import report

        return report(error, arguments)
    return result if isinstance(result, int) else 0


def _require_names(arguments: list[str]) -> None:
    """Require what a system can take as a name. Raises: UsageError: a system hands on no U+0000."""
    for each in arguments:
        if "\0" in each:
            raise click.UsageError(f"{each[:200]!r} holds the character U+0000")
