"""How much room a cell's row takes, so that a changed cell stays in place only where it fits.

A row that outgrows its page makes SQLite rebalance the tree, which leaves readable copies of its
neighbours behind (see ``schema``). So a cell changes in place only if its row gets no larger, and
otherwise moves to a new row behind all others. Zeros in ``pad`` bring rows to round sizes, which
makes moves rare for values whose length varies a little.

Sizes are those of SQLite's record format (sqlite.org/fileformat2.html, 2.1).
"""

from __future__ import annotations

from typing import Final

STEP: Final = 64
MOST_STEP: Final = 4096
# A row this large never spills over to other pages, whatever the page size (512 or more). Larger
# rows may take more room in their own page when they shrink, so they must keep their size exactly.
SPILLS: Final = 400


def row_bytes(key: int, version: int, data: int | None, pad: int) -> int:
    """Return the bytes of the record (cid, key, version, data, pad), given the lengths in it."""
    types = 1 + _varint(13 + 2 * key) + 1 + _blob_type(data) + _varint(12 + 2 * pad)
    return 1 + types + key + _integer(version) + (data or 0) + pad


def pad_to_fit(key: int, version: int, data: int | None, room: int) -> int | None:
    """Return the longest pad with which the record takes at most ``room`` bytes, None if none.

    In a room where rows may spill, the record takes exactly ``room`` bytes or the answer is None.
    """
    pad = room - row_bytes(key, version, data, 0)
    while pad >= 0 and row_bytes(key, version, data, pad) > room:
        pad -= 1  # the pad's length takes up to four bytes more as it grows
    if pad < 0 or (room > SPILLS and row_bytes(key, version, data, pad) != room):
        return None
    return pad


def fresh_pad(key: int, version: int, data: int | None) -> int:
    """Return the pad for a new row: up to a multiple of 64 bytes, of about an eighth above 512."""
    least = row_bytes(key, version, data, 0)
    step = min(MOST_STEP, max(STEP, 1 << max(0, least.bit_length() - 4)))
    room = -(-least // step) * step
    pad = pad_to_fit(key, version, data, room)
    return pad if pad is not None else 0


def _varint(value: int) -> int:
    """Return the length of SQLite's variable-length integer, for values below 2**63."""
    return max(1, -(-value.bit_length() // 7))


def _blob_type(data: int | None) -> int:
    return 1 if data is None else _varint(12 + 2 * data)


def _integer(value: int) -> int:
    """Return the length of an integer >= 0 inside a record."""
    if value <= 1:
        return 0
    size = -(-(value.bit_length() + 1) // 8)
    return next(length for length in (1, 2, 3, 4, 6, 8) if size <= length)
