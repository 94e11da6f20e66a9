"""``wrkr completion``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from wrkr_cli.framing import command as make
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(_session: Session, shell: str) -> list[str]:
    return [f"print the completion script for {shell}"]


@make(
    "completion",
    examples=['eval "$(wrkr completion bash)"', "wrkr completion zsh"],
    explain=_explain,
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(session: Session, shell: str) -> None:
    """Print the script that completes wrkr's commands and options in SHELL.

    Put its output into your shell's start-up file, or evaluate it once to try it.
    """
    from wrkr_cli.main import group

    found = get_completion_class(shell)
    if found is None:
        raise InvalidInputError(f"no completion for {shell!r}")
    script = found(group, {}, "wrkr", "_WRKR_COMPLETE").source()
    session.result({"shell": shell, "script": script}, [script], brief=script)
