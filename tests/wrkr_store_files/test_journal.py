"""The journal tells what was begun, and damage from what a crash has torn."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import Corrupt
from wrkr_store_files.disk import close, open_to_read
from wrkr_store_files.journal import (
    Entry,
    Header,
    encode_entry,
    encode_header,
    last_entry,
    read_header,
    read_journal,
)
from wrkr_store_files.lines import seal

if TYPE_CHECKING:
    from pathlib import Path

HEADER = Header(1, "boot", pos=4, floor=0, reserve=100, feed=50)
LINES = st.binary(max_size=20).map(lambda rest: b'{"seq":' + rest.replace(b"\n", b"") + b"\n")
BODIES = st.lists(st.lists(LINES, min_size=1, max_size=5).map(b"".join), max_size=6)


def written(bodies: list[bytes], *, synced: bool = True) -> list[bytes]:
    """Return the parts of a journal: its header and its entries."""
    parts = [encode_header(HEADER)]
    for number, body in enumerate(bodies):
        size = sum(map(len, parts))
        entry = Entry(
            entry=5 + number,
            n=1,
            seq=number + 1,
            stream="s",
            segment=1,
            offset=0,
            size=len(body),
            crc32=crc32(body),
            feed=60,
            synced=size if synced else 0,
        )
        parts.append(encode_entry(entry, body))
    return parts


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal") / "journal"


@given(BODIES)
def test_every_entry_comes_back_with_its_lines(path: Path, bodies: list[bytes]) -> None:
    content = b"".join(written(bodies))
    path.write_bytes(content)

    header, found = read_journal(str(path))

    assert header == HEADER
    assert [content[each.body : each.end] for each in found] == bodies
    descriptor = open_to_read(str(path))
    assert read_header(descriptor) == (HEADER, len(encode_header(HEADER)))
    last = last_entry(descriptor, len(encode_header(HEADER)))
    close(descriptor)
    assert last == (found[-1] if found else None)


@given(BODIES, st.data())
def test_a_torn_end_takes_only_the_entry_it_is_in(
    path: Path, bodies: list[bytes], data: st.DataObject
) -> None:
    parts = written(bodies)
    content = b"".join(parts)
    size = data.draw(st.integers(len(parts[0]), len(content)))
    path.write_bytes(content[:size])
    whole = sum(len(b"".join(parts[: i + 1])) <= size for i in range(1, len(parts)))

    _, found = read_journal(str(path))

    assert len(found) == whole
    descriptor = open_to_read(str(path))
    last = last_entry(descriptor, len(parts[0]))
    close(descriptor)
    ends = len(b"".join(parts[: whole + 1])) == size and whole
    assert last == (found[-1] if ends else None)


@given(st.data())
def test_an_entry_that_was_flushed_is_never_taken_for_torn(path: Path, data: st.DataObject) -> None:
    parts = written([b"one\n", b"two\n", b"three\n"])
    content = bytearray(b"".join(parts))
    start = len(parts[0])
    place = data.draw(st.integers(start, len(content) - len(parts[-1]) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    with pytest.raises(Corrupt, match=r"bad entry at byte \d+ of the journal"):
        read_journal(str(path))


@given(st.data())
def test_an_entry_that_was_never_flushed_ends_the_journal(path: Path, data: st.DataObject) -> None:
    parts = written([b"one\n", b"two\n", b"three\n"], synced=False)
    content = bytearray(b"".join(parts))
    start = len(parts[0]) + len(parts[1])
    place = data.draw(st.integers(start, start + len(parts[2]) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    assert len(read_journal(str(path))[1]) == 1


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", encode_header(HEADER)[:-1], seal(b'{"journal":1')]
)
def test_a_journal_without_a_header_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(Corrupt) as caught:
        read_journal(str(path))
    assert caught.value.message == "the journal has no header"
    assert caught.value.hint == "restore the store from a backup"


def test_a_line_that_only_looks_like_an_entry_is_none(path: Path) -> None:
    content = encode_header(HEADER) + seal(b'{"entry":1')
    path.write_bytes(content)

    assert read_journal(str(path)) == (HEADER, [])
    descriptor = open_to_read(str(path))
    assert last_entry(descriptor, len(encode_header(HEADER))) is None
    close(descriptor)
