"""E1: what was deleted is in no file of the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.wrkr_store_sqlite.samples import bytes_of_all_files, grown, new, sql, store_at
from wrkr_core.errors import Conflict, Deleted, Unknown

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random  # noqa: TID251  # the type of what Hypothesis draws

    from wrkr_store_sqlite import SqliteStore

SECRET = b"canary-7f3a9c"


def test_a_deleted_stream_is_in_no_file(store: SqliteStore, tmp_path: Path) -> None:
    for length in (1, 50, 5000, 200_000):
        grown(store, "a", length, data=SECRET + b"x" * length)
        grown(store, "b", length, data=b"kept")
    assert SECRET in bytes_of_all_files(tmp_path)

    store.delete("a")

    assert SECRET not in bytes_of_all_files(tmp_path)
    assert b"kept" in bytes_of_all_files(tmp_path)
    assert store.check() == []


def test_trimmed_records_are_in_no_file(store: SqliteStore, tmp_path: Path) -> None:
    store.append("a", 0, new(1, data=SECRET))
    store.append("a", 1, new(2))

    store.trim("a", 1)

    assert SECRET not in bytes_of_all_files(tmp_path)


def test_a_durably_deleted_cell_is_in_no_file(store: SqliteStore, tmp_path: Path) -> None:
    version = store.put("key/j", SECRET, 0)
    version = store.put("key/j", SECRET + b"x" * 700, version)

    store.put("key/j", None, version)

    assert SECRET not in bytes_of_all_files(tmp_path)


def test_what_another_handle_deletes_is_in_no_file(store: SqliteStore, tmp_path: Path) -> None:
    other = store_at(tmp_path)
    store.append("a", 0, new(1, data=SECRET))
    assert len(other.read("a")) == 1

    other.delete("a")

    assert SECRET not in bytes_of_all_files(tmp_path)
    with pytest.raises(Deleted):
        store.append("a", 1, new(2))
    other.close()


@pytest.mark.slow
@settings(
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller example tells no more here
)
@given(st.randoms(use_true_random=False), st.sampled_from([200, 1500, 3000, 6000]))
def test_however_streams_lie_beside_each_other_none_leaves_a_copy(
    tmp_path_factory: pytest.TempPathFactory, random: Random, most: int
) -> None:
    folder = tmp_path_factory.mktemp("erased")
    store = store_at(folder)
    for number in range(120):
        stream = f"s{random.randrange(12):03}"
        data = f"<{stream}>".encode() * random.randrange(1, most // 6)
        grown(store, stream, number, data=data, durable=False)
    versions: dict[str, int] = {}
    for _ in range(150):
        key = f"k{random.randrange(15):03}"
        data = f"<{key}>".encode() * random.randrange(1, most // 6)
        versions[key] = store.put(key, data, versions.get(key, 0), durable=False)

    names = [*(info.stream for info in store.streams()), *versions]
    random.shuffle(names)
    for name in names:
        if name in versions:
            store.put(name, None, versions[name])
        elif random.random() < 0.3:
            head = store.streams(prefix=name)[0].head
            store.trim(name, head - 1)
            store.delete(name)
        else:
            store.delete(name)
        assert f"<{name}>".encode() not in bytes_of_all_files(folder), name
    assert store.check() == []
    store.close()


def test_a_foreign_reader_that_keeps_the_bytes_is_told(tmp_path: Path) -> None:
    store = store_at(tmp_path, "?busy=0.05")
    store.append("a", 0, new(1, data=SECRET))
    with closing(sqlite3.connect(tmp_path / "wrkr.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN")
        foreign.execute("SELECT count(*) FROM events").fetchall()

        with pytest.raises(Unknown, match="another program reads an earlier state") as caught:
            store.delete("a")
        foreign.execute("COMMIT")

    assert "repeat the same call" in caught.value.hint
    store.delete("a")
    assert SECRET not in bytes_of_all_files(tmp_path)
    store.close()


def test_compacting_gives_space_back_and_keeps_what_is_left(
    store: SqliteStore, tmp_path: Path
) -> None:
    for number in range(200):
        grown(store, f"s{number % 2}", number, data=b"x" * 3000)
    store.put("k", b"v", 0)
    kept = store.read("s1")
    last = store.feed("", 1000)[0][-1].pos
    store.delete("s0")
    before = store.size()

    store.compact()

    assert store.size() < before * 0.7
    assert store.read("s1") == kept
    assert store.check() == []
    assert sql(tmp_path / "wrkr.db", "SELECT count(*) FROM events WHERE sid IS NULL") == [(0,)]
    store.append("s2", 0, new(1))
    assert store.feed(str(last))[0][0].stream == "s2"


def test_compacting_gives_back_the_space_of_deleted_and_shrunken_cells(
    store: SqliteStore, tmp_path: Path
) -> None:
    for key in ("deleted", "shrunken", "kept"):
        store.put(key, b"x" * 1_000_000, 0)
    store.put("deleted", None, 1)
    store.put("shrunken", b"small", 1)
    store.put("varies", b"x" * 70, 0)
    pad = sql(tmp_path / "wrkr.db", "SELECT length(pad) FROM cells WHERE key = 'varies'")

    store.compact()

    assert store.size() < 1_200_000
    assert store.get("deleted") is None
    shrunken, kept = store.get("shrunken"), store.get("kept")
    assert shrunken is not None
    assert kept is not None
    assert (shrunken.data, shrunken.version, len(kept.data)) == (b"small", 2, 1_000_000)
    assert sql(tmp_path / "wrkr.db", "SELECT length(pad) FROM cells WHERE key = 'varies'") == pad
    assert store.check() == []
    with pytest.raises(Conflict):  # versions never repeat (C2)
        store.put("deleted", b"again", 1)
    assert store.put("deleted", b"again" * 1000, 0) == 3
    assert store.put("shrunken", b"larger again" * 1000, 2) == 3
    assert store.check() == []


def test_after_compacting_the_newest_pos_is_still_taken(store: SqliteStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.delete("a")

    store.compact()

    assert store.append("b", 0, new(1)).pos == 4


def test_a_compaction_that_was_cut_short_is_finished_by_the_next_erasure(
    store: SqliteStore, tmp_path: Path
) -> None:
    grown(store, "a", 1)
    sql(tmp_path / "wrkr.db", "UPDATE meta SET value = 1 WHERE name = 'remnants'")
    assert ("needs a rebuild", "yes: compact the store") in store.doctor()

    store.delete("a")

    assert ("needs a rebuild", "no") in store.doctor()
