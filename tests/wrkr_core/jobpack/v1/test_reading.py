"""Records of a v1 jobpack one at a time, and errors that say where they were found."""

from __future__ import annotations

import io

import pytest

from tests.wrkr_core.jobpack.v1.forging import (
    DEMO,
    changed,
    contents_of,
    fixture,
    packed,
    refusal,
    resealed,
)
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import VerifyHashError, VerifyHistoryError, VerifyMalformedError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.log import Lines
from wrkr_core.jobpack.v1 import container
from wrkr_core.jobpack.v1.reading import Pack, located
from wrkr_core.jobpack.v1.records import Event, Job


def pack_of(data: bytes, limits: Limits | None = None) -> Pack:
    file = io.BytesIO(data)
    pack = Pack(
        file=file, limits=limits or Limits(), receipt=None, job_id=None, must_be_signed=False
    )
    pack.entries = {each.name: each for each in container.scan(file).entries}
    pack.digests = {name: digest_bytes(content) for name, content in contents_of(data).items()}
    return pack


def test_records_are_read_line_by_line_also_a_second_time() -> None:
    pack = pack_of(fixture(DEMO))

    first = list(pack.records("events.jsonl", Event))
    again = list(pack.records("events.jsonl", Event, is_known=True))

    assert [each.event_id for each in first] == [f"evt_{seq}" for seq in range(1, 8)]
    assert again == first
    assert pack.document("job.json", Job).status == "completed"
    assert pack.overlooked is None


def test_a_file_that_was_changed_after_its_digest_was_compared_is_found() -> None:
    pack = pack_of(fixture(DEMO))
    pack.digests = dict.fromkeys(pack.digests, "0" * 64)

    with pytest.raises(VerifyHashError, match="changed while it was verified"):
        pack.document("job.json", Job)
    with pytest.raises(VerifyHashError, match="changed while it was verified"):
        list(pack.records("events.jsonl", Event, is_known=True))


def test_there_are_no_records_in_a_file_that_is_not_there() -> None:
    assert list(pack_of(fixture(DEMO)).records("approvals.jsonl", Event)) == []


def test_only_the_first_thing_overlooked_is_kept() -> None:
    pack = pack_of(fixture(DEMO))
    first = VerifyMalformedError("first")

    pack.overlook(None)
    pack.overlook(first)
    pack.overlook(VerifyMalformedError("second"))

    assert pack.overlooked is first


def test_equal_keys_in_a_line_are_overlooked_with_their_place() -> None:
    contents = contents_of(fixture(DEMO))
    contents["events.jsonl"] = contents["events.jsonl"].replace(
        b'"event_id":"evt_3"', b'"event_id":"evt_9","event_id":"evt_3"'
    )

    error = refusal(packed(resealed(contents)))

    offset = contents["events.jsonl"].split(b"\n{")[0:2]
    assert error.message == "events.jsonl, line 3: an object in it has the same key twice"
    assert error.details["line"] == 3
    assert error.details["offset"] == sum(len(line) for line in offset) + 3
    assert error.details["stage"] == "form"


def test_an_error_in_a_line_says_where_the_line_is() -> None:
    def change(events: list[dict[str, object]]) -> None:
        del events[1]["payload"]

    error = refusal(changed(DEMO, "events.jsonl", change))

    assert error.message.startswith("events.jsonl, line 2: it is no event of v1")
    assert (error.details["entry"], error.details["line"]) == ("events.jsonl", 2)


def test_a_line_that_is_too_long_says_so_once() -> None:
    pack = pack_of(fixture(DEMO), Limits(document_bytes=250))

    with pytest.raises(VerifyMalformedError) as caught:
        list(pack.records("events.jsonl", Event))

    assert caught.value.message == "events.jsonl: line 1 has more than the 250 bytes allowed"
    assert (caught.value.details["line"], caught.value.details["reason"]) == (1, "too_large")


def test_the_place_found_first_is_the_place_that_counts() -> None:
    lines = Lines([b"a\nb\n"], longest=9)
    for _ in lines:
        pass

    with pytest.raises(VerifyHistoryError) as caught, located("outer"), located("inner", lines):
        raise VerifyHistoryError("it is wrong")

    assert caught.value.message == str(caught.value) == "inner, line 2: it is wrong"
    assert caught.value.details == {"entry": "inner", "line": 2, "offset": 2}


def test_a_message_that_names_its_entry_is_left_alone() -> None:
    with pytest.raises(VerifyHistoryError) as caught, located("outer"):
        raise VerifyHistoryError("inner: it is wrong", entry="inner")

    assert caught.value.message == "inner: it is wrong"
