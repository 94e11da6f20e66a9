"""A check finds everything that is not as it was written."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.samples import new, segments
from wrkr_core.errors import Corrupt
from wrkr_store_files import FilesStore
from wrkr_store_files.feed import Row, encode_row
from wrkr_store_files.lines import encode_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def filled(root: Path) -> FilesStore:
    store = FilesStore(str(root))
    store.append("a", 0, new(1, 2))
    store.append("b", 0, new(3))
    store.append("a", 2, new(4))
    store.put("k", b"1", 0)
    store.put("k", b"2", 1, durable=False)
    store.put("gone", b"1", 0)
    store.put("gone", None, 1)
    store.append("dead", 0, new(5))
    store.delete("dead")
    return store


def test_a_store_that_is_well_has_no_problems(root: Path) -> None:
    with closing(filled(root)) as store:
        assert store.check() == []
    with closing(FilesStore(str(root), read_only=True)) as store:
        assert store.check() == []


@given(st.data())
def test_no_changed_byte_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("check") / "s"
    filled(root).close()
    kept = (*root.glob("streams/*/*"), *root.glob("cells/*"), *root.glob("gone/*"))
    path = data.draw(st.sampled_from(sorted([*kept, root / "feed.jsonl", root / "journal.jsonl"])))
    content = bytearray(path.read_bytes())
    # A feed without its last line end is one whose last row was torn: it is made anew, nothing is lost.
    last = len(content) - (2 if path.name == "feed.jsonl" else 1)
    content[data.draw(st.integers(0, last))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    if path.name == "journal.jsonl":  # it has one line, without which nothing can be opened
        with pytest.raises(Corrupt, match="the journal has no header"):
            FilesStore(str(root), read_only=True)
        return
    with closing(FilesStore(str(root), read_only=True)) as store:
        assert store.check() != []


def append_line(root: Path) -> None:
    with segments(root)[0].open("ab") as file:
        file.write(encode_record(new(9)[0], seq=4, pos=2))


def swap_rows(root: Path) -> None:
    path = root / "feed.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([rows[1], rows[0], *rows[2:]]))


def lose_row(root: Path) -> None:
    path = root / "feed.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    other = encode_row(Row(3, 1, 1, "c"))
    assert len(other) == len(rows[1])
    path.write_bytes(b"".join([rows[0], other, *rows[2:]]))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a record out of order": (append_line, "stream a: record 4 has pos 2, after 4"),
    "rows out of order": (swap_rows, "feed.jsonl: pos 1 comes after 3"),
    "a row of another stream": (lose_row, "stream b: it has 1 records, the feed knows 0, and"),
    "a cell under another name": (
        lambda root: (root / "cells" / "k").rename(root / "cells" / "j"),
        "/cells/j is damaged",
    ),
    "files in a tombstone": (
        lambda root: (root / "deleted" / "dead" / "events-1.jsonl").touch(),
        "/deleted/dead still has files; delete the stream again",
    ),
    "a stream without its folder": (
        lambda root: (root / "streams" / "b").rename(root.parent / "b"),
        "stream b: it has 0 records, the feed knows 1, and they are not the same",
    ),
    "a stream without its records": (
        lambda root: segments(root, "b")[0].unlink(),
        "stream b: it has 0 records, the feed knows 1, and they are not the same",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_by_its_place(root: Path, name: str) -> None:
    damage, problem = DAMAGES[name]
    filled(root).close()
    damage(root)

    with closing(FilesStore(str(root))) as store:
        found = store.check()

    assert [each for each in found if problem in each], found


def test_what_the_next_writer_repairs_is_told_to_who_only_reads(root: Path) -> None:
    filled(root).close()
    with (root / "feed.jsonl").open("ab") as file:
        file.write(b"torn")

    with closing(FilesStore(str(root), read_only=True)) as store:
        (problem,) = store.check()
        assert "the next writer repairs it" in problem
    with closing(FilesStore(str(root))) as store:
        assert store.check() == []


def test_a_missing_file_is_told(root: Path) -> None:
    filled(root).close()
    with closing(FilesStore(str(root), read_only=True)) as store:
        (root / "feed.jsonl").unlink()
        (problem,) = store.check()

    assert problem.endswith(
        "feed.jsonl is missing; open the store to write, so that it can recover"
    )
