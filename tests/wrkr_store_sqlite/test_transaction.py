"""One transaction's changes: checked first, then written, in the same rows where they fit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_sqlite.samples import new
from wrkr_core.errors import Conflict, Corrupt, Deleted
from wrkr_store_sqlite import schema
from wrkr_store_sqlite.room import SPILLS, STEP, row_bytes
from wrkr_store_sqlite.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        schema.make(opened)
        opened.execute("BEGIN")
        yield opened


@pytest.fixture
def tables(connection: sqlite3.Connection) -> Transaction:
    return Transaction(connection.cursor(), {})


def changes(connection: sqlite3.Connection) -> int:
    return connection.total_changes


def test_a_refused_request_changes_nothing(
    connection: sqlite3.Connection, tables: Transaction
) -> None:
    tables.append("a", 0, new(1, 2))
    tables.put("k", b"v", 0)
    tables.delete("gone")
    before = changes(connection)

    with pytest.raises(Conflict):
        tables.append("a", 1, new(9))
    with pytest.raises(Conflict):
        tables.append("b", 1, new(9))
    with pytest.raises(Deleted):
        tables.append("gone", 0, new(9))
    with pytest.raises(Conflict):
        tables.put("k", b"w", 7)
    with pytest.raises(ValueError, match="allowed are 0 to 1"):
        tables.trim("a", 2)
    with pytest.raises(ValueError, match="nothing to trim"):
        tables.trim("b", 0)
    with pytest.raises(Deleted):
        tables.trim("gone", 0)

    assert changes(connection) == before


def test_a_refusal_says_what_it_is_about(tables: Transaction) -> None:
    tables.append("a", 0, new(1, 2))
    tables.put("k", b"v", 0)
    tables.delete("gone")

    with pytest.raises(Conflict) as conflict:
        tables.append("a", 1, new(9))
    assert conflict.value.args == Conflict("a", 1, 2).args
    with pytest.raises(Conflict) as conflict:
        tables.put("k", b"w", 7)
    assert conflict.value.args == Conflict("k", 7, 1).args
    with pytest.raises(Deleted, match=r"^gone was deleted$") as deleted:
        tables.append("gone", 0, new(9))
    assert deleted.value.details == {"stream": "gone"}


def test_a_stream_without_its_newest_record_is_damage(
    connection: sqlite3.Connection, tables: Transaction
) -> None:
    tables.append("a", 0, new(1))
    connection.execute("DELETE FROM events")

    with pytest.raises(Corrupt, match=r"^a has lost its newest record$") as caught:
        Transaction(connection.cursor(), {}).append("a", 1, new(2))

    assert caught.value.details == {"stream": "a"}


def test_a_stream_is_not_trimmed_to_before_where_it_begins(tables: Transaction) -> None:
    tables.append("a", 0, new(1, 2, 3, 4))
    tables.trim("a", 2)

    with pytest.raises(ValueError, match="cannot trim through 1; allowed are 2 to 3"):
        tables.trim("a", 1)
    tables.trim("a", 2)


def test_an_append_to_a_stream_whose_head_is_known_only_inserts(
    connection: sqlite3.Connection,
) -> None:
    first = Transaction(connection.cursor(), {})
    first.append("a", 0, new(1))
    second = Transaction(connection.cursor(), first.moved)
    asked: list[str] = []
    connection.set_trace_callback(asked.append)

    first.append("a", 1, new(2))
    second.append("b", 0, new(1))
    asked.clear()
    second.append("b", 1, new(2))
    Transaction(connection.cursor(), {"a": (1, 2)}).append("a", 2, new(3))

    assert [line.split("(")[0] for line in asked] == ["INSERT INTO events"] * 2


def test_a_batch_that_is_there_is_found_and_not_written(
    connection: sqlite3.Connection, tables: Transaction
) -> None:
    first = tables.append("a", 0, new(1, 2))
    tables.append("a", 2, new(3))
    before = changes(connection)

    again = tables.append("a", 0, new(1, 2))

    assert (again.seq, again.pos, again.replayed) == (first.seq, first.pos, True)
    assert changes(connection) == before
    for batch in (new(1, 9), new(1, 2, 3, 4), new(2)):
        with pytest.raises(Conflict):
            tables.append("a", 0, batch)


def test_what_it_found_and_changed_is_told_to_the_next(connection: sqlite3.Connection) -> None:
    first = Transaction(connection.cursor(), {})
    first.append("a", 0, new(1, 2))
    first.append("a", 2, new(3))
    assert first.moved == {"a": (1, 3)}

    second = Transaction(connection.cursor(), first.moved)

    assert second.append("a", 3, new(4)).seq == 4
    with pytest.raises(Conflict):
        second.append("a", 3, new(5))
    assert (first.moved, second.moved) == ({"a": (1, 3)}, {"a": (1, 4)})
    third = Transaction(connection.cursor(), {})
    with pytest.raises(Conflict):
        third.append("a", 3, new(5))
    assert third.moved == {"a": (1, 4)}


def test_a_pos_is_never_used_twice(connection: sqlite3.Connection, tables: Transaction) -> None:
    last = tables.append("a", 0, new(1, 2, 3)).pos
    tables.trim("a", 2)
    tables.delete("a")

    assert tables.append("b", 0, new(1)).pos == last + 1


def test_erasing_blanks_rows_in_place(connection: sqlite3.Connection, tables: Transaction) -> None:
    tables.append("a", 0, new(1, 2))
    tables.delete("a")

    rows = connection.execute("SELECT * FROM events").fetchall()

    assert rows == [(1, None, None, "", "", 0, b""), (2, None, None, "", "", 0, b"")]


def test_a_value_of_much_the_same_length_stays_in_its_row(
    connection: sqlite3.Connection, tables: Transaction
) -> None:
    version = tables.put("lease/j", b"x" * 150, 0)
    for length in (151, 149, 152, 3, 152):
        version = tables.put("lease/j", b"x" * length, version)

    assert connection.execute("SELECT count(*) FROM cells").fetchone() == (1,)


def test_a_value_that_outgrows_its_row_moves_behind_all_others(
    connection: sqlite3.Connection, tables: Transaction
) -> None:
    tables.put("a", b"x", 0)
    tables.put("b", b"x", 0)
    tables.put("a", b"x" * 500, 1)

    rows = connection.execute("SELECT cid, key, version, length(data) FROM cells").fetchall()

    assert rows == [(1, None, None, None), (2, "b", 1, 1), (3, "a", 2, 500)]


@pytest.mark.parametrize("length", [0, 1, 150, 300, 450, 1000])
def test_a_new_row_takes_a_round_number_of_bytes(
    connection: sqlite3.Connection, tables: Transaction, length: int
) -> None:
    tables.put("k", b"x" * length, 0)

    (pad,) = connection.execute("SELECT length(pad) FROM cells").fetchone()

    assert row_bytes(1, 1, length, pad) % STEP == 0


@pytest.mark.parametrize("length", [150, 600])
def test_a_value_stays_in_its_row_however_large_its_version_grows(
    connection: sqlite3.Connection, tables: Transaction, length: int
) -> None:
    """The version takes a byte more from 128 on, which the pad has to give."""
    sizes: set[int] = set()
    for version in range(140):
        tables.put("k", b"x" * length, version)
        rows = connection.execute("SELECT version, length(data), length(pad) FROM cells").fetchall()
        assert len(rows) == 1
        sizes.add(row_bytes(1, *rows[0]))

    assert len(sizes) == 1


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["k", "key/two"]),
        st.none() | st.integers(0, 600) | st.integers(0, 9000),
    ),
    max_size=25,
)


@given(CHANGES)
def test_no_row_ever_takes_more_room_than_it_was_made_with(
    requests: list[tuple[str, int | None]],
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.make(connection)
        tables = Transaction(connection.cursor(), {})
        versions = dict.fromkeys(["k", "key/two"], 0)
        counts = dict.fromkeys(["k", "key/two"], 0)
        room: dict[int, int] = {}
        for key, length in requests:
            data = None if length is None else b"x" * length
            version = tables.put(key, data, versions[key])
            counts[key] += 1
            assert version == counts[key]
            versions[key] = version if data is not None else 0
            row = connection.execute(
                "SELECT cid, length(key), version, length(data), length(pad), data FROM cells "
                "WHERE key = ?",
                (key,),
            ).fetchone()
            cid, *lengths, kept = row
            size = row_bytes(*lengths)
            before = room.setdefault(cid, size)
            assert kept == data
            assert size == before if before > SPILLS else size <= before
            room[cid] = size
