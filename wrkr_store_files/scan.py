"""Find lines in a file without reading the rest: from an offset on, from the end, by number.

Lines begin with a number that grows from line to line (``lines.number_of``), and a newline byte is
always the end of a line, so that a file can be searched by halves: any offset is a line's end away
from a line that tells its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_store_files.disk import read_at
from wrkr_store_files.lines import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 64 * 1024  # bytes read first; more and more after that
SMALL: Final = 8 * 1024  # where mostly one or two lines are wanted
MOST: Final = 1024 * 1024
NUMBER_BYTES: Final = 64  # more than a line needs to tell its number


def lines_from(
    descriptor: int, offset: int, end: int, block: int = BLOCK
) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each whole line that starts at ``offset`` and ends by ``end``.

    What lacks its newline is no line: a writer is at it, or died.
    """
    rest = b""
    while (position := offset + len(rest)) < end:
        read = read_at(descriptor, min(block, end - position), position)
        if not read:  # cut meanwhile
            return
        rest += read
        start = 0
        while (newline := rest.find(b"\n", start)) >= 0:
            yield offset + start, rest[start : newline + 1]
            start = newline + 1
        offset += start
        rest = rest[start:]
        block = min(block * 2, max(MOST, len(rest)))


def lines_back(descriptor: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each whole line before ``end``, the last one first.

    Bytes behind the last newline are passed over.
    """
    block = SMALL
    start = end
    tail = b""  # the bytes from ``start`` on that are not yielded yet
    while start > 0:
        size = min(block, start)
        start -= size
        tail = read_at(descriptor, size, start) + tail
        if tail[-1:] != b"\n":
            tail = tail[: tail.rfind(b"\n") + 1]
        cut = len(tail)
        while cut and (newline := tail.rfind(b"\n", 0, cut - 1)) >= 0:
            yield start + newline + 1, tail[newline + 1 : cut]
            cut = newline + 1
        tail = tail[:cut]
        block *= 2
    if tail:
        yield 0, tail


def seek(descriptor: int, end: int, number: int) -> int:
    """Return the offset of the last line that begins with a number up to ``number``; else 0.

    Reads a few small pieces, however large the file is.
    """
    low, high = 0, end
    while high - low > SMALL:
        middle = (low + high) // 2
        start = _line_after(descriptor, middle, high)
        found = None if start is None else number_of(read_at(descriptor, NUMBER_BYTES, start))
        if start is None or found is None or found > number:
            high = middle
        else:
            low = start
    best = low
    for offset, line in lines_from(descriptor, low, end, SMALL):
        found = number_of(line)
        if found is None or found > number:
            break
        best = offset
    return best


def _line_after(descriptor: int, offset: int, end: int) -> int | None:
    """Return where the first line after ``offset`` starts, None if that is not before ``end``."""
    step = SMALL // 4
    while offset < end:
        read = read_at(descriptor, min(step, end - offset), offset)
        newline = read.find(b"\n")
        if newline >= 0:
            return offset + newline + 1 if offset + newline + 1 < end else None
        if not read:
            return None
        offset += len(read)
        step = min(step * 4, MOST)
    return None
