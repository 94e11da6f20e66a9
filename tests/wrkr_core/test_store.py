"""The store contract's values and the checks every store makes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.memory import MemoryStore
from wrkr_core.store import (
    KEY_BYTES,
    NAME_BYTES,
    NewEvent,
    Store,
    StoreInfo,
    check_batch,
    check_key,
    check_limit,
    check_name,
    check_page,
    not_supported,
)

LETTERS = st.characters(exclude_categories=("Zs", "Zl", "Zp", "Cc", "Cs"))
NAMES = st.text(LETTERS, min_size=1, max_size=60)
RECORDS = st.builds(
    NewEvent,
    id=NAMES,
    type=NAMES,
    at=st.integers(-(1 << 63), (1 << 63) - 1),
    data=st.binary(max_size=5),
)


@given(NAMES)
def test_a_name_without_spaces_and_controls_is_allowed(name: str) -> None:
    check_name(name)
    check_key(name)


@given(NAMES, st.sampled_from(" \t\n\r\x00\x1b\x1f\x7f\x80\x85\x9f\u00a0\u2028\u3000"), NAMES)
def test_a_name_with_a_space_or_a_control_anywhere_is_refused(
    before: str, wrong: str, after: str
) -> None:
    for name in (before + wrong + after, wrong + after, before + wrong, wrong):
        with pytest.raises(ValueError, match="spaces or control characters"):
            check_name(name)


@given(st.text(LETTERS, min_size=1, max_size=3), st.integers(60, 300))
def test_a_name_is_measured_in_bytes_of_utf8(letters: str, times: int) -> None:
    name = letters * times
    size = len(name.encode())

    if size <= NAME_BYTES:
        check_name(name)
    else:
        with pytest.raises(ValueError, match=f"stream name has {size} bytes; allowed are 1 to 255"):
            check_name(name)
    if size <= KEY_BYTES:
        check_key(name)
    else:
        with pytest.raises(ValueError, match=f"cell key has {size} bytes; allowed are 1 to 512"):
            check_key(name)


def test_the_longest_names_are_allowed_and_one_byte_more_is_not() -> None:
    check_name("x" * 255)
    check_key("x" * 512)
    with pytest.raises(ValueError, match="256 bytes"):
        check_name("x" * 256)
    with pytest.raises(ValueError, match="513 bytes"):
        check_key("x" * 513)


def test_an_empty_name_and_a_lone_surrogate_are_refused() -> None:
    with pytest.raises(ValueError, match="has 0 bytes"):
        check_name("")
    with pytest.raises(ValueError, match="is not valid Unicode"):
        check_name("a\ud800")


@given(NAMES, st.integers(0, 1 << 70), st.lists(RECORDS, min_size=1, unique_by=lambda e: e.id))
def test_a_batch_of_different_good_records_is_allowed(
    stream: str, expected: int, batch: list[NewEvent]
) -> None:
    check_batch(stream, expected, batch)


GOOD = NewEvent("e1", "noted/1", 0, b"")


@pytest.mark.parametrize(
    ("stream", "expected", "batch", "message"),
    [
        ("a b", 0, [GOOD], "stream name 'a b' has spaces"),
        ("a", -1, [GOOD], "expected is -1; it must be 0 or more"),
        ("a", 0, [], "at least one record"),
        ("a", 0, [GOOD, NewEvent("", "t", 0, b"")], "record id has 0 bytes"),
        ("a", 0, [GOOD, NewEvent("x y", "t", 0, b"")], "record id 'x y' has spaces"),
        ("a", 0, [GOOD, NewEvent("e2", "t\n", 0, b"")], r"record type 't\\n' has spaces"),
        ("a", 0, [GOOD, NewEvent("e2", "t", 1 << 63, b"")], "it must fit 64 bits"),
        ("a", 0, [GOOD, NewEvent("e2", "t", -(1 << 63) - 1, b"")], "it must fit 64 bits"),
        ("a", 0, [GOOD, GOOD], "two records of the batch have the same id"),
    ],
)
def test_a_batch_that_can_never_be_right_is_refused_with_the_reason(
    stream: str, expected: int, batch: list[NewEvent], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_batch(stream, expected, batch)


@given(st.integers(), st.integers())
def test_a_page_starts_at_0_or_later_and_holds_1_or_more(after: int, limit: int) -> None:
    if after < 0:
        with pytest.raises(ValueError, match="after is"):
            check_page(after, limit)
    elif limit < 1:
        with pytest.raises(ValueError, match="limit is"):
            check_page(after, limit)
    else:
        check_page(after, limit)
        check_limit(limit)


def test_what_is_not_supported_names_store_and_capability() -> None:
    error = not_supported(StoreInfo("tape", "1"), "trim")

    assert str(error) == "the tape store does not support trim"
    assert error.details == {"store": "tape", "capability": "trim"}


def test_an_object_without_the_methods_is_no_store() -> None:
    assert isinstance(MemoryStore(), Store)
    assert not isinstance(object(), Store)
