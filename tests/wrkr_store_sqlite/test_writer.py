"""Commits: shared, flushed as asked, refused one by one, and followed by checkpoints."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import ROOT, grown, new, sql, store_at, together, writer_of
from wrkr_core.errors import Busy, Conflict, Deleted, HandleClosed, StoreUnavailable
from wrkr_core.store import Appended
from wrkr_store_sqlite.connection import CHECKPOINT_BYTES
from wrkr_store_sqlite.writer import LOOK_EVERY, Request

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_store_sqlite import SqliteStore
    from wrkr_store_sqlite.transaction import Transaction


def test_those_who_wait_share_a_commit_and_each_has_its_own_result(store: SqliteStore) -> None:
    store.append("gone", 0, new(1))
    store.delete("gone")
    writer = writer_of(store)
    before = writer._commits

    outcomes = together(
        store,
        lambda: store.append("a", 0, new(1)),
        lambda: store.append("a", 0, new(2)),
        lambda: store.append("a", 1, new(3), durable=False),
        lambda: store.append("gone", 0, new(1)),
        lambda: store.put("k", b"v", 0),
        lambda: store.put("k", b"w", 0),
        lambda: store.append("a", 0, new(1)),
        lambda: store.append("b", 5, new(1)),
    )

    assert writer._commits == before + 2  # the one who held them up, and all of these
    assert outcomes[0] == Appended(1, 2, replayed=False)
    assert outcomes[2] == Appended(2, 3, replayed=False)
    assert outcomes[4] == 1
    assert outcomes[6] == Appended(1, 2, replayed=True)
    refusals = [outcomes[number] for number in (1, 3, 5, 7)]
    assert [type(refusal) for refusal in refusals] == [Conflict, Deleted, Conflict, Conflict]
    assert [event.id for event in store.read("a")] == ["e1", "e3"]


def test_one_request_that_does_not_fit_does_not_spoil_the_others(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.append("a", 0, new(1))
    writer = writer_of(store)
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count={pages + 20}")

    outcomes = together(
        store,
        lambda: store.append("b", 0, new(1)),
        lambda: store.append("c", 0, new(1, data=b"x" * 900_000)),
        lambda: store.put("k", b"v", 0),
    )

    assert isinstance(outcomes[0], Appended)
    assert isinstance(outcomes[1], StoreUnavailable)
    assert "full" in outcomes[1].message
    assert outcomes[2] == 1
    assert [info.stream for info in store.streams()] == ["a", "b"]


def test_a_busy_store_wrote_nothing(tmp_path: Path) -> None:
    store = store_at(tmp_path, "?busy=0.02")
    other = store_at(tmp_path)
    store.append("a", 0, new(1))

    with writer_of(other).exclusive():
        for attempt in (
            lambda: store.append("a", 1, new(2)),
            lambda: store.put("k", b"v", 0),
            lambda: store.delete("a"),
        ):
            with pytest.raises(Busy, match=r"held the lock for 0\.02 s"):
                attempt()
        assert len(store.read("a")) == 1  # R2: a reader never waits

    assert store.append("a", 1, new(2)).seq == 2
    store.close()
    other.close()


def test_a_foreign_writer_that_takes_too_long_is_busy(tmp_path: Path) -> None:
    store = store_at(tmp_path, "?busy=0.02")
    foreign = sqlite3.connect(tmp_path / "wrkr.db", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")

    with pytest.raises(Busy, match="SQLITE_BUSY"):
        store.append("a", 0, new(1))

    foreign.execute("ROLLBACK")
    foreign.close()
    assert store.append("a", 0, new(1)).seq == 1
    store.close()


def flushes(tmp_path: Path) -> object:
    return sql(tmp_path / "wrkr.db", "SELECT value FROM meta WHERE name = 'flushes'")[0][0]


def test_a_durable_repeat_of_a_relaxed_batch_makes_it_durable(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.append("a", 0, new(1), durable=False)
    assert store.append("a", 0, new(1), durable=False).replayed
    assert flushes(tmp_path) == 0

    assert store.append("a", 0, new(1)).replayed

    assert flushes(tmp_path) == 1


def test_what_writes_something_needs_no_other_write_to_be_flushed(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.append("a", 0, new(1, 2))
    store.put("k", b"v", 0)
    store.trim("a", 1)
    store.delete("a")

    assert flushes(tmp_path) == 0


def test_a_refused_request_writes_nothing_at_all(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1))
    before = (tmp_path / "wrkr.db-wal").read_bytes()

    with pytest.raises(Conflict):
        store.append("a", 0, new(2))

    assert (tmp_path / "wrkr.db-wal").read_bytes() == before


@pytest.mark.parametrize(("mode", "relaxed"), [("wal", 1), ("delete", 2)])
def test_the_level_of_flushing_is_that_of_the_newest_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, relaxed: int
) -> None:
    """EXTRA for one that is durable; else NORMAL, or FULL where there is no WAL."""
    monkeypatch.setattr("wrkr_store_sqlite.connection.wanted_journal_mode", lambda: mode)
    store = store_at(tmp_path)
    seen: list[int] = []
    for number, durable in enumerate([True, True, False, False, True, False]):
        store.append("a", number, new(number), durable=durable)
        seen += writer_of(store)._connection.execute("PRAGMA synchronous").fetchone()

    assert seen == [3, 3, relaxed, relaxed, 3, relaxed]
    store.close()


def test_an_append_like_the_one_before_runs_four_statements(store: SqliteStore) -> None:
    store.append("a", 0, new(1))
    ran: list[str] = []
    writer_of(store)._connection.set_trace_callback(ran.append)

    store.append("a", 1, new(2))

    assert [line.split("(")[0] for line in ran] == [
        "BEGIN IMMEDIATE",
        "PRAGMA data_version",
        "INSERT INTO events",
        "COMMIT",
    ]


TRACED = """if True:
    import os, sys
    from tests.wrkr_store_sqlite.samples import new
    from wrkr_store_sqlite import SqliteStore
    store = SqliteStore(sys.argv[1])
    store.append("a", 0, new(0))
    def mark(name):
        os.write(2, f"MARK {name}\\n".encode())
    mark("durable")
    for number in range(1, 6):
        store.append("a", number, new(number))
    mark("relaxed")
    for number in range(6, 11):
        store.append("a", number, new(number), durable=False)
    mark("then_durable")
    store.append("a", 11, new(11))
    mark("repeated")
    store.append("a", 11, new(11))
    mark("repeated_relaxed")
    store.append("a", 11, new(11), durable=False)
    mark("read")
    store.read("a"), store.feed(), store.streams()
    mark("end")
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts the flushes")
def test_a_durable_append_costs_one_flush_and_nothing_else_any(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,write"]
    subprocess.run(
        [*command, sys.executable, "-c", TRACED, str(tmp_path / "wrkr.db")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )

    counts: dict[str, int] = {}
    part = "opening"
    for line in trace.read_text("utf-8", "replace").splitlines():
        if marked := re.search(r"MARK (\w+)", line):
            part = marked[1]
            counts[part] = 0
        elif "sync(" in line:
            counts[part] = counts.get(part, 0) + 1
    counts.pop("opening")
    counts.pop("end")
    assert counts == {
        "durable": 5,
        "relaxed": 0,
        "then_durable": 1,
        "repeated": 1,
        "repeated_relaxed": 0,
        "read": 0,
    }


def test_the_wal_stays_short_however_much_is_written(store: SqliteStore, tmp_path: Path) -> None:
    longest = 0
    for number in range(250):
        grown(store, f"s{number % 3}", number, data=b"x" * 100_000, durable=False)
        longest = max(longest, (tmp_path / "wrkr.db-wal").stat().st_size)

    assert longest < 2 * CHECKPOINT_BYTES + (1 << 20)
    assert store.check() == []


def test_only_some_commits_look_at_the_file_and_at_the_length_of_its_wal(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    stat = os.stat

    def note(path: str) -> os.stat_result:
        looks.append(path)
        return stat(path)

    sizes: list[str] = []

    def measure(path: str) -> int:
        sizes.append(path)
        return 0

    monkeypatch.setattr(os, "stat", note)
    monkeypatch.setattr("wrkr_store_sqlite.writer.size_of", measure)
    writer = writer_of(store)

    for number in range(3 * LOOK_EVERY):
        writer.submit(Request(lambda tables, n=number: tables.put("k", b"v", n), durable=False))  # type: ignore[misc]

    assert len([path for path in looks if path == writer._path]) == 3
    assert sizes == [f"{writer._path}-wal"] * 3


def test_a_foreign_long_read_lets_writers_go_on(store: SqliteStore, tmp_path: Path) -> None:
    foreign = sqlite3.connect(tmp_path / "wrkr.db", isolation_level=None)
    store.append("a", 0, new(1))
    foreign.execute("BEGIN")
    assert foreign.execute("SELECT count(*) FROM events").fetchone() == (1,)

    for number in range(1, 120):
        grown(store, "a", number, data=b"x" * 100_000, durable=False)

    assert foreign.execute("SELECT count(*) FROM events").fetchone() == (1,)
    foreign.close()
    assert len(store.read("a")) == 120


def test_a_request_that_comes_while_closing_is_refused(store: SqliteStore) -> None:
    writer = writer_of(store)
    store.close()

    with pytest.raises(HandleClosed):
        writer.submit(Request(lambda tables: 0, durable=True))


def test_a_caller_who_is_interrupted_leaves_no_transaction_open(store: SqliteStore) -> None:
    def interrupt(tables: Transaction) -> int:
        tables.append("a", 0, new(1))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer_of(store).submit(Request(interrupt, durable=True))

    assert store.stream("a") is None
    assert store.append("a", 0, new(1)).seq == 1
