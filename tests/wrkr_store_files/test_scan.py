"""Lines are found from an offset, from the end and by number, without reading the rest."""

from __future__ import annotations

import os
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_store_files import scan
from wrkr_store_files.disk import close, open_to_read
from wrkr_store_files.scan import SMALL, lines_back, lines_from, seek

LENGTHS = st.lists(
    st.integers(0, 50) | st.sampled_from([4000, 9000, 70_000, 300_000]), min_size=1, max_size=12
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"{tmp_path_factory.mktemp('scan')}/file"


class Opened:
    def __init__(self, path: str, content: bytes) -> None:
        with open(path, "wb") as file:  # noqa: PTH123  # a text path
            file.write(content)
        self.path = path

    def __enter__(self) -> int:
        self.descriptor = open_to_read(self.path)
        return self.descriptor

    def __exit__(self, *error: object) -> None:
        close(self.descriptor)


def numbered(lengths: list[int]) -> list[bytes]:
    """Return lines with the numbers 10, 20, 30 and so on."""
    return [b'{"seq":%d,%b\n' % (10 * i, b"x" * n) for i, n in enumerate(lengths, 1)]


@given(LENGTHS, st.binary(max_size=40).filter(lambda tail: b"\n" not in tail))
def test_lines_are_the_same_from_both_ends(path: str, lengths: list[int], tail: bytes) -> None:
    lines = numbered(lengths)
    offsets = [0, *accumulate(map(len, lines))][:-1]
    content = b"".join(lines) + tail

    with Opened(path, content) as file:
        expected = list(zip(offsets, lines, strict=True))
        assert list(lines_from(file, 0, len(content))) == expected
        assert list(lines_back(file, len(content))) == expected[::-1]


@given(LENGTHS, st.integers(0, 130))
def test_a_line_is_found_by_its_number(path: str, lengths: list[int], number: int) -> None:
    lines = numbered(lengths)
    content = b"".join(lines)
    index = max(0, min(len(lines), number // 10) - 1)

    with Opened(path, content) as file:
        assert seek(file, len(content), number) == sum(map(len, lines[:index]))


def test_only_the_newline_byte_ends_a_line(path: str) -> None:
    content = "a\u2028b\r\x0b\x0c\x1c\x85c\n".encode()

    with Opened(path, content) as file:
        assert list(lines_from(file, 0, len(content))) == [(0, content)]


def test_an_empty_file_has_no_lines(path: str) -> None:
    with Opened(path, b"") as file:
        assert list(lines_from(file, 0, 0)) == list(lines_back(file, 0)) == []
        assert seek(file, 0, 1) == 0


def test_a_file_that_was_cut_meanwhile_just_ends(path: str) -> None:
    with Opened(path, b"a\n") as file:
        assert list(lines_from(file, 0, 100)) == [(0, b"a\n")]
        assert seek(file, 10 * SMALL, 5) == 0


def test_finding_a_line_reads_little_of_a_large_file(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"".join(numbered([300] * 100_000))
    read: list[int] = []
    real = os.pread

    def counted(descriptor: int, size: int, offset: int) -> bytes:
        data = real(descriptor, size, offset)
        read.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counted)
    with Opened(path, content) as file:
        offset = seek(file, len(content), 777_770)
        first = next(lines_from(file, offset, len(content)))[1]
        last = next(lines_back(file, len(content)))[1]

    assert first.startswith(b'{"seq":777770,')
    assert last.startswith(b'{"seq":1000000,')
    assert sum(read) < 300_000 < len(content) // 100


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reading cross the edges of blocks more often than real sizes would."""
    monkeypatch.setattr(scan, "MOST", 20_000)
