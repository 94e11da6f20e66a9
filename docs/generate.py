"""Write pages, parts of pages and schemas that come from the code: ``docs/generate.py [--check]``.

With ``--check`` nothing is written; the exit code is 1 if one of them is not what the code says.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS.parent / "conformance"), str(DOCS / "how-to"), str(DOCS)]

from record_schemas import schemas  # noqa: E402  # found by the line above

from wrkr_cli.main import COMMANDS, CommandTable  # noqa: E402  # as above
from wrkr_conformance import Target, all_clauses, run_clause  # noqa: E402
from wrkr_conformance.rendering.text import failure_lines  # noqa: E402
from wrkr_core.codec import CLASSES  # noqa: E402
from wrkr_core.job.moves import MOVES  # noqa: E402
from wrkr_core.job.state import STATUSES  # noqa: E402
from wrkr_core.payloads.places import CONTENT  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_conformance import Clause

MADE = "<!-- Made by docs/generate.py from the code; edit the code instead. -->\n\n"


def events_page() -> str:
    """Return the page of all event types and their fields."""
    lines = [
        "# Events",
        "",
        "Everything that can happen to a job. Who caused it, when, and where in the stream is said by",
        "the log line around it. Instants and durations are microseconds, cost is micro-USD. What is",
        "content is recorded only sealed in an erasable job ([](../contracts/sealed-content.md)).",
        "",
    ]
    for wire, cls in CLASSES.items():
        lines += [f"## `{wire}`", "", " ".join((cls.__doc__ or "").split()), ""]
        lines += ["| field | type | content |", "|---|---|---|"]
        for name in cls.__struct_fields__:
            kind = str(cls.__annotations__[name]).replace("|", "\\|")
            lines.append(f"| `{name}` | `{kind}` | {_content(cls, name)} |")
        lines.append("")
    return "\n".join(lines)


def _content(cls: type, field: str) -> str:
    """Return what of a field is content: nothing, all of it, or the places inside it."""
    places = [place.partition("/") for place in CONTENT[cls] if place.partition("/")[0] == field]
    return ", ".join(f"`{inside}`" if inside else "yes" for _, _, inside in places)


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


def clauses_part() -> str:
    """Return the table of all clauses of the store contract."""
    lines = ["| clause | level | needs | sentence |", "|---|---|---|---|"]
    for clause in all_clauses():
        sentence = clause.sentence.replace("|", "\\|")
        lines.append(f"| {clause.id} | {clause.level} | {conditions(clause)} | {sentence} |")
    return "\n".join([*lines, ""])


def conditions(clause: Clause) -> str:
    """Return what a store must declare, or not, for the clause to say anything about it."""
    found = [f"`{name}`" for name in sorted(clause.needs)]
    found += [f"no `{name}`" for name in sorted(clause.lacks)]
    found += ["durability other than `none`"] if clause.outlives else []
    return ", ".join(found)


def failure_part() -> str:
    """Return what the suite says of a store with one fault."""
    from store_with_a_fault import open_in

    clause = next(each for each in all_clauses() if each.id == "P1.1")
    outcome = run_clause(clause, Target.from_factory(open_in))
    return "\n".join(["```text", *failure_lines(outcome), "```", ""])


def with_part(page: str, name: str, made: str) -> str:
    """Return the page with what stands between the marks of ``name`` replaced.

    Raises: ValueError: The page has no such marks.
    """
    begin, end = f"<!-- {name}: made by docs/generate.py -->\n", f"<!-- end of {name} -->\n"
    before, begun, rest = page.partition(begin)
    _old, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"the page has no part {name!r}, marked by {begin!r} and {end!r}")
    return f"{before}{begin}\n{made}\n{end}{after}"


PAGES = {
    "reference/events.md": events_page,
    "reference/moves.md": moves_page,
    "reference/commands.md": commands_page,
}
PARTS = {
    ("contracts/store.md", "clauses"): clauses_part,
    ("how-to/write-a-store.md", "failure"): failure_part,
}


def pages() -> Iterator[tuple[str, str]]:
    """Yield each file that comes from the code, whole or in part, and what it must hold."""
    for name, page in PAGES.items():
        yield name, MADE + page()
    for (name, part), made in PARTS.items():
        yield name, with_part((DOCS / name).read_text("utf-8"), part, made())
    for name, schema in schemas().items():
        yield f"../wrkr_core/schemas/{name}.schema.json", schema


def main() -> int:
    """Write or check every one of them."""
    stale = []
    for name, text in pages():
        path = DOCS / name
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
