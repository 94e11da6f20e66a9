"""Reading: one statement a page, by index, in the order of the names' bytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_sqlite.samples import grown, new, sql, store_at
from wrkr_core.errors import Corrupt
from wrkr_store_sqlite import reading, transaction
from wrkr_store_sqlite.reading import MOST, position, span

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_store_sqlite import SqliteStore

LETTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from("ab\ud7ff\ue000\U0010ffff")
TEXTS = st.text(LETTERS, max_size=4)


@given(TEXTS, TEXTS, TEXTS)
def test_the_span_holds_what_starts_with_the_prefix_and_comes_after(
    prefix: str, after: str, name: str
) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        low, high = span(prefix, after)
        inside = connection.execute("SELECT ?1 >= ?2 AND ?1 < ?3", (name, low, high)).fetchone()[0]

    if name:  # no name is empty
        assert bool(inside) == (name.startswith(prefix) and name > after)


@pytest.mark.parametrize(
    "query",
    [
        reading.PAGE,
        reading.FEED,
        reading.FOLLOWS,
        reading.STREAM,
        reading.STREAMS,
        reading.CELL,
        reading.KEYS,
        transaction.STREAM,
        transaction.IDS,
        transaction.BLANK,
        transaction.CELL,
    ],
)
def test_no_query_scans_or_sorts(store: SqliteStore, query: str) -> None:
    path = store.path
    with closing(sqlite3.connect(path)) as connection:
        values = (1,) * query.count("?")
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()

    steps = [row[3] for row in plan]
    assert not [step for step in steps if step.startswith(("SCAN", "USE TEMP"))], steps


def test_a_cursor_is_a_position_and_nothing_else() -> None:
    assert position("") == 0
    assert position("17") == 17
    for wrong in ("-1", "x", "1.5", "٣", "9" * 19, " 1"):
        with pytest.raises(ValueError, match="not a cursor"):
            position(wrong)


def test_numbers_beyond_sqlite_are_no_error(store: SqliteStore) -> None:
    store.append("a", 0, new(1))

    assert store.read("a", 1 << 80) == []
    assert len(store.read("a", 0, 1 << 80)) == 1
    assert len(store.feed("", MOST + 1)[0]) == 1


def test_a_missing_record_with_later_ones_is_corrupt(store: SqliteStore, tmp_path: Path) -> None:
    grown(store, "a", *range(1))
    store.append("a", 1, new(*range(1, 9)))
    sql(tmp_path / "wrkr.db", "DELETE FROM events WHERE seq = 4")

    with pytest.raises(Corrupt, match="records after 0 are missing"):
        store.read("a")
    with pytest.raises(Corrupt, match="records after 3 are missing"):
        store.read("a", 3, 1)
    assert [event.seq for event in store.read("a", 0, 3)] == [1, 2, 3]


def test_a_stream_without_its_records_is_corrupt(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1))
    sql(tmp_path / "wrkr.db", "DELETE FROM events")

    with pytest.raises(Corrupt, match="lost its newest record"):
        store.stream("a")
    with pytest.raises(Corrupt, match="lost its newest record"):
        store.streams()
    with pytest.raises(Corrupt, match="lost its newest record"):
        store.append("a", 0, new(2))
    assert store.check() == ["stream a has lost its records"]


def test_a_reader_never_holds_a_snapshot_between_calls(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(*range(50)))
    store.read("a", 0, 7)
    store.feed("", 7)
    store.streams("", 1)

    assert sql(tmp_path / "wrkr.db", "PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0


def test_streams_and_keys_are_paged_by_prefix(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    names = ["b", "a", "a/1", "a/2", "é", "a/\U0010ffff", "a0", "\ue000", "\U00010000"]
    for name in names:
        store.append(name, 0, new(1))
        store.put(name, b"v", 0)

    assert [info.stream for info in store.streams()] == sorted(names)
    assert [info.stream for info in store.streams(prefix="a/", limit=2)] == ["a/1", "a/2"]
    assert store.keys("a/", "a/1") == ["a/2", "a/\U0010ffff"]
    assert store.keys("zz") == []
    store.close()
