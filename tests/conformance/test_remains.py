"""What may be left of a file: every part of what was not flushed, and never more or less."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance.remains import SECTOR, Cut, DoubtfulFile, Write

CHANGES = st.one_of(
    st.builds(Write, st.just(1), st.integers(0, 9), st.binary(max_size=9)),
    st.builds(Cut, st.just(1), st.integers(0, 12)),
)


def left(file: DoubtfulFile) -> list[bytes]:
    return [content for content, _words in file.remains()]


def of(*changes: Write | Cut, kept: bytes = b"") -> DoubtfulFile:
    file = DoubtfulFile(kept=kept)
    for change in changes:
        file.take(change)
    return file


def test_a_write_goes_where_it_says_and_a_cut_gives_the_size() -> None:
    assert Write(1, 2, b"xy").applied(b"abcdef") == b"abxyef"
    assert Write(1, 4, b"x").applied(b"a") == b"a\0\0\0x"
    assert Cut(1, 2).applied(b"abc") == b"ab"
    assert Cut(1, 3).applied(b"a") == b"a\0\0"


def test_of_one_write_anything_from_all_to_nothing_may_be_left() -> None:
    assert left(of(Write(1, 1, b"bcd"), kept=b"a")) == [
        b"abcd",
        b"ab",
        b"abc",
        b"a\0\0\0",
        b"a",
    ]


def test_what_is_left_of_a_long_write_ends_at_sectors_and_lines_or_has_lost_its_first_sector() -> (
    None
):
    data = b"x" * 700 + b"\n" + b"y" * 700
    found = left(of(Write(1, 100, data), kept=b"k" * 100))

    ends = {len(content) - 100 for content in found if content.strip(b"k\0")}
    assert {SECTOR - 100, 2 * SECTOR - 100, 701, len(data) - 1, 1} <= ends
    holes = [content for content in found if content[100:SECTOR] == bytes(SECTOR - 100)]
    assert b"k" * 100 + bytes(SECTOR - 100) + data[SECTOR - 100 :] in holes


def test_of_two_writes_the_later_one_may_be_left_alone() -> None:
    found = left(of(Write(1, 0, b"a"), Write(1, 1, b"b")))

    assert b"ab" in found
    assert b"a" in found
    assert b"\0b" in found
    assert b"" in found


def test_a_cut_may_be_lost_or_be_all_that_is_left() -> None:
    found = left(of(Write(1, 3, b"d"), Cut(1, 1), kept=b"abc"))

    assert {b"a", b"abc", b"abcd"} <= set(found)


def test_after_a_flush_nothing_can_be_lost() -> None:
    file = of(Write(1, 0, b"abc"), Cut(1, 2))
    file.settle(failed=False)

    assert file.is_sure
    assert left(file) == [b"ab"]


def test_what_a_failed_flush_forgot_stays_in_doubt_through_later_flushes() -> None:
    file = of(Write(1, 0, b"abc"))
    file.settle(failed=True)
    file.take(Write(1, 3, b"d"))
    file.settle(failed=False)

    assert not file.is_sure
    assert file.now() == b"abcd"
    assert b"\0\0\0d" in left(file)
    assert all(content[3:] == b"d" for content in left(file))


def test_what_was_written_again_after_a_failed_flush_is_sure_once_it_is_flushed() -> None:
    file = of(Write(1, 0, b"abc"))
    file.settle(failed=True)
    file.take(Write(1, 0, b"abc"))
    file.settle(failed=False)

    assert set(left(file)) == {b"abc"}


def test_it_is_said_what_of_it_is_lost() -> None:
    words = dict(of(Write(1, 0, b"ab\ncd"), Write(1, 5, b"x")).remains())

    assert words[b"ab\ncdx"] == ""
    assert words[b"ab\ncd"] == "lost of 2 writes: 2"
    assert words[b"ab\n"] == "lost of 2 writes: 2; the last one that is left ends after 3 bytes"
    assert words[b""] == "lost of 2 writes: 1, 2"


@given(st.lists(CHANGES, max_size=6), st.sampled_from(["no flush", "a failed one"]))
def test_everything_and_nothing_are_among_what_may_be_left(
    changes: list[Write | Cut], flush: str
) -> None:
    file = of(*changes, kept=b"before")
    if flush == "a failed one":
        file.settle(failed=True)
    whole = b"before"
    for change in changes:
        whole = change.applied(whole)

    found = left(file)

    assert found[0] == whole == file.now()
    assert b"before" in found
    assert len(set(found)) == len(found)


@given(st.lists(CHANGES, min_size=1, max_size=3))
def test_of_a_few_writes_every_selection_may_be_left(changes: list[Write | Cut]) -> None:
    found = set(left(of(*changes, kept=b"before")))

    for mask in range(1 << len(changes)):
        content = b"before"
        for place, change in enumerate(changes):
            content = change.applied(content) if mask >> place & 1 else content
        assert content in found
