"""Reading any plain zip, refusing what has two readings, and never taking more than was promised."""

from __future__ import annotations

import io
import itertools
import struct
import tracemalloc
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.jobpack.v1.forging import packed, zipped
from wrkr_core.errors import VerifyError, VerifyMalformedError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.v1.container import read, scan, stream
from wrkr_core.jobpack.v1.failures import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENTS: Final = {
    "accept/a.json": b"{}",
    "empty": b"",
    "events.jsonl": b'{"seq":1}\n{"seq":2}\n' * 30,
}
FORMS: Final[dict[str, Callable[[dict[str, bytes]], bytes]]] = {
    "as v1 writes it": packed,
    "stored": zipped,
    "deflated": lambda contents: zipped(contents, zipfile.ZIP_DEFLATED),
}


def unpacked(data: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    """Return all contents; there must be nothing to overlook."""
    file = io.BytesIO(data)
    found = scan(file, limits)
    if found.overlooked is not None:
        raise found.overlooked
    return {each.name: read(file, each, 10**6) for each in found.entries}


def refusal(data: bytes, limits: Limits | None = None) -> VerifyError:
    with pytest.raises(VerifyError) as caught:
        unpacked(data, limits)
    return caught.value


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def central_at(data: bytes) -> int:
    """Return where the first central header is."""
    found: int = struct.unpack("<L", data[-6:-2])[0]
    return found


@pytest.mark.parametrize("form", FORMS)
@given(contents=st.dictionaries(st.from_regex(r"\Ax[a-z]{0,7}\Z"), st.binary(max_size=400)))
def test_every_plain_archive_is_read(form: str, contents: dict[str, bytes]) -> None:
    assert unpacked(FORMS[form](contents)) == contents


def test_what_common_programs_write_beside_the_content_is_harmless() -> None:
    times = struct.pack("<2HB2L", 0x5455, 9, 3, 1_700_000_000, 1_700_000_001)
    owner = struct.pack("<2HBBLBL", 0x7875, 11, 1, 4, 1000, 4, 1000)
    local = b"PK\3\4" + struct.pack("<5H3L2H", 10, 0, 0, 1, 33, zlib.crc32(b"x"), 1, 1, 1, 28)
    central = b"PK\1\2" + struct.pack(
        "<6H3L5H2L", 798, 10, 0, 0, 1, 33, zlib.crc32(b"x"), 1, 1, 1, 24, 0, 0, 1, 0o100644 << 16, 0
    )
    body = local + b"a" + times + owner + b"x"
    shorter = times[:2] + b"\5\0" + times[4:9]
    directory = central + b"a" + shorter + owner
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(directory), len(body), 0)

    assert unpacked(body + directory + end) == {"a": b"x"}


def test_what_no_reader_can_open_has_the_code_of_v1() -> None:
    data = packed(CONTENTS)
    at = central_at(data)
    content = data.index(CONTENTS["events.jsonl"])
    broken = {
        "not a zip": b"schema_id: wrkr.jobspec\n",
        "empty": b"",
        "cut off": data[:-200],
        "damaged content": patched(data, content, b"?"),
        "no central header": patched(data, at, b"PK\1\3"),
        "no local header": patched(data, at + 42, b"\5"),
        "packed otherwise": patched(patched(data, 8, b"\x0e"), at + 10, b"\x0e"),
        "two sizes": patched(data, at + 20, b"\1"),
        "directory cut short": patched(data, len(data) - 22 - 9 - 12 - 16, b"\xff"),
        "directory elsewhere": data[:-6] + struct.pack("<LH", at + 1, 0),
    }

    errors = {what: refusal(bad) for what, bad in broken.items()}

    assert {what: type(error) for what, error in errors.items()} == dict.fromkeys(
        broken, UnreadableError
    )
    assert all("offset" in error.details for error in errors.values())


def test_what_can_be_understood_in_two_ways_is_refused() -> None:
    data = packed(CONTENTS)
    at = central_at(data)
    other = packed({"events.jsonl": b"forged\n"})
    hostile = {
        "junk before": b"junk" + data,
        "junk before, offsets moved": _appended(b"junk"),
        "junk behind": data + b"junk",
        "two archives": other + data,
        "two archives, the first counts": data + other,
        "a comment": data[:-2] + b"\4\0junk",
        "an archive as comment": data[:-2] + struct.pack("<H", len(other)) + other,
        "several disks": patched(data, len(data) - 18, b"\1"),
        "counts differ": patched(data, len(data) - 14, b"\4"),
        "zip64": patched(data, len(data) - 14, b"\xff\xff\xff\xff"),
        "an entry that nothing names": _with_gap(data, at),
        "one content for two entries": _overlapping(),
    }

    errors = {what: refusal(bad) for what, bad in hostile.items()}

    assert {what: type(error) for what, error in errors.items()} == dict.fromkeys(
        hostile, VerifyMalformedError
    )
    assert {error.details["reason"] for error in errors.values()} <= {"end_record", "gap"}


def _appended(junk: bytes) -> bytes:
    """Return an archive written behind something else, as self-extracting ones are."""
    out = io.BytesIO(junk)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("a", b"1")
    return out.getvalue()


def _with_gap(data: bytes, at: int) -> bytes:
    """Return an archive with a whole entry between the last one and the central directory."""
    hidden = packed({"hidden": b"x"})
    hidden = hidden[: central_at(hidden)]
    end = data[:-6] + struct.pack("<LH", at + len(hidden), 0)
    return end[:at] + hidden + end[at:]


def _overlapping() -> bytes:
    """Return an archive whose two central headers lead to one local header."""
    data = packed({"a": b"0" * 100})
    at = central_at(data)
    header = data[at:-22]
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 2, 2, 2 * len(header), at, 0)
    return data[:at] + 2 * header + end


HEADER_FIELDS: Final = {
    "needed": (4, 6),
    "flags": (6, 8),
    "method": (8, 10),
    "time": (10, 12),
    "date": (12, 14),
    "checksum": (14, 16),
    "packed size": (18, 20),
    "size": (22, 24),
    "name": (30, 46),
    "extra field": (36, 52),
}


@pytest.mark.parametrize("field", HEADER_FIELDS)
def test_headers_that_disagree_are_not_overlooked(field: str) -> None:
    data = zipped({"a.json": b"12345"})
    data = _with_times(data)
    local, central = HEADER_FIELDS[field]
    at = central_at(data)

    for place in (local, at + central):
        bad = patched(data, place, bytes([data[place] ^ 1]))
        assert refusal(bad).code in ("E_VERIFY_MALFORMED", "E_GENERIC_FAILURE")


def _with_times(data: bytes) -> bytes:
    """Return the archive of one entry with the extra field that v1 writes."""
    extra = struct.pack("<2HBL", 0x5455, 5, 1, 315_532_800)
    at = central_at(data)
    local = patched(data[:at], 28, b"\x09")
    central = patched(data[at:-22], 30, b"\x09")
    size = len(central) + len(extra)
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, size, at + len(extra), 0)
    return local[:36] + extra + local[36:] + central + extra + end


def test_sums_behind_an_entry_that_are_not_its_own_are_not_overlooked() -> None:
    data = packed({"a": b"12345"})
    behind = data.index(b"12345") + 5

    for place in range(behind, behind + 16):
        error = refusal(patched(data, place, bytes([data[place] ^ 1])))
        assert (error.code, error.details["entry"]) == ("E_VERIFY_MALFORMED", "a")


ODDITIES: Final = {
    "encrypted": (8, 0x0001),
    "strongly encrypted": (8, 0x0040),
    "hidden headers": (8, 0x2000),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_entry_of_a_kind_that_is_not_known_is_not_overlooked(oddity: str) -> None:
    data = zipped({"a": b"12345"})
    place, flags = ODDITIES[oddity]
    at, raw = central_at(data), struct.pack("<H", flags)

    error = refusal(patched(patched(data, 6, raw), at + place, raw))

    assert (error.code, error.details["reason"]) == ("E_VERIFY_MALFORMED", "header")


@pytest.mark.parametrize(
    "mode", [0o120777 << 16, 0o040755 << 16, 0o020644 << 16, 0o060644 << 16, 0x10, 0x08]
)
def test_links_folders_and_devices_are_not_overlooked(mode: int) -> None:
    data = packed({"a": b"/etc/passwd"})

    error = refusal(patched(data, central_at(data) + 38, struct.pack("<L", mode)))

    assert "a folder, a link or a device" in error.message


def test_of_entries_with_one_name_the_second_is_not_overlooked() -> None:
    pairs = [("a", b"1"), ("b", b"2"), ("a", b"3")]
    file = io.BytesIO(packed(pairs))

    found = scan(file)

    assert [each.name for each in found.entries] == ["a", "b", "a"]
    assert found.overlooked is not None
    assert found.overlooked.details["offset"] == found.entries[2].offset


def _bomb(size: int, stated: int) -> bytes:
    """Return an archive of zeros, packed, that states another size for them."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = deflater.compress(bytes(size)) + deflater.flush()
    sums = (zlib.crc32(bytes(stated)), len(content), stated)
    local = b"PK\3\4" + struct.pack("<5H3L2H", 20, 0, 8, 0, 33, *sums, 1, 0)
    central = b"PK\1\2" + struct.pack("<6H3L5H2L", 20, 20, 0, 8, 0, 33, *sums, 1, 0, 0, 0, 0, 0, 0)
    body, directory = local + b"a" + content, central + b"a"
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(directory), len(body), 0)
    return body + directory + end


def test_what_unpacks_to_more_than_it_states_is_refused_in_little_memory() -> None:
    bomb = _bomb(200_000_000, 1000)
    tracemalloc.start()
    try:
        error = refusal(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()

    assert isinstance(error, UnreadableError)


def test_what_states_more_than_is_allowed_is_refused_before_it_is_unpacked() -> None:
    limits = Limits(entry_bytes=10_000, archive_bytes=15_000)

    one = refusal(_bomb(20_000, 20_000), limits)
    all_of_them = refusal(zipped({"a": bytes(9000), "b": bytes(9000)}, 8), limits)

    assert (one.details["reason"], one.details["limit"]) == ("too_large", 10_000)
    assert (all_of_them.details["reason"], all_of_them.details["limit"]) == ("too_large", 15_000)


def test_a_packed_content_ends_where_it_says() -> None:
    data = _bomb(1000, 1000)
    at = central_at(data)
    size = struct.unpack_from("<L", data, at + 20)[0]
    longer = struct.pack("<L", size + 3)
    with_more = data[:at] + b"xyz" + data[at:-6] + struct.pack("<LH", at + 3, 0)
    with_more = patched(patched(with_more, 18, longer), at + 3 + 20, longer)

    assert unpacked(data) == {"a": bytes(1000)}
    assert isinstance(refusal(with_more), UnreadableError)
    assert isinstance(refusal(patched(data, 31, b"\xff")), UnreadableError)  # no way of packing


def test_a_file_that_becomes_shorter_while_it_is_read_is_found() -> None:
    data = packed(CONTENTS)
    entries = scan(io.BytesIO(data)).entries

    with pytest.raises(UnreadableError, match="ends early"):
        list(stream(io.BytesIO(data[:60]), entries[2]))


def test_a_document_is_read_up_to_its_limit() -> None:
    file = io.BytesIO(packed(CONTENTS))
    entry = scan(file).entries[2]

    assert read(file, entry, entry.size) == CONTENTS["events.jsonl"]
    with pytest.raises(VerifyMalformedError) as caught:
        read(file, entry, entry.size - 1)
    assert caught.value.details["entry"] == "events.jsonl"


def test_more_entries_or_longer_headers_than_there_can_be_are_refused() -> None:
    many = packed((f"a{number}", b"") for number in range(20))
    longest = {"/".join(["a" * 66] * 3): b""}
    named = packed({"a" * 201: b"", "b": b""})

    assert refusal(many, Limits(entries=19)).details["limit"] == 19
    assert refusal(packed({"a" * 400: b""})).details["reason"] == "gap"
    assert refusal(named).message == (
        "the name of the entry at byte 0 has 201 bytes, 200 are allowed"
    )
    assert refusal(packed(longest)).details["reason"] == "name"


@pytest.mark.slow
def test_every_flipped_bit_of_a_deflated_archive_is_found_or_changes_nothing() -> None:
    data = FORMS["deflated"]({"a.json": b'{"a":1}' * 9, "b": b"x"})
    whole = unpacked(data)

    for at, bit in itertools.product(range(len(data)), range(8)):
        try:
            assert unpacked(patched(data, at, bytes([data[at] ^ 1 << bit]))) == whole
        except VerifyError:
            continue


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        scan(io.BytesIO(data))
    except VerifyError as error:
        assert error.details  # noqa: PT017  # any of them, at a place


def test_the_most_entries_with_the_longest_names_take_little_memory() -> None:
    data = packed((f"{number:04}{'a' * 190}", b"") for number in range(4096))
    tracemalloc.start()
    try:
        assert len(scan(io.BytesIO(data)).entries) == 4096
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_entries_may_be_read_by_turns() -> None:
    contents = {"a": bytes(600_000), "b": b"1" * 600_000}
    file = io.BytesIO(packed(contents))
    first, second = scan(file).entries
    pairs = zip(stream(file, first), stream(file, second), strict=True)

    assert b"".join(b for _, b in pairs) == contents["b"]
