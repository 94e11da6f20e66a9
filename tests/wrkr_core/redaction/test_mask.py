"""Markers take the place of secrets: all of them, nothing else, and the same for the same secret."""

from __future__ import annotations

import hmac
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canaries import GITHUB, NOTHING, PASSWORD, TOKENS, private_key
from wrkr_core.canonical import dumps
from wrkr_core.redaction.mask import MARKER, Hit, Mask, count_markers, counted, is_masked_form
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from collections.abc import Iterable

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KNOWN = KnownSecrets({"API_PASSWORD": PASSWORD})


def mask(known: Any = KNOWN, key: bytes = b"k") -> Mask:  # noqa: ANN401  # what knows secrets
    return Mask(known, lambda: key)


def marker(rule: str, secret: str, key: bytes = b"k") -> str:
    proof = hmac.new(key, b"redacted\0" + secret.encode(), sha256).hexdigest()
    return f"[REDACTED:{rule}:{proof[:8]}]"


class Found:
    """Finds what it was told it would."""

    overlap = 0

    def __init__(self, *hits: Hit) -> None:
        self._hits = hits

    def find(self, data: bytes) -> Iterable[Hit]:
        return self._hits

    def declaring(self, names: Iterable[str]) -> Found:
        return self

    def is_secret(self, name: str) -> bool:
        return False


def test_a_marker_says_the_rule_and_the_beginning_of_a_keyed_hash() -> None:
    assert mask().text(f"a {PASSWORD} b {GITHUB}") == (
        f"a {marker('env-API_PASSWORD', PASSWORD)} b {marker('github-token', GITHUB)}"
    )


def test_equal_secrets_have_equal_markers_under_one_key_and_others_under_another() -> None:
    one, other = mask(key=b"one"), mask(key=b"other")

    assert one.text(PASSWORD) == one.text(PASSWORD) != other.text(PASSWORD)
    assert one.text(GITHUB) != one.text(TOKENS["github-token"][1])


def test_the_key_is_asked_for_once_and_only_when_there_is_a_secret() -> None:
    asked: list[int] = []

    def key() -> bytes:
        asked.append(1)
        return b"k"

    masking = Mask(KNOWN, key)

    masking.text("nothing")
    masking.value(["nothing"])
    assert asked == []
    masking.text(f"{PASSWORD} {PASSWORD}")
    masking.text(PASSWORD)
    assert asked == [1]


def test_what_holds_no_secret_comes_back_as_the_same_object() -> None:
    text, value, data = "text \ud800", {"a": ["b", 1, None]}, b'{"a":["b"]}'

    assert mask().text(text) is text
    assert mask().value(value) is value
    assert mask().json(data) is data
    assert mask().json(b"12") == b"12"
    assert mask().data(data) == (data, Counter())


def test_secrets_that_overlap_are_one() -> None:
    known = Found(Hit(6, 9, "c", b"ccc"), Hit(0, 4, "a", b"aaaa"), Hit(2, 5, "b", b"bbb"))

    assert mask(known).hits(b"0123456789") == [Hit(0, 5, "a", b"01234"), Hit(6, 9, "c", b"ccc")]


def test_of_two_names_for_the_same_bytes_the_variables_counts_and_of_two_lengths_the_longer() -> (
    None
):
    same = Found(Hit(0, 4, "form", b"a"), Hit(0, 4, "env-A", b"a"))
    inside = Found(Hit(0, 9, "long", b"a"), Hit(2, 4, "env-A", b"a"))

    assert mask(same).hits(b"0123456789") == [Hit(0, 4, "env-A", b"a")]
    assert mask(inside).hits(b"0123456789") == [Hit(0, 9, "long", b"a")]


def test_a_marker_is_left_alone_whatever_value_a_variable_has() -> None:
    once = mask().text(PASSWORD)
    again = mask(KnownSecrets({"A_TOKEN": "REDACTED", "B_TOKEN": "API_PASSWORD"}))

    assert again.text(once) == once
    assert again.text(f"{once} {once}{once}") == f"{once} {once}{once}"
    assert again.text(f"[REDACTED {once} REDACTED]").count("env-A_TOKEN") == 2
    assert again.text("REDACTED:") != "REDACTED:"
    assert GITHUB not in mask(NOTHING).text(f"[REDACTED:{GITHUB}:0123abcd]")


@given(
    st.lists(st.sampled_from([PASSWORD, *(each[0] for each in TOKENS.values()), " ", "x", "\n"]))
)
def test_masking_twice_is_masking_once(pieces: list[str]) -> None:
    once = mask().text("".join(pieces))

    assert mask().text(once) == once


def test_every_text_and_key_of_a_value_is_masked_and_nothing_else() -> None:
    value = {"a": [f"<{PASSWORD}>", 1, None, True, 1.5], GITHUB: {"b": ("c", PASSWORD)}}

    masked = marker("env-API_PASSWORD", PASSWORD)
    assert mask().value(value) == {
        "a": [f"<{masked}>", 1, None, True, 1.5],
        marker("github-token", GITHUB): {"b": ["c", masked]},
    }
    assert mask().json(dumps([PASSWORD])) == dumps([masked])


def test_a_key_whose_lines_are_texts_of_their_own_is_masked_in_all_of_them() -> None:
    lines = ["before", *private_key().split("\n"), "after"]

    masked = mask(NOTHING).value(lines)

    assert (masked[0], masked[-1], len(masked)) == ("before", "after", len(lines))
    assert all(MARKER.fullmatch(each.encode()) for each in masked[1:-1])


def test_two_texts_side_by_side_make_no_secret() -> None:
    halves = [PASSWORD[:10], PASSWORD[10:], GITHUB[:8], GITHUB[8:]]

    assert mask().value(halves) is halves


@given(json_values)
def test_a_value_without_secrets_is_never_changed(value: object) -> None:
    assert mask().value(value) is value


def test_what_is_half_a_character_is_masked_and_the_rest_replaced() -> None:
    known = Found(Hit(1, 3, "a", b"a"))

    assert mask(known).text("éx").startswith("\ufffd[REDACTED:a:")


def test_a_rule_that_takes_every_text_for_a_secret_does_not_go_on_for_ever() -> None:
    known = Found(Hit(0, 1, "a", b"a"))

    assert mask(known).text("xyz").count("[REDACTED:a:") == 1
    assert mask(known).value(["xyz"])[0].endswith("yz")


def test_markers_are_counted_by_rule() -> None:
    text = mask().text(f"{PASSWORD} {GITHUB} {PASSWORD}").encode()

    assert count_markers(text) == {"env-API_PASSWORD": 2, "github-token": 1}
    assert count_markers(b"nothing, [REDACTED:, [REDACTED:a:12345678") == {}
    assert mask().data(f"{PASSWORD} {GITHUB}".encode())[1] == Counter(
        {"env-API_PASSWORD": 1, "github-token": 1}
    )
    assert list(counted(Counter({"b": 1, "a": 2, "c": 0})).items()) == [("a", 2), ("b", 1)]


@pytest.mark.parametrize("text", ["", "[REDACTED:env-A:0123abcd]", "[REDACTED:"])
def test_what_looks_like_a_marker_and_holds_nothing_is_left(text: str) -> None:
    assert mask().text(text) is text


@pytest.mark.parametrize(
    ("shown", "is_form"),
    [
        ("use [REDACTED:a:00000000] and [REDACTED:b:11111111] now", True),
        ("[REDACTED:a:00000000] now", True),
        ("use [REDACTED:a:00000000]", True),
        ("[REDACTED:a:00000000]", True),
        ("use one and two now", False),
        ("use one and [REDACTED:a:00000000] later", False),
        ("give [REDACTED:a:00000000] now", False),
        ("use [REDACTED:a:00000000] or [REDACTED:b:11111111] now", False),
        ("use one and two[REDACTED:a:00000000] now", False),
        ("use [REDACTED:a:00000000]one and two now", False),
    ],
)
def test_a_text_with_markers_is_a_form_of_one_with_secrets_in_their_place(
    shown: str,
    is_form: bool,  # noqa: FBT001  # a row of the table
) -> None:
    assert is_masked_form(shown, "use one and two now") is is_form


@given(st.text(), st.text(min_size=1), st.text())
def test_what_was_masked_is_a_masked_form(before: str, secret: str, after: str) -> None:
    marker = "[REDACTED:a:00000000]"

    assert is_masked_form(f"{before}{marker}{after}", f"{before}{secret}{after}")
