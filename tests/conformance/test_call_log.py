"""Logged calls: what is printed makes the same calls again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import pytest

from wrkr_conformance import Target
from wrkr_conformance.call_log import MOST_CALLS, CallLog, last_call
from wrkr_conformance.expect import record, records
from wrkr_core.errors import Conflict
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.store import Event, Store


class Fresh(MemoryStore):
    """A store that is new for each handle."""

    def __init__(self, _directory: Path) -> None:
        super().__init__()


def logged() -> tuple[CallLog, Store]:
    log = CallLog()
    return log, log.logged(MemoryStore())


def script_of(log: CallLog) -> list[str]:
    return log.script("", "x").split("\n")


def test_a_call_is_a_line_to_paste_and_its_answer_a_comment_below() -> None:
    log, store = logged()

    store.append("a", 0, records("r1", "r2"), durable=False)
    store.put("k", b"v", 0)

    assert script_of(log) == [
        "from wrkr_conformance import Target",
        "from wrkr_conformance.expect import records",
        "",
        "with Target.of(x).fresh() as site:",
        "    s1 = site.open()",
        "    s1.append('a', 0, records('r1', 'r2'), durable=False)",
        "    # -> Appended(seq=2, pos=2, replayed=False)",
        "    s1.put('k', b'v', 0)",
        "    # -> 1",
    ]


def test_an_error_is_suppressed_where_calls_follow_and_told_in_any_case() -> None:
    log, store = logged()
    for _time in range(2):
        with pytest.raises(Conflict):
            store.append("a", 7, records("r1"))

    lines = script_of(log)

    assert "    with suppress(Exception): s1.append('a', 7, records('r1'))" in lines
    assert lines[-2:] == [
        "    s1.append('a', 7, records('r1'))",
        "    # raises Conflict: a: expected 7, but it is at 0",
    ]
    assert lines[0] == "from contextlib import suppress"


def test_pasted_lines_make_the_same_calls_with_the_same_answers() -> None:
    first = Target.of(Fresh).recorded(CallLog())
    with first.fresh() as site:
        one = site.open()
        one.append("a", 0, records("r1"))
        one.append("a", 1, [record("r2", b"\xff\n", kind="odd/1", at=-5)])
        with pytest.raises(ValueError, match="limit"):
            one.read("a", limit=0)
        site.open().feed()
        one.keys()
        script = first.script()

    again = CallLog()
    exec(  # noqa: S102  # it is printed to be pasted
        script.replace("Target.of(Fresh)", "Target.of(Fresh).recorded(log)").replace(
            "from tests.conformance.test_call_log import Fresh", ""
        ),
        {"log": again, "Fresh": Fresh},
    )

    assert first.log is not None
    told = [(call.line(), call.ending()) for call in again.calls]
    assert told == [(call.line(), call.ending()) for call in first.log.calls]
    assert len(told) == 7


def test_only_the_newest_of_many_calls_are_printed() -> None:
    log, store = logged()
    for number in range(MOST_CALLS + 10):
        store.get(f"k{number}")

    lines = script_of(log)

    assert "    # … 11 calls before these" in lines
    assert lines[-2] == f"    s1.get('k{MOST_CALLS + 9}')"
    assert len([line for line in lines if "s1." in line]) == MOST_CALLS


def test_calls_of_several_threads_say_which() -> None:
    log, store = logged()
    store.keys()
    thread = threading.Thread(target=store.keys)
    thread.start()
    thread.join()

    lines = script_of(log)

    assert "    # several threads, in the order in which they began" in lines
    assert "    s1.keys()  # thread 2" in lines
    assert last_call("\n".join(lines)) == "s1.keys()"


def test_what_cannot_be_pasted_is_a_comment() -> None:
    log, store = logged()
    with pytest.raises(TypeError):
        store.read(cast("str", object()))

    lines = script_of(log)

    assert any(line.startswith("    # cannot be pasted: s1.read(<object") for line in lines)
    compile("\n".join(lines), "script", "exec")


def test_a_list_is_printed_as_it_was_when_it_was_answered() -> None:
    log, store = logged()
    store.append("a", 0, records("r1"))
    page: list[Event] = store.read("a")
    page.clear()

    assert "id='r1'" in log.calls[-1].ending()


def test_a_call_that_never_returned_is_told() -> None:
    log, store = logged()
    entered, leave = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        leave.wait(30)

    class Hangs(MemoryStore):
        def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
            wait()
            return []

    del store
    thread = threading.Thread(target=log.logged(Hangs()).keys)
    thread.start()
    entered.wait(30)

    assert script_of(log)[-1] == "    # did not return"

    leave.set()
    thread.join()


def test_putting_handles_away_is_logged_only_if_it_fails() -> None:
    class Sticky(MemoryStore):
        def close(self) -> None:
            raise OSError("stuck")

    log = CallLog()
    right, sticky = log.logged(MemoryStore()), log.logged(Sticky())
    log.is_over = True
    right.close()
    with pytest.raises(OSError, match="stuck"):
        sticky.close()

    assert script_of(log)[-2:] == ["    s2.close()", "    # raises OSError: stuck"]
    assert not [line for line in script_of(log) if "s1.close" in line]


def test_everything_but_calls_is_the_handles_own() -> None:
    log, store = logged()

    assert store.info.name == "memory"
    assert not hasattr(store, "telepathy")
    assert len(log.calls) == 1


def test_an_empty_log_is_still_a_script() -> None:
    compile(CallLog().script("", "x"), "script", "exec")
    assert last_call(CallLog().script("", "x")) == ""
