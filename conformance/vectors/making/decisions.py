"""Commands on jobs, each with what must come of it said by hand: names of events, or a code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from vectors.making.decisions_of_people import PEOPLE
from vectors.making.decisions_of_workers import WORKERS
from vectors.making.scenes import logs
from vectors.making.telling import NOON, SECOND
from vectors.making.writing import Case, expected, hold, vectors
from wrkr_conformance.vectors.decisions import COMMANDS, decided
from wrkr_core.canonical import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vectors.making.rows import Row

NOW: Final = NOON + 600 * SECOND


def files() -> dict[str, bytes]:
    """Return the files of this group by name: one for each command."""
    rows = {**PEOPLE, **WORKERS}
    hold(sorted(rows), sorted(COMMANDS), "commands")
    return {f"decisions/{command}.json": _file(command, rows[command]) for command in rows}


def _file(command: str, rows: tuple[Row, ...]) -> bytes:
    situations = logs()
    used = dict.fromkeys(row.log for row in rows)
    return vectors(
        "decision",
        f"Decide the command {command!r} on the state that a log folds to.",
        list(_cases(command, rows, situations)),
        logs={name: situations[name] for name in used},
    )


def _cases(command: str, rows: tuple[Row, ...], situations: dict[str, list[str]]) -> Iterator[Case]:
    for row in rows:
        case: Case = {
            "id": row.id,
            "command": command,
            "log": row.log,
            "now": NOW,
            "arguments": loads(msgspec.json.encode(row.arguments)),
        }
        came = expected(partial(decided, situations[row.log], case))
        hold(_said(came), row.outcome, f"{command}/{row.id}")
        yield {**case, "expect": came}


def _said(came: dict[str, Any]) -> str:
    """Return the outcome as the tables write it: the code, or the names of the events."""
    if "refused" in came:
        return str(came["refused"])
    return " ".join(event["type"].partition("/")[0] for event in came["events"])
