"""The feed holds every record once, in order, and goes on from any cursor."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.samples import ids, new, whole_feed
from wrkr_core.errors import Corrupt
from wrkr_store_files import FilesStore, feed
from wrkr_store_files.feed import Row, all_rows, decode_row, encode_row
from wrkr_store_files.lines import seal

if TYPE_CHECKING:
    from pathlib import Path

APPENDS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=15)


@given(APPENDS, st.integers(1, 7), st.sets(st.sampled_from("abc"), max_size=2), st.integers(0, 3))
def test_every_record_comes_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    appends: list[tuple[str, int]],
    limit: int,
    deleted: set[str],
    through: int,
) -> None:
    store = FilesStore(str(tmp_path_factory.mktemp("feed") / "s"))
    heads = dict.fromkeys("abc", 0)
    made: list[tuple[str, int]] = []
    for stream, count in appends:
        store.append(stream, heads[stream], new(*range(len(made), len(made) + count)))
        made += [(stream, heads[stream] + i) for i in range(1, count + 1)]
        heads[stream] += count
    trimmed = {stream: through if through < heads[stream] else 0 for stream in "abc"}
    for stream, seq in trimmed.items():
        if seq:
            store.trim(stream, seq)
    for stream in deleted:
        store.delete(stream)

    found = whole_feed(store, limit)

    assert [(event.stream, event.seq) for event in found] == [
        (stream, seq) for stream, seq in made if stream not in deleted and seq > trimmed[stream]
    ]
    positions = [event.pos for event in found]
    assert positions == sorted(set(positions))
    for index, event in enumerate(found):
        following, cursor = store.feed(str(event.pos), 2)
        assert following == found[index + 1 : index + 3]
        assert int(cursor) >= [event, *following][-1].pos
    store.close()


def test_a_page_is_as_full_as_it_can_be(store: FilesStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.append("gone", 0, new(4, 5))
    store.append("a", 3, new(6, 7))
    store.delete("gone")

    page, cursor = store.feed("2", 3)

    assert ids(page) == ["e3", "e6", "e7"]
    assert store.feed(cursor, 3) == ([], cursor)


def test_a_cursor_passes_over_what_is_gone(store: FilesStore) -> None:
    store.append("gone", 0, new(1, 2))
    store.delete("gone")

    assert store.feed() == ([], "2")
    assert store.feed("2") == ([], "2")


def test_an_empty_feed_leaves_the_cursor_as_it_is(store: FilesStore) -> None:
    assert store.feed() == ([], "")
    assert store.feed("", 1) == ([], "")


def test_a_torn_row_is_not_there_and_the_next_writer_repairs_it(
    root: Path, store: FilesStore
) -> None:
    store.append("a", 0, new(1))
    with (root / "feed.jsonl").open("ab") as file:
        file.write(b'{"pos":2,"n"')

    assert ids(whole_feed(store)) == ["e1"]
    store.append("a", 1, new(2))
    assert ids(whole_feed(store)) == ["e1", "e2"]
    assert store.check() == []


def test_a_bad_row_is_damage(root: Path, store: FilesStore) -> None:
    for seq in range(3):
        store.append("a", seq, new(seq))
    path = root / "feed.jsonl"
    content = path.read_bytes()
    middle = content.replace(b'"pos":2', b'"pos":5')
    last = content.replace(b'"pos":3', b'"pos":5')

    path.write_bytes(middle)
    with pytest.raises(Corrupt, match=r"bad row at byte \d+ of feed.jsonl"):
        store.feed("1")
    assert ids(store.read("a")) == ["e0", "e1", "e2"]
    assert len(store.check()) == 1
    path.write_bytes(last)
    with closing(FilesStore(str(root))) as other, pytest.raises(Corrupt, match="bad row"):
        other.read("a")


def test_a_row_whose_records_somebody_cut_is_passed_over(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    store.append("a", 1, new(2))
    file = next((root / "streams" / "a").iterdir())
    os.truncate(file, file.stat().st_size - 1)

    assert ids(whole_feed(store)) == ["e1"]
    assert store.check() == [
        "stream a: it has 1 records, the feed knows 2, and they are not the same"
    ]


def test_what_is_remembered_stays_small(store: FilesStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "REMEMBERED", 3)
    for seq in range(10):
        store.append("a", seq, new(seq))

    assert len(whole_feed(store, 1)) == 10
    assert len(store._handle.feed._offsets) <= 3


def test_many_rows_are_looked_at_in_parts(
    store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS", 4)
    for seq in range(10):
        store.append("a", seq, new(seq))

    assert len(store.feed("", 100)[0]) == 10


@given(st.builds(Row, *[st.integers(1, 1 << 60)] * 3, st.text(st.characters(codec="utf-8"))))
def test_a_row_survives_its_line(row: Row) -> None:
    assert decode_row(encode_row(row)) == row
    assert decode_row(encode_row(row)[:-1]) is None
    assert row.last == row.pos + row.n - 1


def test_a_sealed_line_that_is_no_row_is_none(tmp_path: Path) -> None:
    assert decode_row(seal(b'{"pos":"x"')) is None
    (tmp_path / "feed").write_bytes(encode_row(Row(1, 1, 1, "a")) + seal(b'{"pos":0'))

    with pytest.raises(Corrupt, match="bad row"):
        list(all_rows(f"{tmp_path}/feed"))
