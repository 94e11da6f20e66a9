"""A log is split at newlines only, and every line is what it must be or is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories import contents_of, lines_of, packed, resealed, small_story, whole_story
from wrkr_core import events as e
from wrkr_core.canonical import digest, dumps
from wrkr_core.chain import GENESIS, hash_of, seal
from wrkr_core.errors import (
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack.log import Lines, LogCheck
from wrkr_core.jobpack.merkle import Tree

WHOLE = whole_story()
LOG = contents_of(packed(WHOLE))["events.jsonl"].split(b"\n")[:-1]
SMALL = lines_of(packed(small_story()))


def checked(lines: list[bytes], job_id: str = "port-utils") -> LogCheck:
    check = LogCheck(job_id)
    for line in lines:
        check.take_in(line)
    return check


def one_line(payload: bytes, **fields: Any) -> bytes:  # noqa: ANN401  # any field of a line
    given = {
        "prev": GENESIS,
        "at": 1,
        "by": "ann",
        "id": "1",
        "job": "port-utils",
        "seq": 1,
        "type": "job_paused/1",
    }
    return seal(**{**given, "payload": payload, **fields})[1]


@given(st.lists(st.binary(max_size=5).filter(lambda line: b"\n" not in line)), st.data())
def test_lines_come_out_as_they_went_in_however_the_file_is_cut(
    lines: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    reader = Lines(chunks, longest=5)

    found = [(line, reader.number, reader.offset) for line in reader]

    assert [line for line, _, _ in found] == lines
    assert [number for _, number, _ in found] == list(range(1, len(lines) + 1))
    assert all(whole[offset:].startswith(line + b"\n") for line, _, offset in found)


def test_a_line_separator_in_a_text_is_no_end_of_a_line() -> None:
    assert list(Lines(["a\u2028b\u2029c\x85d\n".encode()], longest=99)) == [
        "a\u2028b\u2029c\x85d".encode()
    ]


def test_a_last_line_without_its_newline_is_refused() -> None:
    with pytest.raises(VerifyMalformedError) as caught:
        list(Lines([b"one\ntw", b"o"], longest=9))

    assert (caught.value.details["line"], caught.value.details["offset"]) == (2, 4)


@pytest.mark.parametrize("chunks", [[b"1234\n12345\n"], [b"1234\n", b"123", b"45"]])
def test_a_line_longer_than_allowed_is_refused_before_its_end_is_read(chunks: list[bytes]) -> None:
    def endless() -> Any:  # noqa: ANN401  # an iterator
        yield from chunks
        raise AssertionError("read on")

    with pytest.raises(VerifyMalformedError, match="line 2 has more than the 4 bytes") as caught:
        list(Lines(endless(), longest=4))

    assert caught.value.details["reason"] == "too_large"


def test_a_whole_log_is_read_as_the_events_it_was_made_of() -> None:
    check, tree = LogCheck("port-utils"), Tree()

    events = [check.take_in(line) for line in LOG]

    assert events == list(WHOLE.log.records())
    for line in LOG:
        tree.append(line)
    assert (check.count, check.head, check.tree.root()) == (48, hash_of(LOG[-1]), tree.root())
    assert check.line is not None
    assert check.line.type == "lease_released/1"


@given(st.integers(0, len(LOG) - 1), st.data())
def test_a_line_with_any_byte_changed_is_refused(number: int, data: st.DataObject) -> None:
    line = bytearray(LOG[number])
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    check = checked(LOG[:number])

    with pytest.raises((VerifyHashError, VerifyMalformedError)) as caught:
        check.take_in(bytes(line))

    assert caught.value.details["line"] == number + 1
    assert check.count == number


@given(st.permutations(range(6)))
def test_lines_in_another_order_are_refused(order: list[int]) -> None:
    if order == sorted(order):
        checked([LOG[number] for number in order])
        return
    with pytest.raises(VerifyHashError, match="does not follow"):
        checked([LOG[number] for number in order])


def test_a_line_that_was_taken_out_is_missed_by_the_next() -> None:
    with pytest.raises(VerifyHashError) as caught:
        checked(LOG[:4] + LOG[5:])

    assert caught.value.details["line"] == 5


def test_a_log_of_another_job_is_refused() -> None:
    with pytest.raises(VerifyHistoryError, match="of job port-utils"):
        checked(LOG, "another-job")


def test_a_resealed_log_whose_numbers_have_a_gap_is_refused() -> None:
    line = one_line(b'{"reason":"x"}', seq=2)

    with pytest.raises(VerifyHistoryError, match="is record 2"):
        checked([line])


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"reason":"x"}',
        one_line(b"{ }"),
        one_line(b'{"reason":"x","reason":"x"}'),
        one_line(b'{"reason":-0}'),
        one_line(b'{"reason":"x","z":1e21}').replace(b"1e21", b"1000000000000000000000"),
        one_line(b'{"reason":"x","z":9007199254740992}'),
        one_line(b'{"reason":"\\ud800"}'),
        one_line(b'{"z":' + b"[" * 80 + b"]" * 80 + b',"reason":"x"}'),
        one_line(b"[" * 100_000),
        one_line(b'{"reason":1}'),
        one_line(b"null"),
        one_line(b'{"reason":"x"}', type="job paused"),
        one_line(b'{"reason":"x"}', id=""),
        one_line(b'{"reason":"x"}', id="i" * 256),
        one_line(b'{"reason":"x"}').replace(b'"at":1', b'"at":1.5'),
        one_line(b'{"reason":"x"}')[:-1] + b',"type":"job_paused/1"}',
    ],
)
def test_a_line_with_a_right_hash_and_a_wrong_form_is_refused(line: bytes) -> None:
    if len(line) > 150:  # whatever it says, give it the hash of its bytes
        line = line[:10] + hash_of(line).encode() + line[74:]

    with pytest.raises(VerifyMalformedError):
        checked([line])


def test_an_event_of_an_unknown_type_is_read_and_kept() -> None:
    recorded = LogCheck("port-utils").take_in(one_line(b'{"a":1}', type="job_reopened/1"))

    assert isinstance(recorded.event, e.UnknownEvent)


def test_a_spec_that_has_not_its_digest_is_refused() -> None:
    lines = [*SMALL]
    lines[0]["payload"]["spec"]["objective"] = "something else"

    with pytest.raises(VerifyHashError, match="spec"):
        checked(resealed(lines).split(b"\n")[:-1])


def test_a_spec_with_a_field_of_a_later_release_keeps_its_digest() -> None:
    spec = {**SMALL[0]["payload"]["spec"], "mood": "good"}

    payload = {**SMALL[0]["payload"], "spec": spec, "spec_digest": digest(spec)}
    line = one_line(dumps(payload), type="job_submitted/1")

    assert isinstance(LogCheck("port-utils").take_in(line).event, e.JobSubmitted)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_line_or_are_refused(data: bytes) -> None:
    with pytest.raises(VerifyError):
        LogCheck("port-utils").take_in(data)
