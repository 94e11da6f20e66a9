"""Reading a stream: what is whole is there, what is torn is not, what is damaged is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.samples import ids, new, segments
from wrkr_core.errors import Corrupt, Deleted, Trimmed
from wrkr_store_files import FilesStore, streams
from wrkr_store_files.disk import open_to_read
from wrkr_store_files.layout import Layout
from wrkr_store_files.lines import encode_record
from wrkr_store_files.streams import StreamFiles
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from pathlib import Path


def reader(root: Path) -> StreamFiles:
    return StreamFiles(Layout(str(root)))


@given(cut=st.integers(1, 400), batch=st.integers(1, 4), data=st.binary(max_size=30))
def test_wherever_the_last_batch_is_cut_the_ones_before_it_survive(
    tmp_path_factory: pytest.TempPathFactory, cut: int, batch: int, data: bytes
) -> None:
    root = tmp_path_factory.mktemp("torn")
    with_closed(root, lambda store: store.append("a", 0, new(1, 2)))
    (file,) = segments(root)
    whole = file.stat().st_size
    with_closed(root, lambda store: store.append("a", 2, new(*range(10, 10 + batch), data=data)))
    os.truncate(file, max(whole, file.stat().st_size - cut))

    store = FilesStore(str(root))
    assert ids(store.read("a")) == ["e1", "e2"]
    assert store.append("a", 2, new(3)).seq == 3
    assert ids(store.read("a")) == ["e1", "e2", "e3"]
    assert [event.seq for event in store.feed()[0]] == [1, 2, 3]
    assert file.read_bytes().count(b"\n") == 3
    store.close()


@given(place=st.floats(0, 0.99), flip=st.integers(1, 255))
def test_a_changed_byte_before_the_last_record_is_damage(
    tmp_path_factory: pytest.TempPathFactory, place: float, flip: int
) -> None:
    root = tmp_path_factory.mktemp("flip")
    with_closed(root, lambda store: store.append("a", 0, new(1, 2, 3)))
    (file,) = segments(root)
    content = bytearray(file.read_bytes())
    content[int(content.index(b'{"seq":3') * place)] ^= flip
    file.write_bytes(content)

    store = FilesStore(str(root))
    with pytest.raises(Corrupt, match="stream a: bad record at byte"):
        store.read("a")
    assert len(store.check()) == 1
    store.close()


def with_closed(root: Path, act: object) -> None:
    store = FilesStore(str(root))
    assert callable(act)
    act(store)
    store.close()


def test_a_bad_last_line_that_is_complete_is_damage(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    with segments(root)[0].open("ab") as file:
        file.write(b'{"seq":2,"pos":2}\n')

    with pytest.raises(Corrupt, match="bad record at byte"):
        store.stream("a")
    with pytest.raises(Corrupt, match="bad record at byte"):
        store.append("a", 1, new(2))


def test_nothing_beyond_the_horizon_is_seen(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    line = encode_record(new(2)[0], seq=2, pos=2)
    with segments(root)[0].open("ab") as file:
        file.write(line)

    assert ids(store.read("a")) == ["e1"]
    info = store.stream("a")
    assert info is not None
    assert (info.head, info.pos) == (1, 1)
    assert ids(reader(root).read("a", 0, 10)) == ["e1", "e2"]


def test_reading_goes_on_over_segments(root: Path) -> None:
    store = FilesStore(str(root), limits=Limits(segment=1))
    for seq in range(12):
        store.append("a", seq, new(seq))

    assert len(segments(root)) == 12
    assert ids(store.read("a", 3, 5)) == [f"e{i}" for i in range(3, 8)]
    after, found = 0, []
    while page := store.read("a", after, 5):
        found += page
        after = page[-1].seq
    assert ids(found) == [f"e{i}" for i in range(12)]
    store.close()


def test_a_segment_ends_where_the_next_one_begins(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    lines = segments(root)[0].read_bytes().splitlines(keepends=True)
    (segments(root)[0].parent / "events-000000000003.jsonl").write_bytes(lines[2])

    assert ids(store.read("a")) == ["e1", "e2", "e3"]
    assert [each.event.seq for each in reader(root).records("a")] == [1, 2, 3]


def test_a_segment_that_ends_too_early_is_damage(root: Path) -> None:
    store = FilesStore(str(root), limits=Limits(segment=400))
    for seq in range(9):
        store.append("a", seq, new(seq))
    first = segments(root)[0]
    os.truncate(first, first.stat().st_size - 5)

    with pytest.raises(Corrupt, match=r"record \d is missing in events-000000000001.jsonl"):
        store.read("a")
    with pytest.raises(Corrupt, match=r"record \d is missing in"):
        list(reader(root).records("a"))
    store.close()


def test_a_gap_in_the_numbers_is_damage(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    file = segments(root)[0]
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[2])

    with pytest.raises(Corrupt):
        store.read("a")
    with pytest.raises(Corrupt):
        list(reader(root).records("a"))


def test_a_segment_taken_away_meanwhile_is_looked_for_again(
    root: Path, store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("a", 0, new(1, 2))
    real = open_to_read
    misses = [FileNotFoundError, FileNotFoundError, FileNotFoundError]

    def sometimes(path: str) -> int:
        if "events" in path and misses:
            raise misses.pop()
        return real(path)

    monkeypatch.setattr(streams, "open_to_read", sometimes)
    assert ids(store.read("a")) == ["e1", "e2"]
    misses[:] = [FileNotFoundError] * 100
    with pytest.raises(Corrupt, match="cannot be opened"):
        store.read("a")
    with pytest.raises(Corrupt, match="cannot be opened"):
        store.stream("a")


def test_a_place_to_read_on_that_no_longer_fits_is_forgotten(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, 2))
    store.append("a", 2, new(3))
    assert ids(store.read("a", 0, 2)) == ["e1", "e2"]
    file = segments(root)[0]
    lines = file.read_bytes().splitlines(keepends=True)
    longer = encode_record(new(1, data=b'"a longer one"')[0], seq=1, pos=1, place=1, count=2)
    file.write_bytes(longer + lines[1] + lines[2])

    assert ids(store.read("a", 2)) == ["e3"]


def test_places_of_many_streams_do_not_pile_up(
    root: Path, store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "REMEMBERED", 3)
    for name in "abcdefgh":
        store.append(name, 0, new(1))
        assert ids(store.read(name)) == ["e1"]

    assert len(store._handle.streams._places) <= 3


def test_streams_that_are_gone_are_told_from_those_that_never_were(
    root: Path, store: FilesStore
) -> None:
    store.append("a", 0, new(1, 2))
    store.trim("a", 1)
    store.append("b", 0, new(3))
    store.delete("b")
    files = reader(root)

    with pytest.raises(Trimmed) as caught:
        files.read("a", 0, 1)
    assert caught.value.first == 2
    assert files.read("b", 0, 1) == files.read("never", 0, 1) == []
    assert files.end("never") is None
    with pytest.raises(Deleted):
        files.check_not_deleted("b")
    files.check_not_deleted("never")


def test_names_of_any_length_are_listed(root: Path, store: FilesStore) -> None:
    names = ["a", "A", "é" * 127, "../x", "con", "x" * 255]
    for name in names:
        store.append(name, 0, new(1))
    (root / "streams" / "not ours").mkdir()

    assert sorted(reader(root).names()) == sorted(names)
    assert [info.stream for info in store.streams()] == sorted(names)
