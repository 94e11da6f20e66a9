"""The two headers of an entry: what must agree, and what nobody may be surprised by."""

from __future__ import annotations

import struct
from typing import Any, Final

import attrs
import pytest

from wrkr_core.jobpack.v1.headers import CENTRAL, LOCAL, Header, disagreement, peculiarity

PLAIN: Final = Header(
    raw_name=b"a.json",
    extra=struct.pack("<2HBL", 0x5455, 5, 1, 315_532_800),
    needed=20,
    flags=0,
    method=0,
    time=0,
    date=33,
    crc32=7,
    packed_size=9,
    size=9,
)


def with_(header: Header, **fields: Any) -> Header:  # noqa: ANN401  # of a header
    """Return the header with other fields."""
    return attrs.evolve(header, **fields)


BEHIND: Final = with_(PLAIN, flags=8)


def test_a_header_is_read_as_it_was_packed() -> None:
    name, extra = b"a", b"UT\5\0\1\0\0\0\0"
    raw = LOCAL.pack(b"PK\3\4", 20, 8, 8, 1, 33, 4, 5, 6, 1, 9)
    directory = b"x" + CENTRAL.pack(
        b"PK\1\2", 798, 20, 8, 8, 1, 33, 4, 5, 6, 1, 9, 2, 0, 1, 0o644 << 16, 77
    )

    local = Header.local(raw, name, extra)
    central = Header.central(directory + name + extra, 1)

    assert (local.method, local.crc32, local.packed_size, local.size) == (8, 4, 5, 6)
    assert (central.offset, central.external, central.internal) == (77, 0o644 << 16, 1)
    assert (central.raw_name, central.extra, central.behind) == (name, extra, 12)
    assert disagreement(local, central) == ""
    assert Header.central(directory + b"\xff" + extra, 1).name == "\\xff"


@pytest.mark.parametrize("field", ["raw_name", "needed", "flags", "method", "time", "date"])
def test_headers_must_say_the_same(field: str) -> None:
    other = b"other" if field == "raw_name" else getattr(PLAIN, field) + 2

    said = disagreement(with_(PLAIN, **{field: other}), PLAIN)

    assert said == f"its two headers disagree ({field.removeprefix('raw_')})"


@pytest.mark.parametrize("field", ["crc32", "packed_size", "size"])
def test_sums_may_only_be_missing_before_an_entry_that_has_them_behind(field: str) -> None:
    none = {"crc32": 0, "packed_size": 0, "size": 0}

    assert disagreement(with_(PLAIN, **{field: 1}), PLAIN).endswith("(sums)")
    assert disagreement(with_(BEHIND, **{field: 1}), BEHIND).endswith("(sums)")
    assert disagreement(with_(PLAIN, **none), PLAIN).endswith("(sums)")
    assert disagreement(with_(BEHIND, **none), BEHIND) == ""


@pytest.mark.parametrize(
    ("extra", "is_harmless"),
    [
        (b"", True),
        (struct.pack("<2H", 0x000A, 0), True),
        (struct.pack("<2H", 0x0001, 0), False),  # zip64: other sizes
        (struct.pack("<2H", 0x7075, 0), False),  # another name, in Unicode
        (struct.pack("<2H", 0x9901, 0), False),  # encryption
        (b"UT\5", False),
        (b"UT\5\0\1", False),
        (struct.pack("<2H", 0x5455, 0) * 2, False),
    ],
)
def test_only_extra_fields_that_change_nothing_are_taken(
    extra: bytes, *, is_harmless: bool
) -> None:
    header = with_(PLAIN, extra=extra)

    assert (disagreement(header, header) == "") is is_harmless


def test_an_extra_field_may_be_shorter_in_the_directory_but_not_say_something_else() -> None:
    longer = with_(PLAIN, extra=PLAIN.extra[:2] + b"\7" + PLAIN.extra[3:] + b"zz")
    other = with_(PLAIN, extra=PLAIN.extra[:-1] + b"z")

    assert disagreement(longer, PLAIN) == ""
    assert disagreement(PLAIN, longer) != ""
    assert disagreement(other, PLAIN) != ""
    assert disagreement(with_(PLAIN, extra=b""), PLAIN) != ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"flags": 1}, "it is encrypted"),
        ({"flags": 0x20}, "it has flags 0x0020, which are not known"),
        ({"needed": 45}, "it needs version 45 of the format"),
        ({"disk": 1}, "it lies in another part of the archive"),
        ({"comment_size": 3}, "it has a comment"),
        ({"internal": 2}, "it has the internal attributes 0x0002"),
        ({"external": 0o120777 << 16}, "it is a folder, a link or a device"),
        ({"external": 0x10}, "it is a folder, a link or a device"),
    ],
)
def test_what_is_no_plain_file_is_named(change: dict[str, int], said: str) -> None:
    assert peculiarity(with_(PLAIN, **change)) == said


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"flags": 0x080E, "needed": 10, "internal": 1},
        {"external": 0o100644 << 16},
        {"external": 0o600 << 16 | 0x20},
    ],
)
def test_what_is_a_plain_file_is_fine(change: dict[str, int]) -> None:
    assert peculiarity(with_(PLAIN, **change)) == ""
