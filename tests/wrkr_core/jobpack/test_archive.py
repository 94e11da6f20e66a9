"""The archive profile wrkr-zip/1: one legal form, and every other archive is refused."""

import functools
import io
import itertools
import os
import pathlib
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError, VerifyError, VerifyHashError, VerifyMalformedError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Entry, Limits, Stream, read, scan, stream, write

CONTENTS = {
    "blobs/0123": b"\x00\xff" * 20,
    "empty": b"",
    "events.jsonl": b'{"seq":1}\n{"seq":2}\n',
    "manifest.json": b"{}",
}
SEGMENT = st.from_regex(r"\A[a-z0-9_][a-z0-9_.-]{0,8}\Z")
NAMES = st.lists(SEGMENT, min_size=1, max_size=3).map("/".join).filter(archive._is_name)


def packed(contents: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    size = write(file, sorted(contents.items()))
    assert size == len(file.getvalue())
    return file.getvalue()


def unpacked(data: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    file = io.BytesIO(data)
    return {each.name: read(file, each, most=10**6) for each in scan(file, limits)}


def refusal(data: bytes, limits: Limits | None = None) -> VerifyMalformedError:
    with pytest.raises(VerifyMalformedError) as caught:
        unpacked(data, limits)
    return caught.value


def is_refused(data: bytes) -> bool:
    try:
        unpacked(data)
    except VerifyError:
        return True
    return False


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=8))
def test_what_was_written_is_read_by_us_and_by_any_zip_tool(contents: dict[str, bytes]) -> None:
    if any(b.startswith(f"{a}/") for a, b in itertools.permutations(contents, 2)):
        with pytest.raises(InvalidInputError, match="both a file and a folder"):
            packed(contents)
        return
    data = packed(contents)

    assert unpacked(data) == contents
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        assert theirs.testzip() is None
        assert {each: theirs.read(each) for each in theirs.namelist()} == contents


def test_the_bytes_are_a_function_of_names_and_contents() -> None:
    local = "504b0304 1400 0000 0000 0000 2100 ac2a93d8 02000000 02000000 0300 0000 612f62 6869"
    central = (
        "504b0102 1403 1400 0000 0000 0000 2100 ac2a93d8 02000000 02000000"
        " 0300 0000 0000 0000 0000 0000a481 00000000 612f62"
    )
    end = "504b0506 0000 0000 0100 0100 31000000 23000000 0000"

    assert packed({"a/b": b"hi"}) == bytes.fromhex(local + central + end)
    assert packed({}) == bytes.fromhex("504b0506" + "00" * 18)


def test_a_stream_gives_the_same_bytes_as_its_content_in_memory() -> None:
    content = b"0123456789" * 100
    chunks = (content[at : at + 7] for at in range(0, len(content), 7))
    streamed = io.BytesIO()

    write(streamed, [("a", Stream(size=1000, crc32=zlib.crc32(content), chunks=chunks))])

    assert streamed.getvalue() == packed({"a": content})


def test_the_writer_only_ever_appends() -> None:
    class Appended(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            raise AssertionError(offset, whence)

    file = Appended()

    write(file, sorted(CONTENTS.items()))

    assert file.getvalue() == packed(CONTENTS)


def test_every_flipped_bit_is_found() -> None:
    data = packed(CONTENTS)

    accepted = [
        (at, bit)
        for at, bit in itertools.product(range(len(data)), range(8))
        if not is_refused(patched(data, at, bytes([data[at] ^ 1 << bit])))
    ]

    assert accepted == []


def test_every_truncation_is_found() -> None:
    data = packed(CONTENTS)

    assert [end for end in range(len(data)) if not is_refused(data[:end])] == []


@given(st.binary(min_size=1, max_size=40), st.integers(0, 2**16))
def test_bytes_added_anywhere_are_found(more: bytes, at: int) -> None:
    data = packed(CONTENTS)
    at %= len(data) + 1

    assert is_refused(data[:at] + more + data[at:])


@given(st.binary(max_size=200))
def test_bytes_that_are_no_archive_are_refused_and_nothing_else(data: bytes) -> None:
    assert is_refused(data) or data == packed({})


def assembled(*contents: tuple[bytes, bytes], starts: list[int] | None = None) -> bytes:
    """Return an archive with our headers and whatever names, as an attacker would make it."""
    body, central = b"", b""
    for index, (name, content) in enumerate(contents):
        start = len(body) if starts is None else starts[index]
        local, shown = archive._headers(name, len(content), zlib.crc32(content), start)
        if start == len(body):
            body += local + content
        central += shown
    return body + central + archive._end_record(len(contents), len(central), len(body))


def changed(archive_comment: bytes = b"", **fields: object) -> bytes:
    """Return an archive that differs from our profile in one thing only."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as theirs:
        entry = zipfile.ZipInfo("a", (1980, 1, 1, 0, 0, 0))
        entry.external_attr = archive._REGULAR_FILE
        for field, value in fields.items():
            setattr(entry, field, value)
        theirs.writestr(entry, b"hello" * 20)
        theirs.comment = archive_comment
    return file.getvalue()


def zip64() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as theirs, theirs.open("a", "w", force_zip64=True) as entry:
        entry.write(b"hello")
    return file.getvalue()


def with_end(data: bytes, **fields: int) -> bytes:
    names = ["signature", "disk", "directory_disk", "here", "count", "size", "at", "comment"]
    values = dict(zip(names, archive._END.unpack(data[-22:]), strict=True)) | fields
    return data[:-22] + archive._END.pack(*values.values())


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


GOOD = packed({"a": b"hello" * 20})
TWO = packed({"a": b"one", "b": b"two"})
HOSTILE = {
    "duplicate names": ("order", assembled((b"a", b"1"), (b"a", b"2"))),
    "unsorted names": ("order", assembled((b"b", b"1"), (b"a", b"2"))),
    "a file that is a folder": ("order", assembled((b"a", b"1"), (b"a-", b""), (b"a/b", b"2"))),
    "traversal": ("name", assembled((b"../a", b"1"))),
    "traversal inside": ("name", assembled((b"a/../../b", b"1"))),
    "absolute": ("name", assembled((b"/a", b"1"))),
    "backslash": ("name", assembled((b"a\\b", b"1"))),
    "drive": ("name", assembled((b"c:a", b"1"))),
    "folder entry": ("name", assembled((b"a/", b""))),
    "empty name": ("name", assembled((b"", b"1"))),
    "zero byte in a name": ("name", assembled((b"a\0b", b"1"))),
    "upper case": ("name", assembled((b"A", b"1"), (b"a", b"2"))),
    "composed unicode": ("name", assembled(("\u00e9".encode(), b"1"))),
    "decomposed unicode": ("name", assembled(("e\u0301".encode(), b"1"))),
    "device": ("name", assembled((b"nul", b"1"))),
    "device with extension": ("name", assembled((b"a/com1.txt", b"1"))),
    "device as folder": ("name", assembled((b"aux/a", b"1"))),
    "last dot": ("name", assembled((b"a.", b"1"))),
    "name too long": ("name", assembled((b"/".join([b"a" * 64] * 4), b"1"), (b"b", b""))),
    "too many folders": ("name", assembled((b"a/" * 8 + b"a", b"1"))),
    "symbolic link": ("header", changed(external_attr=0o120777 << 16)),
    "executable": ("header", changed(external_attr=0o100755 << 16)),
    "set-uid": ("header", changed(external_attr=0o104644 << 16)),
    "deflate": ("header", changed(compress_type=zipfile.ZIP_DEFLATED)),
    "another time": ("header", changed(date_time=(2024, 2, 29, 12, 0, 0))),
    "extra field": ("header", changed(extra=b"\xfe\xca\x00\x00")),
    "entry comment": ("header", changed(comment=b"hello")),
    "another system": ("header", changed(create_system=0)),
    "text flag": ("header", changed(internal_attr=1)),
    "archive comment": ("end_record", changed(archive_comment=b"hello")),
    "zip64": ("header", zip64()),
    "zip64 counts": ("end_record", with_end(GOOD, here=0xFFFF)),
    "encrypted": ("header", patched(GOOD, GOOD.index(b"PK\1\2") + 8, b"\1")),
    "local name differs": ("header", patched(TWO, 30, b"c")),
    "local size differs": ("header", patched(TWO, 22, b"\2")),
    "local checksum differs": ("header", patched(TWO, 14, b"\0")),
    "central checksum differs": ("header", patched(TWO, 68 + 16, b"\0")),
    "overlapping entries": ("header", assembled((b"a", b"1"), (b"b", b"1"), starts=[0, 0])),
    "hidden entry": ("gap", with_end(TWO[:115] + TWO[-22:], count=1, here=1, size=47)),
    "hidden first entry": ("header", with_end(TWO[:68] + TWO[-69:], count=1, here=1, size=47)),
    "directory too short": ("truncated", with_end(TWO, count=3, here=3)),
    "more directory than entries": ("gap", with_end(TWO, count=1, here=1)),
    "bytes behind the directory": ("gap", with_end(GOOD[:-22] + b"x" * 9 + GOOD[-22:], size=56)),
    "directory too long": ("gap", with_end(TWO[:-22] + b"x" * 500 + TWO[-22:], size=594)),
    "two disks": ("end_record", with_end(GOOD, disk=1)),
    "trailing junk": ("end_record", GOOD + b"\n"),
    "leading junk": ("end_record", b"#!/bin/sh\n" + GOOD),
    "leading junk with moved offsets": ("header", with_end(b"#!" + GOOD, at=133)),
    "two end records": ("end_record", GOOD + GOOD[-22:]),
    "an archive behind an archive": ("end_record", GOOD + TWO),
    "an archive in the comment": ("end_record", with_end(GOOD, comment=len(TWO)) + TWO),
    "empty file": ("truncated", b""),
    "other file": ("end_record", b"%PDF-1.7\n" * 10),
}


@pytest.mark.parametrize(("reason", "data"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_archive_is_refused_with_the_reason(reason: str, data: bytes) -> None:
    error = refusal(data)

    assert error.details["reason"] == reason
    assert error.code == "E_VERIFY_MALFORMED"
    assert {"offset"} <= error.details.keys()


def test_changed_content_is_another_hash_and_not_another_form() -> None:
    changed_one = GOOD.replace(b"hellohello", b"hellohallo", 1)

    with pytest.raises(VerifyHashError, match="was changed") as caught:
        unpacked(changed_one)

    assert caught.value.details["reason"] == "checksum"
    assert {"entry", "offset"} <= caught.value.details.keys()


def test_the_standard_library_takes_many_of_them() -> None:
    def theirs(data: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as opened:
                return opened.testzip() is None
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, UserWarning):
            return False

    taken = [name for name, (_, data) in HOSTILE.items() if theirs(data)]

    assert {"traversal", "symbolic link", "leading junk", "hidden entry"} <= set(taken)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(archive_bytes=100), "the file has 184 bytes, more than the 100 allowed"),
        (Limits(entries=1), "the archive has 2 entries, more than the 1 allowed"),
        (Limits(entry_bytes=2), "entry 'a' has 3 bytes, more than the 2 allowed"),
    ],
)
def test_what_is_larger_than_the_limits_is_refused(limits: Limits, message: str) -> None:
    error = refusal(TWO, limits)

    assert error.message == message
    assert error.details["reason"] == "too_large"
    assert "limit" in error.hint


def test_a_directory_larger_than_its_entries_need_is_not_even_read() -> None:
    class Watched(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.most = max(self.most, len(data))
            return data

    file = Watched(with_end(GOOD[:-22] + b"x" * 2**20 + GOOD[-22:], size=47 + 2**20))

    with pytest.raises(VerifyMalformedError, match="belong to no entry"):
        scan(file)

    assert file.most == 22


def test_what_fills_the_limits_is_taken() -> None:
    assert scan(io.BytesIO(TWO), Limits(archive_bytes=len(TWO), entries=2, entry_bytes=3))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, 0) for field in ("archive_bytes", "entries", "entry_bytes", "document_bytes")),
        *(("archive_bytes", 2**32 - 1), ("entries", 2**16 - 1)),
    ],
)
def test_limits_are_at_least_one_and_never_reach_into_zip64(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=field):
        Limits(**{field: value})


def test_an_entry_that_claims_all_bytes_there_can_be_is_refused_under_any_limits() -> None:
    sizes = struct.pack("<LL", 2**32 - 1, 2**32 - 1)
    data = patched(patched(TWO, 18, sizes), 68 + 20, sizes)

    error = refusal(data, Limits(entry_bytes=2**32))

    assert error.details["reason"] == "truncated"


def test_an_entry_larger_than_asked_for_is_not_read() -> None:
    with pytest.raises(VerifyMalformedError, match="has 3 bytes, more than the 2 allowed"):
        read(io.BytesIO(TWO), scan(io.BytesIO(TWO))[0], most=2)


def test_a_file_that_shrinks_while_it_is_read_is_refused() -> None:
    entry = scan(io.BytesIO(GOOD))[0]

    with pytest.raises(VerifyMalformedError, match="ends within entry 'a'") as caught:
        read(io.BytesIO(GOOD[:50]), entry, most=1000)

    assert caught.value.details == {"reason": "truncated", "entry": "a", "offset": 31}


def test_entries_can_be_read_by_turns() -> None:
    contents = {name: bytes([number]) * 600_000 for number, name in enumerate("abc")}
    file = io.BytesIO(packed(contents))
    streams = [stream(file, each) for each in scan(file)]

    turns = list(zip(*streams, strict=True))

    assert len(turns) > 1
    assert [b"".join(each) for each in zip(*turns, strict=True)] == list(contents.values())


def test_memory_does_not_grow_with_the_content() -> None:
    chunk, count = bytes(2**20), 24
    checksum = functools.reduce(lambda so_far, _: zlib.crc32(chunk, so_far), range(count), 0)
    content = Stream(size=len(chunk) * count, crc32=checksum, chunks=itertools.repeat(chunk, count))

    tracemalloc.start()
    with pathlib.Path(os.devnull).open("wb") as nowhere:
        write(nowhere, [("a", content)])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < content.size // 8


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("b", b""), ("a", b"")], "'a' cannot follow in the jobpack: it is not after 'b'"),
        ([("a", b""), ("a", b"")], "it is not after 'a'"),
        ([("a", b""), ("a/b", b"")], "one name is both a file and a folder"),
        ([("a/b/c", b""), ("a/b0", b""), ("a/b/d", b"")], "it is not after 'a/b0'"),
        ([("A", b"")], "'A' cannot be the name"),
        ([("a", Stream(size=2, crc32=0, chunks=[b"x"]))], "the content of 'a' changed"),
        ([("a", Stream(size=1, crc32=0, chunks=[b"x"]))], "the content of 'a' changed"),
        ([("a", Stream(size=2**32, crc32=0, chunks=[]))], "is too large"),
        ([(f"{n:05}", b"") for n in range(65_535)], "65535 entries"),
    ],
    ids=range(9),
)
def test_the_writer_refuses_what_the_reader_would(
    entries: list[tuple[str, bytes | Stream]], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        write(io.BytesIO(), entries)


def test_an_entry_says_where_its_content_lies() -> None:
    assert scan(io.BytesIO(TWO))[1] == Entry(name="b", offset=65, size=3, crc32=zlib.crc32(b"two"))
    assert TWO[65:68] == b"two"
