"""The log line, the chain, the moves, and the states that logs fold to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vectors.making import refused_logs
from vectors.making.folding_logs import Folded, erasable, legal, unknown, versions
from vectors.making.telling import (
    NOON,
    golden,
)
from vectors.making.writing import Case, expected, hold, vectors
from wrkr_conformance.vectors.logs import folded, state_value
from wrkr_core import chain
from wrkr_core.canonical import digest, dumps
from wrkr_core.errors import Corrupt
from wrkr_core.job.moves import MOVES, move
from wrkr_core.job.state import STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence


def files() -> dict[str, bytes]:
    """Return the files of this group by name."""
    return {
        "logs/lines.json": vectors(
            "log_line", "Seal a record into its log line.", [_line(*row) for row in _records()]
        ),
        "logs/chains.json": vectors(
            "chain",
            "Follow the hash chain of a log from its first line; say which line breaks it.",
            _chains(),
        ),
        "moves/moves.json": vectors(
            "moves",
            "Look up where an event leads a job of a status, or that it is not allowed there.",
            [_move(status, event) for event in MOVES if event != ERASED for status in STATUSES],
        ),
        "moves/erasure.json": vectors(
            "moves",
            "The same, for the erasure of a job's payloads.",
            [_move(status, ERASED) for status in STATUSES],
        ),
        "fold/release_0_1.json": _folds(
            "Logs that release 0.1 wrote; they fold to these states for ever.",
            {name: (golden(name), whole) for name, whole in RELEASED.items()},
        ),
        "fold/legal.json": _folds("Short logs, one matter each.", legal()),
        "fold/unknown.json": _folds(
            "Logs with events, versions and fields the reader does not know.", unknown()
        ),
        "fold/erasable.json": _folds(
            "Logs of an erasable job: its content is sealed, and folding it needs no key.",
            erasable(),
        ),
        "fold/refused_erasures.json": vectors(
            "fold",
            "Logs that are refused at the line that erases something.",
            [_refused(*row) for row in refused_logs.erasures()],
        ),
        "fold/versions.json": _folds("Events of older versions.", versions()),
        "fold/refused.json": vectors(
            "fold",
            "Logs that are refused at a line; up to it they fold.",
            [_refused(*row) for row in refused_logs.rows()],
        ),
    }


ERASED: Final = "payloads_erased"
RELEASED: Final = {"completed": (1, 2, 7, 15, 19, 25, 28, 40, 48), "canceled": (1, 5, 9, 12)}


def _records() -> list[tuple[str, dict[str, Any]]]:
    plain = {
        "prev": chain.GENESIS,
        "at": NOON,
        "by": "ann",
        "id": "01h",
        "job": "j-1",
        "payload": {"reason": "lunch"},
        "seq": 1,
        "type": "job_paused/1",
    }
    return [
        ("plain", plain),
        ("before-1970", {**plain, "at": -1}),
        ("behind-another", {**plain, "prev": "ab" * 32, "seq": 2}),
        ("largest-numbers", {**plain, "at": 2**53 - 1, "seq": 2**53 - 1}),
        ("nested-payload", {**plain, "payload": {"b": [{"d": 0.5, "c": None}], "a": True}}),
        ("empty-payload", {**plain, "payload": {}}),
        ("text-beyond-ascii", {**plain, "by": "\u00fc\u2028\U0001f600", "job": "j\u00e9"}),
        ("text-with-escapes", {**plain, "by": '"\\/\b\f\n\r\t\x00\x1f\x7f', "id": "a/b"}),
    ]


def _line(name: str, record: dict[str, Any]) -> Case:
    fields = {key: value for key, value in record.items() if key != "payload"}
    sealed, line = chain.seal(**fields, payload=dumps(record["payload"]))
    return {"id": name, "record": record, "expect": {"hash": sealed, "line": line.decode()}}


def _chains() -> list[Case]:
    lines = golden("canceled")
    one, two, three, *_ = lines
    grown = two.replace('"type"', '"zz":1,"type"')
    rows: list[tuple[str, Sequence[str], int]] = [
        ("nothing", [], 0),
        ("one-line", lines[:1], 0),
        ("whole-log", lines, 0),
        ("payload-changed", [one, two.replace("fork", "frok"), three], 2),
        ("space-added", [one, two[:-1] + " }", three], 2),
        ("field-added", [one, grown, three], 2),
        ("hash-changed", [one, two[:10] + "0" * 64 + two[74:], three], 2),
        ("previous-changed", [one, two[:85] + "0" * 64 + two[149:], three], 2),
        ("previous-changed-and-sealed-again", [one, _resealed(two, "0" * 64), three], 2),
        ("last-line-changed", [*lines[:-1], lines[-1].replace("wrong", "right")], len(lines)),
        ("first-line-dropped", lines[1:], 1),
        ("middle-line-dropped", [one, *lines[2:]], 2),
        ("lines-exchanged", [one, three, two], 2),
        ("line-twice", [one, two, two], 3),
        ("first-line-follows-something", [_resealed(one, "1" * 64)], 1),
        ("capital-digits", [one[:10] + one[10:74].upper() + one[74:]], 1),
        ("cut-off", [one[:149]], 1),
        ("space-before", [" " + one], 1),
        ("hashes-in-another-order", [one.replace('{"_hash"', '{"_prev"', 1)], 1),
        ("empty-line", [one, ""], 2),
        ("no-log-line", [one, '{"seq":2}'], 2),
    ]
    return [_chain(*row) for row in rows]


def _resealed(line: str, prev: str) -> str:
    body = line[:85] + prev + line[149:]
    return body[:10] + chain.hash_of(body.encode()) + body[74:]


def _chain(name: str, lines: Sequence[str], broken_at: int) -> Case:
    head, number = chain.GENESIS, 0
    try:
        for number, line in enumerate(lines, 1):  # noqa: B007  # asked for behind the loop
            head = chain.check(line.encode(), head)
        expect: dict[str, Any] = {"head": head}
        hold(0, broken_at, name)
    except Corrupt as error:
        expect = {"refused": error.code, "line": number}
        hold(number, broken_at, name)
    return {"id": name, "lines": list(lines), "expect": expect}


def _move(status: Any, event: str) -> Case:  # noqa: ANN401  # a status
    expect = expected(lambda: {"status": move("j-1", status, event)})
    return {"id": f"{status}/{event}", "status": status, "event": event, "expect": expect}


def _folds(about: str, logs: Folded) -> bytes:
    return vectors("fold", about, [_fold(name, *log) for name, log in logs.items()])


def _fold(name: str, lines: list[str], whole: tuple[int, ...]) -> Case:
    job_id = _job_of(lines)
    states, refusal = folded(job_id, [line.encode() for line in lines])
    hold(refusal, {}, name)
    values = [state_value(state) for state in states]
    return {
        "id": name,
        "job_id": job_id,
        "lines": lines,
        "expect": {
            "digests": [digest(value) for value in values],
            "states": [values[seq - 1] for seq in whole],
        },
    }


def _job_of(lines: list[str]) -> str:
    return lines[0].partition('"job":"')[2].partition('"')[0]


def _refused(name: str, lines: list[str], code: str) -> Case:
    states, refusal = folded("port-utils", [line.encode() for line in lines])
    hold(refusal.get("refused"), code, name)
    hold(refusal.get("line"), len(lines), name)
    digests = [digest(state_value(state)) for state in states]
    expect = {**refusal, "digests": digests, "states": []}
    return {"id": name, "job_id": "port-utils", "lines": lines, "expect": expect}
