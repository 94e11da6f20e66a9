"""What is damage in a journal and what is torn is told by what was flushed, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

import pytest

from wrkr_core.errors import Corrupt
from wrkr_store_files.disk import close, open_to_read
from wrkr_store_files.journal import (
    Entry,
    Found,
    Header,
    encode_entry,
    encode_header,
    last_entry,
    read_journal,
)

if TYPE_CHECKING:
    from pathlib import Path

START: Final = encode_header(Header(1, "boot", pos=0, floor=0, reserve=100, feed=50))
BODY: Final = b"one\ntwo\n"


def entry(number: int, synced: int) -> bytes:
    """Return an entry that was written when the journal was known to be flushed up to ``synced``."""
    described = Entry(
        number, n=1, seq=number, stream="s", segment=1, offset=0,
        size=len(BODY), crc32=crc32(BODY), feed=60, synced=synced,
    )  # fmt: skip
    return encode_entry(described, BODY)


def journal_of(count: int, *, behind: int = 0) -> list[bytes]:
    """Return header and entries, each written when all, or all but ``behind``, were flushed."""
    parts = [START]
    for number in range(1, count + 1):
        parts.append(entry(number, sum(map(len, parts[: max(1, number - behind)]))))
    return parts


def spoiled(part: bytes, place: int) -> bytes:
    return part[:place] + b"#" + part[place + 1 :]


def last_of(path: Path) -> Found | None:
    descriptor = open_to_read(str(path))
    try:
        return last_entry(descriptor, len(START))
    finally:
        close(descriptor)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_damage_is_told_by_where_it_begins_with_the_way_out(path: Path) -> None:
    parts = journal_of(3)
    path.write_bytes(parts[0] + parts[1] + spoiled(parts[2], -3) + parts[3])

    with pytest.raises(Corrupt) as caught:
        read_journal(str(path))

    start = len(parts[0] + parts[1])
    assert caught.value.details == {"offset": start}
    assert caught.value.message == (
        f"bad entry at byte {start} of the journal, with good ones after it"
    )
    assert caught.value.hint == "restore the store from a backup"


def test_a_good_entry_is_found_behind_others_that_lost_their_newlines(path: Path) -> None:
    parts = journal_of(3)
    lost = b"".join(parts[1:3]).replace(b"\n", b"#")
    path.write_bytes(START + lost + parts[3])

    with pytest.raises(Corrupt):
        read_journal(str(path))


def test_the_last_entries_before_a_flush_may_be_torn_in_any_order(path: Path) -> None:
    """The third was written when only the first was known to be flushed."""
    parts = journal_of(3, behind=1)
    path.write_bytes(parts[0] + parts[1] + spoiled(parts[2], -3) + parts[3])

    assert len(read_journal(str(path))[1]) == 1


def test_an_entry_with_other_bytes_of_the_same_length_is_none_and_proves_nothing(
    path: Path,
) -> None:
    parts = journal_of(2)
    path.write_bytes(START + spoiled(parts[1], -3) + spoiled(parts[2], -3))

    assert read_journal(str(path))[1] == []
    assert last_of(path) is None


def test_an_entry_may_end_in_an_empty_line(path: Path) -> None:
    body = b"one\n\n"
    described = Entry(
        1, n=1, seq=1, stream="s", segment=1, offset=0,
        size=len(body), crc32=crc32(body), feed=60, synced=0,
    )  # fmt: skip
    path.write_bytes(START + encode_entry(described, body))

    assert len(read_journal(str(path))[1]) == 1


def test_an_entry_whose_bytes_are_not_all_there_is_none(path: Path) -> None:
    parts = journal_of(2)
    path.write_bytes(START + parts[1] + parts[2][:-1])

    assert last_of(path) is None
    assert len(read_journal(str(path))[1]) == 1
