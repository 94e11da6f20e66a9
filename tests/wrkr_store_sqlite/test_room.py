"""The room of a cell's row is computed as SQLite lays it out, and rows in place never grow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wrkr_store_sqlite.samples import store_at
from wrkr_store_sqlite.room import SPILLS, fresh_pad, pad_to_fit, row_bytes

if TYPE_CHECKING:
    from pathlib import Path

LENGTHS = st.one_of(st.integers(0, 130), st.integers(0, 3000))
VERSIONS = st.one_of(
    st.integers(1, 300), st.integers(1, 1 << 62), st.sampled_from([127, 128, 32_767, 1 << 23])
)


def varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        value = value << 7 | raw[at] & 0x7F
        at += 1
        if raw[at - 1] < 0x80:
            return value, at


def payload_of_only_row(path: Path, root: int, page_size: int) -> int:
    """Read the record's length out of the leaf page, as the file format has it."""
    page = path.read_bytes()[(root - 1) * page_size : root * page_size]
    assert page[0] == 13, "a leaf of a table"
    assert int.from_bytes(page[3:5]) == 1, "with one row"
    return varint(page, int.from_bytes(page[8:10]))[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(1, 512), VERSIONS, st.none() | LENGTHS, LENGTHS)
def test_a_row_takes_the_bytes_sqlite_gives_it(
    tmp_path: Path, key: int, version: int, data: int | None, pad: int
) -> None:
    path = tmp_path / "wrkr.db"
    if not path.exists():
        store_at(tmp_path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("DELETE FROM cells")
        connection.execute(
            "INSERT INTO cells VALUES(1, ?, ?, ?, zeroblob(?))",
            ("k" * key, version, None if data is None else b"d" * data, pad),
        )
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'cells'")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        found = payload_of_only_row(path, root.fetchone()[0], size)

    assert row_bytes(key, version, data, pad) == found


@given(st.integers(1, 512), VERSIONS, st.none() | LENGTHS, st.integers(0, 4000))
def test_a_row_that_fits_never_takes_more_than_its_room(
    key: int, version: int, data: int | None, room: int
) -> None:
    pad = pad_to_fit(key, version, data, room)

    if pad is None:
        bare = row_bytes(key, version, data, 0)
        assert bare > room or room > SPILLS
    elif room > SPILLS:
        assert row_bytes(key, version, data, pad) == room
    else:
        assert row_bytes(key, version, data, pad) <= room < row_bytes(key, version, data, pad + 1)


@given(st.integers(1, 512), VERSIONS, st.none() | LENGTHS)
def test_a_fresh_row_has_some_slack_but_not_much(key: int, version: int, data: int | None) -> None:
    pad = fresh_pad(key, version, data)

    least = row_bytes(key, version, data, 0)
    room = row_bytes(key, version, data, pad)
    assert least <= room < least + 64 + least // 4
