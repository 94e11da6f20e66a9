"""Any name becomes a file name of its own on any disk, and can be told from it."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import assume, example, given
from hypothesis import strategies as st

from wrkr_core.store import check_key
from wrkr_store_files.layout import (
    LONGEST,
    Layout,
    file_name,
    name_of,
    segment_first,
    segment_name,
)

ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400)
NASTY = st.sampled_from([".", "..", "a/b", "a%2fb", "A", "a", "con", "CON", "nul", "~", "a~b", "ü"])
NAMES = ANY | NASTY


@given(NAMES)
@example("x" * 255)
@example("é" * 127)
def test_a_file_name_is_safe_everywhere(name: str) -> None:
    file = file_name(name)

    assert re.fullmatch(r"[a-z0-9_%~-]+", file)
    assert len(file) <= LONGEST
    assert not re.fullmatch(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", file)


@given(NAMES, NAMES)
def test_different_names_never_share_a_file(one: str, other: str) -> None:
    assume(one != other)

    assert file_name(one) != file_name(other)


@given(ANY)
def test_names_that_some_disks_confuse_stay_apart(name: str) -> None:
    for twin in (name.upper(), name.lower(), *map_forms(name)):
        if twin != name:
            assert file_name(twin).casefold() != file_name(name).casefold()


def map_forms(name: str) -> list[str]:
    return [unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)]


@given(NAMES)
def test_a_name_that_was_not_cut_can_be_told(name: str) -> None:
    file = file_name(name)

    assert name_of(file) == (None if "~" in file else name)


def test_a_name_that_fits_stays_readable() -> None:
    assert file_name("port-utils-01hzy_9") == "port-utils-01hzy_9"
    assert file_name("lease/Job.1") == "lease%2f%4aob%2e1"


def test_a_file_that_is_not_ours_has_no_name() -> None:
    assert name_of(".DS_Store") is None
    assert name_of("%ff") is None
    assert name_of("A") is None


@given(st.integers(1, 10**14))
def test_a_segment_is_named_after_its_first_record(first: int) -> None:
    assert segment_first(segment_name(first)) == first


def test_segments_sort_by_name() -> None:
    assert segment_name(99) < segment_name(100)
    assert segment_first("name") is None


def test_a_key_as_long_as_they_get_fits() -> None:
    key = "é" * 256
    check_key(key)

    assert Layout("/s").stream(key).rpartition("/")[2] == file_name(key)
    assert len(file_name(key)) <= LONGEST
