"""Names of entries: safe to unpack anywhere, and no two that fall together somewhere."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wrkr_core.jobpack.v1.names import KNOWN, Names


def test_every_name_v1_gives_a_meaning_to_is_fine_beside_the_others() -> None:
    names = Names()

    assert [names.add(name.encode()) for name in sorted(KNOWN)] == [""] * 7
    assert names.add(b"artifacts/README.md") == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"/etc/passwd",
        b"../evil",
        b"a/../../evil",
        b"a/./b",
        b"a//b",
        b"accept/",
        b"a\\b",
        b"c:/a",
        b"c:a",
        b"nul",
        b"a/CON.txt",
        b"a\x00b",
        b"a\nb",
        b"a ",
        b"a.",
        b"-rf",
        b"caf\xc3\xa9",
        b"\xff",
        b"a" * 300,
    ],
)
def test_a_name_that_is_unsafe_somewhere_is_refused(raw: bytes) -> None:
    assert "another name" in Names().add(raw)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (b"a.json", b"a.json", "another entry of this name"),
        (b"a.json", b"A.JSON", "differs in case only"),
        (b"a", b"a/b", "both a file and a folder"),
        (b"a/b", b"a", "both a file and a folder"),
        (b"A/b", b"a", "both a file and a folder"),
        (b"a/B/c", b"a/b", "both a file and a folder"),
        (b"../a", b"../a", "another entry of this name"),
    ],
)
def test_names_that_fall_together_are_refused(first: bytes, second: bytes, said: str) -> None:
    names = Names()
    names.add(first)

    assert said in names.add(second)


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_no_two_accepted_names_are_equal_under_case_or_normalisation(one: str, two: str) -> None:
    assume(one != two)
    names = Names()

    if names.add(one.encode()) == "" and names.add(two.encode()) == "":
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            folded = [unicodedata.normalize(form, each).casefold() for each in (one, two)]
            assert folded[0] != folded[1]
