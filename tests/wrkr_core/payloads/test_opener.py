"""Content is opened in the JSON it is recorded in, where it stands, and nowhere else."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from wrkr_core import events as e
from wrkr_core.payloads.cipher import Cipher
from wrkr_core.payloads.opener import Opener, is_sealed_blob
from wrkr_core.payloads.places import IN_JSON
from wrkr_core.spec import JobSpec

KEY = bytes(range(32))
CIPHER = Cipher(KEY, "j")


def word(pointer: str, plain: bytes) -> str:
    return str(CIPHER.seal("id.2", pointer, plain))


def test_texts_and_values_are_opened_where_they_stand() -> None:
    opener = Opener("j", KEY)
    payload = {
        "summary": word("/summary", b"said"),
        "data": word("/data", b'{"a":[1]}'),
        "failures": [{"message": word("/failures/0/message", b"no")}],
        "number": 1,
    }

    assert opener.record("checkpoint_recorded/1", payload) == {
        "summary": "said",
        "data": {"a": [1]},
        "failures": [{"message": "no"}],
        "number": 1,
    }
    assert opener.closed is None


def test_a_word_in_another_place_is_left_as_it_is() -> None:
    opener, moved = Opener("j", KEY), {"summary": word("/reason", b"said")}

    assert opener.record("checkpoint_recorded/1", moved) == moved
    assert opener.closed is None


@pytest.mark.parametrize(("job_id", "key"), [("other", KEY), ("j", bytes(32))])
def test_what_does_not_open_is_left_and_noted(job_id: str, key: bytes) -> None:
    opener, payload = Opener(job_id, key), {"summary": word("/summary", b"said")}

    assert opener.record("checkpoint_recorded/1", payload) == payload
    assert opener.closed == "damaged"


def test_large_results_are_opened_too() -> None:
    sealed = CIPHER.seal_blob(b'"large"')
    opener, other = Opener("j", KEY), Opener("other", KEY)

    assert opener.blob(sealed) == b'"large"'
    assert (other.blob(sealed), other.closed) == (None, "damaged")
    assert Opener("j", None).blob(sealed) is None
    assert is_sealed_blob(sealed)
    assert not is_sealed_blob(b'"large"')


def test_without_a_key_everything_stays_closed_and_the_log_says_why() -> None:
    opener, payload = Opener("j", None), {"summary": word("/summary", b"said")}

    assert opener.record("checkpoint_recorded/1", payload) == payload
    closed = [opener.closed]
    opener.record("payloads_erased/1", {"reason": "asked for"})
    assert [*closed, opener.closed] == ["sealed", "erased"]


def test_the_places_of_values_are_those_that_events_hold_as_values() -> None:
    values = {
        f"/{name}"
        for cls in (e.StepFinished, e.CheckpointRecorded)
        for name, kind in get_type_hints(cls).items()
        if kind is msgspec.Raw
    }
    assert get_type_hints(JobSpec)["inputs"] is msgspec.Raw

    assert {*values, "/spec/inputs"} == set(IN_JSON)
