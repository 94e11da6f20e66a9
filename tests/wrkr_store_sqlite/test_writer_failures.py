"""Disks that are full or fail: what is told is true, and nothing is believed that should not be."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import new, program, store_at, together, writer_of
from wrkr_core.errors import StoreUnavailable, Unknown
from wrkr_store_sqlite.writer import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wrkr_store_sqlite import SqliteStore
    from wrkr_store_sqlite.transaction import Transaction


class FailingConnection(sqlite3.Connection):
    """Fails a statement once, with the code and at the place that a test asks for."""

    statement = ""
    code = 0
    after = False

    def cursor(self, *_: object) -> sqlite3.Cursor:  # type: ignore[override]
        return super().cursor(FailingCursor)

    def execute(self, query: str, values: object = ()) -> sqlite3.Cursor:
        return self.cursor().execute(query, values)  # type: ignore[arg-type]

    @classmethod
    def fail(cls, statement: str, code: int, *, after: bool = False) -> None:
        cls.statement, cls.code, cls.after = statement, code, after


class FailingCursor(sqlite3.Cursor):
    """Raises in place of the statement, or once it is done."""

    def execute(self, query: str, values: object = ()) -> sqlite3.Cursor:  # type: ignore[override]
        kind = FailingConnection
        if kind.statement and query.startswith(kind.statement):
            kind.statement = ""
            if kind.after:
                super().execute(query, values)  # type: ignore[arg-type]
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorcode = kind.code
            error.sqlite_errorname = "SQLITE_INJECTED"
            raise error
        return super().execute(query, values)  # type: ignore[arg-type]


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """Return a store whose statements can be made to fail."""
    real = sqlite3.connect

    def connect(*names: object, **options: object) -> sqlite3.Connection:
        return real(*names, factory=FailingConnection, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", connect)
    store = store_at(tmp_path)
    yield store
    FailingConnection.fail("", 0)
    store.close()


def test_a_disk_that_is_full_is_told_and_nothing_is_written(store: SqliteStore) -> None:
    store.append("a", 0, new(1))
    connection = writer_of(store)._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(StoreUnavailable, match="SQLITE_FULL") as caught:
        store.append("a", 1, new(2, data=b"x" * 100_000))

    assert caught.value.hint == "free some space on that disk and try again"
    connection.execute("PRAGMA max_page_count=1000000")
    assert store.append("a", 1, new(2, data=b"x" * 100_000)).seq == 2
    assert store.check() == []


FILL = """if True:
    import resource, signal, sys
    from tests.wrkr_store_sqlite.samples import new
    from wrkr_core.errors import StoreUnavailable
    from wrkr_store_sqlite import SqliteStore
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = SqliteStore(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    done = failed = 0
    while failed < 3:
        try:
            done = store.append("a", done, new(done, data=b"x" * 5000)).seq
        except StoreUnavailable:
            failed += 1
    assert len(store.read("a")) == done, "what failed is there"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(store.append("a", done, new(done)).seq, store.check(), flush=True)
"""


def test_a_file_that_cannot_grow_loses_nothing_and_goes_on_when_it_can(tmp_path: Path) -> None:
    with program(FILL, tmp_path / "wrkr.db") as process:
        seq, problems = process.communicate()[0].split(maxsplit=1)

    assert process.returncode == 0
    assert problems == "[]\n"
    store = store_at(tmp_path)
    assert [event.id for event in store.read("a")] == [f"e{n}" for n in range(int(seq))]
    assert int(seq) > 10
    store.close()


def test_a_commit_nobody_can_be_sure_of_is_unknown_and_repeating_it_is_safe(
    failing: SqliteStore,
) -> None:
    failing.append("a", 0, new(1))
    FailingConnection.fail("COMMIT", sqlite3.SQLITE_IOERR_UNLOCK, after=True)

    with pytest.raises(Unknown) as caught:
        failing.append("a", 1, new(2))

    assert "repeat the same call" in caught.value.hint
    assert failing.append("a", 1, new(2)).replayed
    assert failing.append("a", 2, new(3)).seq == 3


def test_what_fails_before_the_commit_is_not_there_whatever_the_error(
    failing: SqliteStore, tmp_path: Path
) -> None:
    FailingConnection.fail("INSERT INTO events", sqlite3.SQLITE_IOERR_UNLOCK)

    with pytest.raises(StoreUnavailable) as caught:
        failing.append("a", 0, new(1))

    assert caught.value.message == f"{tmp_path}/wrkr.db: injected (SQLITE_INJECTED)"
    assert failing.stream("a") is None


def test_a_commit_that_could_not_write_is_not_there(failing: SqliteStore) -> None:
    FailingConnection.fail("COMMIT", sqlite3.SQLITE_IOERR_WRITE)

    with pytest.raises(StoreUnavailable):
        failing.append("a", 0, new(1))

    assert failing.stream("a") is None
    assert not failing.append("a", 0, new(1)).replayed


def test_after_a_failed_flush_the_handle_writes_no_more(
    failing: SqliteStore, tmp_path: Path
) -> None:
    failing.append("a", 0, new(1))
    FailingConnection.fail("COMMIT", sqlite3.SQLITE_IOERR_FSYNC)
    with pytest.raises(Unknown):
        failing.append("a", 1, new(2))

    for attempt in (
        lambda: failing.append("a", 1, new(2)),
        lambda: failing.delete("a"),
        failing.compact,
    ):
        with pytest.raises(StoreUnavailable, match="refused a flush") as caught:
            attempt()
        assert caught.value.hint == "check the disk, then open the store again"
        assert caught.value.message == f"{tmp_path}/wrkr.db: the disk refused a flush before"
        assert caught.value.details == {"path": str(tmp_path / "wrkr.db")}
        assert isinstance(caught.value.__cause__, sqlite3.Error)

    assert len(failing.read("a")) == 1


def test_after_a_checkpoint_whose_flush_failed_the_handle_writes_no_more(
    failing: SqliteStore,
) -> None:
    """The commits stand, but what was to be copied may be lost with the next power."""
    failing.append("a", 0, new(1))
    FailingConnection.fail("PRAGMA wal_checkpoint", sqlite3.SQLITE_IOERR_FSYNC)
    for number in range(1, 120):
        if not FailingConnection.statement:
            break
        failing.append("a", number, new(number, data=b"x" * 100_000), durable=False)
    there = len(failing.read("a"))

    with pytest.raises(StoreUnavailable, match="refused a flush"):
        failing.append("a", there, new("next"))

    assert 1 < there < 120


def test_what_fails_in_exclusive_use_is_told_by_its_file_and_taken_back(
    failing: SqliteStore, tmp_path: Path
) -> None:
    writer = writer_of(failing)
    FailingConnection.fail("DELETE", sqlite3.SQLITE_IOERR_FSYNC)

    def use() -> None:
        with writer.exclusive() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM cells")

    with pytest.raises(StoreUnavailable) as caught:
        use()

    assert caught.value.message == f"{tmp_path}/wrkr.db: injected (SQLITE_INJECTED)"
    assert not writer._connection.in_transaction
    with pytest.raises(StoreUnavailable, match="the disk refused a flush before"):
        failing.append("a", 0, new(1))


def test_a_transaction_that_cannot_be_taken_back_ends_the_handles_writing(
    failing: SqliteStore,
) -> None:
    failing.append("a", 0, new(1))

    def interrupt(_: Transaction) -> int:
        FailingConnection.fail("ROLLBACK", sqlite3.SQLITE_IOERR)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer_of(failing).submit(Request(interrupt, durable=True))

    with pytest.raises(StoreUnavailable, match=r"wrkr\.db: a rollback failed before"):
        failing.append("a", 1, new(2))
    writer_of(failing)._connection.execute("ROLLBACK")


def test_when_a_shared_commit_is_unknown_all_are_told(failing: SqliteStore) -> None:
    failing.append("a", 0, new(1))
    armed = threading.Event()

    def arm(tables: Transaction) -> int:
        FailingConnection.fail("COMMIT", sqlite3.SQLITE_IOERR_UNLOCK)
        armed.set()
        return 0

    outcomes = together(
        failing,
        lambda: failing.append("b", 0, new(1)),
        lambda: writer_of(failing).submit(Request(arm, durable=True)),
        lambda: failing.append("a", 7, new(1)),
    )

    assert [type(outcome) for outcome in outcomes] == [Unknown] * 3
    assert outcomes[0] is not outcomes[1]
