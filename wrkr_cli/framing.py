"""What all commands share: the common options, ``--explain``, and examples in the help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wrkr_cli.session import Session, default_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Explain = Callable[..., Sequence[str]]
    Body = Callable[..., int | None]

COMMON = (
    click.Option(["--store"], metavar="URL", help="The store [WRKR_STORE]."),
    click.Option(["--json", "as_json"], is_flag=True, help="Print the result as JSON."),
    click.Option(["--quiet", "-q"], is_flag=True, help="Print only what a script needs."),
    click.Option(["--verbose", "-v"], is_flag=True, help="Also say how it comes about."),
    click.Option(["--explain"], is_flag=True, help="Say what it would do, and do nothing."),
)


class Command(click.Command):
    """A command whose help ends with examples that are run by the tests."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401  # click's
        """Add ``examples``, whole command lines."""
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples behind the options."""
        del ctx
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def command(
    name: str, *, examples: Sequence[str], explain: Explain
) -> Callable[[Body], click.Command]:
    """Make a command of a function that takes the session and its own parameters.

    The function's docstring is the help. What it returns is the exit code, None for 0. ``explain``
    takes the same arguments and returns sentences that say what the command would do.
    """

    def make(body: Body) -> click.Command:
        def callback(**given: Any) -> int:  # noqa: ANN401  # click's parameters
            session = Session(
                url=given.pop("store") or default_store(),
                as_json=given.pop("as_json"),
                is_quiet=given.pop("quiet"),
                is_verbose=given.pop("verbose"),
            )
            explaining = given.pop("explain")
            try:
                if explaining:
                    sentences = list(explain(session, **given))
                    session.result(
                        {"command": name, "would": sentences},
                        [f"would {each}" for each in sentences],
                    )
                    return 0
                return body(session, **given) or 0
            finally:
                session.close()

        own: list[click.Parameter] = list(reversed(getattr(body, "__click_params__", [])))
        return Command(
            name=name.rpartition(" ")[2],
            callback=callback,
            params=[*own, *_options()],
            help=body.__doc__,
            examples=examples,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        )

    return make


def _options() -> list[click.Parameter]:
    import copy

    return [copy.copy(option) for option in COMMON]


def group(name: str, help_text: str, commands: Sequence[click.Command]) -> click.Group:
    """Return a group of commands, listed in the order given."""
    found = _InOrder(
        name=name,
        help=help_text,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    )
    for each in commands:
        found.add_command(each)
    return found


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order they were added."""
        del ctx
        return list(self.commands)
