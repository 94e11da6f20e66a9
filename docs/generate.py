"""Write the reference pages that come from the code: ``python docs/generate.py [--check]``.

With ``--check`` nothing is written; the exit code is 1 if a page is not what the code says.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS.parent / "conformance")]

from wrkr_cli.main import COMMANDS, CommandTable  # noqa: E402  # found by the line above
from wrkr_core.codec import CLASSES  # noqa: E402
from wrkr_core.job.moves import MOVES  # noqa: E402
from wrkr_core.job.state import STATUSES  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

MADE = "<!-- Made by docs/generate.py from the code; edit the code instead. -->\n\n"


def events_page() -> str:
    """Return the page of all event types and their fields."""
    lines = [
        "# Events",
        "",
        "Everything that can happen to a job. Who caused it, when, and where in the stream is said by",
        "the log line around it. Instants and durations are microseconds, cost is micro-USD.",
        "",
    ]
    for wire, cls in CLASSES.items():
        lines += [f"## `{wire}`", "", " ".join((cls.__doc__ or "").split()), ""]
        lines += ["| field | type |", "|---|---|"]
        for field in attrs.fields(cls):
            kind = str(field.type).replace("|", "\\|")
            lines.append(f"| `{field.name}` | `{kind}` |")
        lines.append("")
    return "\n".join(lines)


def moves_page() -> str:
    """Return the page of the moves table and its diagram."""
    lines = [
        "# Statuses and moves",
        "",
        "A job is in one of eight statuses. Which event may happen in which, and where it leads, is one",
        "table; what is not in it is refused. `completed` and `canceled` are final.",
        "",
        "```text",
        *diagram(),
        "```",
        "",
        f"| event | {' | '.join(STATUSES)} |",
        f"|---|{'---|' * len(STATUSES)}",
    ]
    for event, moves in MOVES.items():
        cells = [moves.get(status, "") for status in STATUSES]
        said = [
            "stays" if cell == status else cell
            for cell, status in zip(cells, STATUSES, strict=True)
        ]
        lines.append(f"| `{event}` | {' | '.join(said)} |")
    return "\n".join([*lines, ""])


def diagram() -> Iterator[str]:
    """Yield one line per move that changes the status."""
    yield "(nothing)         --job_submitted-->                 queued"
    for event, moves in MOVES.items():
        for before, after in moves.items():
            if before != after:
                yield f"{before:<17} {'--' + event + '-->':<34} {after}"


def commands_page() -> str:
    """Return the page of all commands: the help each prints."""
    lines = ["# Commands", "", "What each command says of itself with `--help`.", ""]
    for name in COMMANDS:
        for path, command in walk(f"wrkr {name}", CommandTable()[name]):
            context = click.Context(
                command, info_name=path, max_content_width=80, terminal_width=80
            )
            lines += [f"## `{path}`", "", "```text", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(lines)


def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and, for a group, all commands in it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from walk(f"{path} {name}", each)


PAGES = {
    "reference/events.md": events_page,
    "reference/moves.md": moves_page,
    "reference/commands.md": commands_page,
}


def main() -> int:
    """Write or check every page."""
    stale = []
    for name, page in PAGES.items():
        path, text = DOCS / name, MADE + page()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, "utf-8")
    if "--check" in sys.argv and stale:
        print(f"not what the code says: {', '.join(stale)}; run: python docs/generate.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
