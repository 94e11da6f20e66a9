"""The chain of log lines: nothing in a log can be changed without being noticed."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.histories import Journal
from tests.strategies import HASHES, JSON_VALUES, NUMBERS, TEXTS
from wrkr_core import chain
from wrkr_core.canonical import dumps, is_canonical
from wrkr_core.errors import Corrupt, InvalidInputError
from wrkr_core.events import JobPaused, JobResumed
from wrkr_core.record import open_lines

# Golden: a line of release 0.1, byte for byte.
GOLDEN_HASH = "f0067aa58d21480785b21c085c89a6623ca7a01088a215f117c1010c8eec520a"
GOLDEN_BODY = (
    '"_prev":"0000000000000000000000000000000000000000000000000000000000000000",'
    '"at":1700000000000000,"by":"ann","id":"01.1","job":"j_7","payload":{"reason":"l\u2028"},'
    '"seq":1,"type":"job_paused/1"}'
).encode()


def golden() -> tuple[str, bytes]:
    return chain.seal(
        prev=chain.GENESIS,
        at=1_700_000_000_000_000,
        by="ann",
        id="01.1",
        job="j_7",
        payload='{"reason":"l\u2028"}'.encode(),
        seq=1,
        type="job_paused/1",
    )


def short_log() -> list[bytes]:
    journal = Journal()
    journal.submit(objective="line\u2028separators")
    for _ in range(3):
        journal.append(JobPaused(reason="\u2029"))
        journal.append(JobResumed(reason="go on"))
    return journal.lines


LOG = short_log()
PLACES = st.sampled_from(
    [(number, at) for number, line in enumerate(LOG) for at in range(len(line))]
)


def test_a_line_is_these_bytes_for_ever() -> None:
    found, line = golden()

    assert found == GOLDEN_HASH
    assert line == b'{"_hash":"' + GOLDEN_HASH.encode() + b'",' + GOLDEN_BODY


@given(
    prev=HASHES,
    at=NUMBERS,
    by=TEXTS,
    id=TEXTS,
    job=TEXTS,
    payload=JSON_VALUES.map(dumps),
    seq=NUMBERS,
    type=TEXTS,
)
def test_a_line_is_canonical_with_both_hashes_at_fixed_offsets(**fields: object) -> None:
    found, line = chain.seal(**fields)  # type: ignore[arg-type]  # drawn as it wants them

    assert is_canonical(line)
    assert line[10:74].decode() == found
    assert line[85:149].decode() == fields["prev"]
    assert chain.stated(line) == (found, fields["prev"])
    assert found == chain.hash_of(line) == sha256(b"wrkr.event.v1\n{" + line[76:]).hexdigest()
    assert json.loads(line)["by"] == fields["by"]
    assert b"\n" not in line
    assert chain.check(line, None) == chain.check(line, str(fields["prev"])) == found


@pytest.mark.parametrize("field", ["by", "id", "job", "type"])
def test_half_a_surrogate_pair_is_refused_not_sealed(field: str) -> None:
    """Hard case 23."""
    fields = {"by": "ann", "id": "1", "job": "j", "type": "t", field: "\ud800"}

    with pytest.raises(InvalidInputError, match="not valid Unicode"):
        chain.seal(prev=chain.GENESIS, at=0, payload=b"{}", seq=1, **fields)


def read(lines: list[bytes]) -> int:
    return len(list(open_lines("j-1", lines)))


def test_a_log_with_line_separators_in_its_texts_reads_back() -> None:
    """Hard case 23."""
    text = b"\n".join(LOG)

    assert read(text.split(b"\n")) == len(LOG) == 7


@given(PLACES, st.integers(1, 255))
@example((0, 0), 1)
@example((0, 9), 32)
@example((0, 74), 1)
@example((3, 84), 1)
@example((6, len(LOG[6]) - 1), 128)
def test_any_changed_byte_of_any_line_is_noticed(place: tuple[int, int], flip: int) -> None:
    """Hard case 7."""
    number, at = place
    line = LOG[number]
    changed = line[:at] + bytes([line[at] ^ flip]) + line[at + 1 :]

    with pytest.raises(Corrupt):
        read([*LOG[:number], changed, *LOG[number + 1 :]])


@given(PLACES, st.binary(min_size=1, max_size=3))
def test_any_byte_put_in_or_taken_out_is_noticed(place: tuple[int, int], extra: bytes) -> None:
    """Hard case 7."""
    number, at = place
    line = LOG[number]
    for changed in (line[:at] + extra + line[at:], line[:at] + line[at + 1 :]):
        assume(changed != line)
        with pytest.raises(Corrupt):
            read([*LOG[:number], changed, *LOG[number + 1 :]])


@given(st.permutations(range(len(LOG))))
def test_lines_in_another_order_are_noticed(order: list[int]) -> None:
    """Hard case 7."""
    assume(order != sorted(order))

    with pytest.raises(Corrupt):
        read([LOG[number] for number in order])


@given(st.sets(st.integers(0, len(LOG) - 2), min_size=1))
def test_a_line_taken_out_before_the_last_is_noticed(gone: set[int]) -> None:
    """Hard case 7. A missing end is for whoever knows the head: a store's column, a manifest."""
    with pytest.raises(Corrupt, match=r"does not follow|is record"):
        read([line for number, line in enumerate(LOG) if number not in gone])


def test_a_line_twice_is_noticed() -> None:
    with pytest.raises(Corrupt, match="chain is broken") as caught:
        read([LOG[0], LOG[0]])

    assert caught.value.details["expected"] == chain.stated(LOG[0])[0]
    assert caught.value.details["found"] == chain.GENESIS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "does not begin like a log line"),
        (b"{}", "does not begin like a log line"),
        (LOG[0][:149], "does not begin like a log line"),
        (LOG[0].replace(b'"_hash"', b'"_Hash"'), "does not begin like a log line"),
        (LOG[0].replace(b'"_prev"', b'"_Prev"'), "does not begin like a log line"),
        (LOG[0][:10] + LOG[0][10:74].upper().replace(b"0", b"A") + LOG[0][74:], "hex digits"),
        (LOG[0][:85] + b"g" * 64 + LOG[0][149:], "hex digits"),
        (LOG[0] + b"\n", "do not have the hash"),
    ],
)
def test_what_is_no_line_is_said_to_be_none(line: bytes, said: str) -> None:
    with pytest.raises(Corrupt, match=said):
        chain.check(line, None)


@given(st.binary(max_size=300))
def test_any_bytes_are_checked_without_another_error(data: bytes) -> None:
    with pytest.raises(Corrupt):
        chain.check(data, None)


def damaged(line: bytes, at: int, new: bytes) -> bytes:
    return line[:at] + new + line[at + len(new) :]


@pytest.mark.parametrize(
    ("line", "prev", "message"),
    [
        (b"{}", None, "a record does not begin like a log line"),
        (damaged(LOG[0], 9, b"'"), None, "a record does not begin like a log line"),
        (damaged(LOG[0], 84, b"'"), None, "a record does not begin like a log line"),
        (LOG[0][:149], None, "a record does not begin like a log line"),
        (damaged(LOG[0], 10, b"G"), None, "a record's hash is not 64 lower-case hex digits"),
        (damaged(LOG[0], 148, b"A"), None, "a record's hash is not 64 lower-case hex digits"),
        (LOG[0], "f" * 64, "the chain is broken: a record does not follow the one before it"),
        (LOG[0] + b" ", None, "a record's bytes do not have the hash it states"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_in_a_sentence(
    line: bytes, prev: str | None, message: str
) -> None:
    with pytest.raises(Corrupt) as caught:
        chain.check(line, prev)

    assert caught.value.message == message


def test_a_line_of_other_bytes_is_told_with_the_hash_it_states() -> None:
    with pytest.raises(Corrupt) as caught:
        chain.check(LOG[0] + b" ", None)

    assert caught.value.details == {"hash": chain.stated(LOG[0])[0]}


def test_nothing_follows_the_64_digits_of_the_hash_before() -> None:
    line = LOG[0].replace(b'0","at"', b'0!","at"')
    assert line != LOG[0]

    with pytest.raises(Corrupt, match="does not begin like a log line"):
        chain.stated(line)


def test_the_shortest_line_that_can_be_stated_is_read() -> None:
    shortest = LOG[0][:151]

    assert chain.stated(shortest) == chain.stated(LOG[0])
    with pytest.raises(Corrupt, match="does not begin"):
        chain.stated(shortest[:-1])
