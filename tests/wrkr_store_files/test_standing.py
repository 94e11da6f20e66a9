"""A writer knows when others have written, and when somebody has died on the way."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.disks import CountingDisk
from tests.wrkr_store_files.samples import new
from wrkr_core.errors import Corrupt
from wrkr_store_files import FilesStore
from wrkr_store_files.journal import NUMBERS
from wrkr_store_files.layout import Layout
from wrkr_store_files.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def standing(root: Path, store: FilesStore) -> Iterator[Standing]:
    boot = store.doctor()[5][1]
    found = Standing(Layout(str(root)), CountingDisk(), boot)
    yield found
    found.forget()


def test_only_what_others_wrote_has_to_be_learned(standing: Standing, store: FilesStore) -> None:
    assert standing.catch_up()
    assert not standing.catch_up()
    store.append("a", 0, new(1, 2))

    assert standing.catch_up()
    assert standing.pos == 2
    assert not standing.catch_up()


def test_a_new_journal_is_noticed(standing: Standing, store: FilesStore) -> None:
    standing.catch_up()
    store.delete("a")

    assert standing.catch_up()
    assert standing.pos == 0


def test_a_feed_behind_the_journal_is_repaired(
    root: Path, standing: Standing, store: FilesStore
) -> None:
    store.append("a", 0, new(1))
    content = (root / "feed.jsonl").read_bytes()
    (root / "feed.jsonl").write_bytes(b"")

    assert standing.catch_up()
    assert (root / "feed.jsonl").read_bytes() == content
    assert standing.pos == 1


@pytest.mark.parametrize("name", ["journal.jsonl", "feed.jsonl"])
def test_a_torn_end_is_repaired(
    root: Path, standing: Standing, store: FilesStore, name: str
) -> None:
    store.append("a", 0, new(1))
    with (root / name).open("ab") as file:
        file.write(b'{"entry":2')

    assert standing.catch_up()
    assert standing.pos == 1
    assert store.append("a", 1, new(2)).pos == 2
    assert store.check() == []


def test_a_new_journal_flushes_what_others_wrote_too(
    root: Path, standing: Standing, store: FilesStore
) -> None:
    for stream in ("a", "b", "c"):
        store.append(stream, 0, new(1))
    standing.catch_up()
    disk = standing._disk
    assert isinstance(disk, CountingDisk)
    assert standing.touched.segments == set()

    standing.renew(0)

    assert disk.flushes == 3 + 2  # the segments, the feed and the new journal
    assert standing.header.pos == 3
    assert standing.header.reserve == 3 + NUMBERS


def test_room_is_made_for_as_many_numbers_as_wanted(standing: Standing) -> None:
    standing.catch_up()

    standing.renew(5 * NUMBERS)

    assert standing.header.reserve >= standing.pos + 5 * NUMBERS


def test_files_that_never_fit_are_damage(
    root: Path, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "_load", lambda files: False)

    with pytest.raises(Corrupt, match="journal and feed do not fit"):
        standing.catch_up()


def test_what_is_forgotten_is_closed(root: Path, standing: Standing) -> None:
    standing.catch_up()
    with closing(FilesStore(str(root))):
        standing.forget()
        standing.forget()

    assert (standing.journal, standing.feed) == (-1, -1)
    assert standing.identity()[0] == 0
