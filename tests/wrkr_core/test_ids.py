"""Ids and names: refused when wrong, never repaired; generated ones sort by time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_core.ids import (
    JOB_ID,
    TIME_SORTABLE,
    check_actor,
    check_checkpoint_id,
    check_job_id,
    check_name,
    checkpoint_id,
    job_id_for,
    time_sortable,
)

INSTANTS = st.integers(0, 2**48 * 1000 - 1)
ENTROPY = st.binary(min_size=10, max_size=10)
NAMES = st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,99}\Z").filter(lambda name: ".." not in name)
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789._-"


@given(st.text() | st.text(ALPHABET, max_size=130))
def test_a_job_id_is_returned_unchanged_or_refused_by_name(text: str) -> None:
    if re.fullmatch(JOB_ID, text) and ".." not in text:
        assert check_job_id(text) == text
        return

    with pytest.raises(InvalidInputError) as caught:
        check_job_id(text)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize(
    "text",
    ["", "A", "a b", "a/b", "../a", "a..b", "-a", ".a", "_a", "a\n", "\u00e4", "a" * 128, "a\x00"],
)
def test_a_wrong_job_id_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"is not a job id") as caught:
        check_job_id(text)

    assert JOB_ID in caught.value.message
    assert "1 to 127" in caught.value.hint


@pytest.mark.parametrize("value", [None, 1, b"a", True])
def test_a_job_id_is_text(value: object) -> None:
    with pytest.raises(InvalidInputError):
        check_job_id(value)  # type: ignore[arg-type]


def test_a_job_id_may_have_127_characters_and_a_name_100() -> None:
    assert check_job_id("a" * 127)
    assert check_name("a" * 100)

    with pytest.raises(InvalidInputError, match="is not a job name"):
        check_name("a" * 101)


@given(INSTANTS, ENTROPY, INSTANTS, ENTROPY)
def test_generated_ids_sort_by_millisecond_and_differ_by_entropy(
    at: int, entropy: bytes, other_at: int, other_entropy: bytes
) -> None:
    ours, theirs = time_sortable(at, entropy), time_sortable(other_at, other_entropy)

    assert (ours < theirs) == ((at // 1000, entropy) < (other_at // 1000, other_entropy))
    assert (ours == theirs) == ((at // 1000, entropy) == (other_at // 1000, other_entropy))
    assert re.fullmatch(TIME_SORTABLE, ours)


def test_a_generated_id_is_a_ulid_in_lower_case() -> None:
    # The example of the ULID specification, and its largest value.
    assert time_sortable(1_469_918_176_385_000, bytes(10))[:10] == "01aryz6s41"
    assert time_sortable((2**48 - 1) * 1000, b"\xff" * 10) == "7" + "z" * 25
    assert time_sortable(0, bytes(10)) == "0" * 26


@pytest.mark.parametrize("at", [-1, 2**48 * 1000, True, 1.0, "0", None])
def test_an_instant_that_no_id_can_hold_is_refused(at: int) -> None:
    with pytest.raises(InvalidInputError, match=f"^{re.escape(repr(at))} cannot be the time"):
        time_sortable(at, bytes(10))


@pytest.mark.parametrize("entropy", [b"", bytes(9), bytes(11), "0123456789"])
def test_an_id_takes_ten_random_bytes(entropy: bytes) -> None:
    with pytest.raises(InvalidInputError, match="exactly 10 random bytes"):
        time_sortable(0, entropy)


@given(NAMES, INSTANTS, ENTROPY)
def test_a_generated_job_id_is_a_job_id_and_tells_its_name(
    name: str, at: int, entropy: bytes
) -> None:
    suffix = time_sortable(at, entropy)
    job_id = check_job_id(job_id_for(name, suffix))

    assert (job_id[:-27], job_id[-26:]) == (name, suffix)


@pytest.mark.parametrize(
    "suffix", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "U" * 26, "0" * 25 + "u"]
)
def test_only_a_time_sortable_id_follows_a_name(suffix: str) -> None:
    with pytest.raises(InvalidInputError, match="time-sortable"):
        job_id_for("build", suffix)


def test_a_wrong_name_makes_no_job_id() -> None:
    with pytest.raises(InvalidInputError, match="'My Job' is not a job name"):
        job_id_for("My Job", "0" * 26)


@given(st.integers(1, 2**53 - 1))
def test_the_checkpoint_of_an_event_is_named_after_its_seq(seq: int) -> None:
    assert check_checkpoint_id(checkpoint_id(seq)) == f"cp_{seq}"


@pytest.mark.parametrize("seq", [0, -1, 2**53, True, 1.0, "1"])
def test_a_checkpoint_has_the_seq_of_an_event(seq: int) -> None:
    with pytest.raises(InvalidInputError, match="seq of an event"):
        checkpoint_id(seq)


WRONG_CHECKPOINT_IDS = [
    "cp_",
    "cp_0",
    "cp_01",
    "cp_-1",
    "CP_1",
    "cp1",
    "2",
    "cp_9007199254740992",
    "cp_1.0",
    "xcp_1",
]


@pytest.mark.parametrize(
    "text", ["", "cp_1 ", "cp_\u0661", "cp_1\n", "cp_" + "9" * 5000, None, 1, *WRONG_CHECKPOINT_IDS]
)
def test_a_wrong_checkpoint_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a checkpoint id") as caught:
        check_checkpoint_id(text)

    assert "cp_11" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["ann", "ann@example.com", "Zo\u00eb \u65e5\u672c", "a", "x" * 200, "\U0001f600"]
)
def test_people_and_programs_may_be_named_in_any_language(text: str) -> None:
    assert check_actor(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \u00a0", "empty"),
        (None, "not text"),
        (True, "not text"),
        ("x" * 201, "201 characters"),
        ("ann\nadmin", r"character 4 is U\+000A"),
        ("ann\x1b[2J", r"U\+001B"),
        ("ann\x7f", r"U\+007F"),
        ("ann\x9b", r"U\+009B"),
        ("ann\u2028", r"U\+2028"),
        ("ann\u202egpj", r"U\+202E"),
        ("ann\u2066", r"U\+2066"),
        ("ann\u200b", r"U\+200B"),
        ("ann\ud800", r"U\+D800"),
    ],
)
def test_a_name_that_hides_something_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        check_actor(text)


@given(st.text())
def test_an_actor_is_returned_unchanged_and_fits_on_one_line(text: str) -> None:
    try:
        assert check_actor(text) is text
    except InvalidInputError as error:
        error.message.encode()
    else:
        assert len(text.splitlines()) == 1
        assert 1 <= len(text) <= 200
