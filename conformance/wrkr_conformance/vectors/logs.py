"""Vectors of logs: the line, the chain, the moves, and the state that a log folds to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from wrkr_conformance.expect import same
from wrkr_conformance.vectors.outcomes import agree, compare, lines_of, outcome
from wrkr_core import chain
from wrkr_core.canonical import digest, dumps
from wrkr_core.errors import WrkrError
from wrkr_core.job.fold import Folding
from wrkr_core.job.moves import move
from wrkr_core.record import open_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wrkr_core.job.state import JobState, Status

    Fields = Mapping[str, Any]

_LINE: Final = ("prev", "at", "by", "id", "job", "seq", "type")


def check_log_line(_root: Path, _fields: Fields, case: Fields) -> None:
    """Seal one line."""
    given = {name: case["record"][name] for name in _LINE}

    def found() -> dict[str, Any]:
        sealed, line = chain.seal(**given, payload=dumps(case["record"]["payload"]))
        return {"hash": sealed, "line": line.decode()}

    compare(case, found)


def check_chain(_root: Path, _fields: Fields, case: Fields) -> None:
    """Follow the chain from the first line on."""
    heads = [chain.GENESIS]

    def found() -> dict[str, Any]:
        for line in lines_of(case["lines"]):
            heads.append(chain.check(line, heads[-1]))
        return {"head": heads[-1]}

    came = outcome(found)
    agree({**came, "line": len(heads)} if "refused" in came else came, case["expect"])


def check_moves(_root: Path, _fields: Fields, case: Fields) -> None:
    """Look one move up."""
    status = cast("Status", case["status"])
    compare(case, lambda: {"status": move("j-1", status, case["event"])})


def check_fold(_root: Path, _fields: Fields, case: Fields) -> None:
    """Fold a log line by line; hold every state to its digest, and some to their whole content."""
    expect = case["expect"]
    states, refusal = folded(case["job_id"], lines_of(case["lines"]))
    agree(refusal, {name: expect[name] for name in ("refused", "line") if name in expect})
    found = [digest(state_value(each)) for each in states]
    for state in expect["states"]:  # the whole states first: they say more when they differ
        agree(state_value(states[int(state["seq"]) - 1]), state)
    same(found, expect["digests"], "digests of the states")


def folded(job_id: str, lines: list[bytes]) -> tuple[list[JobState], dict[str, Any]]:
    """Return the state after every line up to the first that is refused, and that refusal."""
    folding = Folding(job_id)
    states: list[JobState] = []
    try:
        for recorded in open_lines(job_id, lines):
            state = folding.add((recorded,))
            states += [state] if state is not None else []
    except WrkrError as error:
        return states, {"refused": error.code, "line": len(states) + 1}
    return states, {}


def state_value(state: JobState) -> dict[str, Any]:
    """Return a state as JSON values."""
    value: dict[str, Any] = msgspec.to_builtins(state)
    return value
