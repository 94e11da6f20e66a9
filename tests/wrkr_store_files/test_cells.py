"""Cells change only by compare-and-set, and no version is ever given out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.disks import CountingDisk, FaultyDisk, StopError
from wrkr_core.errors import Conflict, Corrupt
from wrkr_store_files import FilesStore
from wrkr_store_files.cells import Cells, Numbers, decode_cell, forget_torn
from wrkr_store_files.layout import Layout, file_name
from wrkr_store_files.lines import seal

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.store import Cell

FREE = Numbers(floor=0, reserve=1000)


def opened(root: Path, disk: FaultyDisk | CountingDisk | None = None) -> Cells:
    FilesStore(str(root)).close()
    return Cells(Layout(str(root)), disk or CountingDisk())


@given(
    st.lists(
        st.tuples(st.none() | st.binary(max_size=30), st.booleans(), st.booleans()), max_size=12
    )
)
def test_cells_are_as_the_last_put_left_them(
    tmp_path_factory: pytest.TempPathFactory, puts: list[tuple[bytes | None, bool, bool]]
) -> None:
    cells = opened(tmp_path_factory.mktemp("cells"))
    now, version, count = None, 0, 0
    for data, durable, right in puts:
        if not right:
            with pytest.raises(Conflict) as caught:
                cells.put("k", data, version + 1, FREE, durable=durable)
            assert caught.value.head == version
            continue
        last = cells.put("k", data, version, FREE, durable=durable)
        now, version = data, 0 if data is None else last
        count += 1
        assert last == count
        cell = cells.get("k")
        assert (None if cell is None else (cell.data, cell.version)) == (
            None if now is None else (now, version)
        )
        assert cells.keys("", "", 9) == ([] if now is None else ["k"])


def test_versions_count_on_across_deletes(root: Path) -> None:
    cells = opened(root)

    versions = [
        cells.put("k", b"1", 0, FREE, durable=True),
        cells.put("k", None, 1, FREE, durable=True),
        cells.put("k", b"2", 0, FREE, durable=False),
        cells.put("k", None, 3, FREE, durable=False),
        cells.put("k", None, 0, FREE, durable=True),
        cells.put("k", b"3", 0, FREE, durable=True),
    ]

    assert versions == [1, 2, 3, 4, 5, 6]


@given(st.binary(), st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_a_cell_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, key: str
) -> None:
    root = tmp_path_factory.mktemp("cells")
    cells = opened(root)

    cells.put(key, data, 0, FREE, durable=True)

    cell = cells.get(key)
    assert cell is not None
    assert (cell.key, cell.data, cell.version) == (key, data, 1)
    assert cells.keys("", "", 9) == [key]
    content = (root / "cells" / file_name(key)).read_bytes()
    assert content.endswith(data)
    for size in range(len(content)):
        assert decode_cell(content[:size]) is None


def test_a_durable_put_flushes_file_and_name_and_a_relaxed_one_nothing(root: Path) -> None:
    disk = CountingDisk()
    cells = opened(root, disk)

    cells.put("k", b"1", 0, FREE, durable=False)
    assert (disk.flushes, disk.folder_flushes) == (0, 0)
    cells.put("k", b"2", 1, FREE, durable=True)
    assert (disk.flushes, disk.folder_flushes) == (1, 1)


def test_a_relaxed_put_never_endangers_what_was_durable(root: Path) -> None:
    cells = opened(root)
    cells.put("k", b"durable", 0, FREE, durable=True)
    cells.put("k", b"relaxed", 1, FREE, durable=False)
    path = root / "relaxed" / "k"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(Corrupt, match="damaged"):
        cells.get("k")
    forget_torn(Layout(str(root)), CountingDisk())

    cell = cells.get("k")
    assert cell is not None
    assert cell.data == b"durable"


def test_after_a_loss_of_power_versions_begin_beyond_all_that_were_seen(root: Path) -> None:
    cells = opened(root)
    cells.put("k", b"1", 0, FREE, durable=True)

    assert cells.put("k", b"2", 1, Numbers(floor=1000, reserve=2000), durable=True) == 1001
    assert cells.put("new", b"2", 0, Numbers(floor=1000, reserve=2000), durable=True) == 1001


def test_a_version_beyond_the_reserve_is_flushed_even_if_nobody_asks(root: Path) -> None:
    disk = CountingDisk()
    cells = opened(root, disk)

    cells.put("k", b"1", 0, Numbers(floor=8, reserve=9), durable=False)
    assert disk.flushes == 0
    cells.put("k", b"2", 9, Numbers(floor=8, reserve=9), durable=False)
    assert disk.flushes == 1


def test_deleting_leaves_nothing_of_the_cell(root: Path) -> None:
    cells = opened(root)
    cells.put("k", b"secret 1", 0, FREE, durable=True)
    cells.put("k", b"secret 2", 1, FREE, durable=False)

    cells.put("k", None, 2, FREE, durable=False)

    left = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert b"secret" not in left


@pytest.mark.parametrize("at", range(1, 14))
def test_a_delete_that_is_cut_short_is_done_or_not_done(root: Path, at: int) -> None:
    disk = FaultyDisk()
    cells = opened(root, disk)
    cells.put("k", b"1", 0, FREE, durable=True)
    cells.put("k", b"2", 1, FREE, durable=False)
    disk.set("stop", at)
    try:
        cells.put("k", None, 2, FREE, durable=True)
    except StopError:
        assert at < 13
    disk.set("", 0)

    cell = cells.get("k")
    assert cells.keys("", "", 9) == (["k"] if cell else [])
    assert cell is None or cell.version == 2
    assert cells.put("k", b"3", cell.version if cell else 0, FREE, durable=True) == (
        3 if cell else 4
    )
    assert cells.get("k") is not None


def test_a_relaxed_cell_that_a_crash_left_behind_is_not_the_cell(root: Path) -> None:
    cells = opened(root)
    cells.put("k", b"old", 0, FREE, durable=False)
    stale = (root / "relaxed" / "k").read_bytes()
    cells.put("k", b"new", 1, FREE, durable=True)
    (root / "relaxed" / "k").write_bytes(stale)

    cell = cells.get("k")
    assert cell is not None
    assert cell.data == b"new"
    cells.put("k", b"newer", 2, FREE, durable=False)
    cells.put("k", None, 3, FREE, durable=True)
    assert cells.get("k") is None


def test_a_reader_that_is_overtaken_reads_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = opened(root)
    cells.put("k", b"1", 0, FREE, durable=False)
    writer = Cells(Layout(str(root)), CountingDisk())
    real = cells._read
    done: list[bool] = []

    def overtaken(folder: str, key: str) -> Cell | None:
        found = real(folder, key)
        if not done:
            done.append(True)
            writer.put("k", b"2", 1, FREE, durable=False)
        return found

    monkeypatch.setattr(cells, "_read", overtaken)
    cell = cells.get("k")

    assert cell is not None
    assert cell.data == b"2"


def test_keys_come_in_order_by_page(root: Path) -> None:
    cells = opened(root)
    keys = ["a", "lease/1", "lease/2", "lease/" + "x" * 300, "z"]
    for number, key in enumerate(keys):
        cells.put(key, b"", 0, FREE, durable=bool(number % 2))

    assert cells.keys("", "", 9) == sorted(keys)
    assert cells.keys("lease/", "", 9) == sorted(keys)[1:4]
    assert cells.keys("", "lease/1", 2) == sorted(keys)[2:4]


@pytest.mark.parametrize("content", [b"", b"junk", seal(b'{"key":1')])
def test_a_damaged_cell_is_told(root: Path, content: bytes) -> None:
    cells = opened(root)
    (root / "cells" / file_name("x" * 300)).write_bytes(content)

    with pytest.raises(Corrupt, match="is damaged"):
        cells.get("x" * 300)
    with pytest.raises(Corrupt, match="is damaged"):
        cells.keys("", "", 9)


def test_a_cell_under_another_name_is_damaged(root: Path) -> None:
    cells = opened(root)
    cells.put("a", b"1", 0, FREE, durable=True)
    (root / "cells" / "a").rename(root / "cells" / "b")

    with pytest.raises(Corrupt, match="is damaged"):
        cells.get("b")


def test_a_cell_that_vanishes_under_a_listing_is_not_listed(root: Path) -> None:
    cells = opened(root)

    assert cells._key_in(f"{root}/cells/missing") is None
