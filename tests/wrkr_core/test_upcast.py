"""Reading old versions: step by step, never past the current one, the payload given left alone."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core import codec
from wrkr_core.canonical import dumps
from wrkr_core.codec import CLASSES
from wrkr_core.events import NULL, ApprovalGiven, ApprovalRefused, KnownEvent
from wrkr_core.upcast import CURRENT, UPCASTS, Payload, current_version, upcast

NAMES = {wire.rpartition("/")[0] for wire in CLASSES}


def adding(number: int) -> object:
    return lambda payload: {**payload, f"v{number}": number}


def test_an_event_without_entry_is_at_version_1() -> None:
    assert current_version("job_paused") == 1
    assert current_version("job_paused", {"job_paused": 4}) == 4
    assert current_version("job_resumed", {"job_paused": 4}) == 1


def test_there_is_an_upcast_from_every_version_before_the_current_one() -> None:
    wanted = {(name, version) for name, current in CURRENT.items() for version in range(1, current)}

    assert set(UPCASTS) == wanted
    assert set(CURRENT) <= NAMES
    assert len(NAMES) == len(get_args(KnownEvent))


@given(st.integers(1, 6), st.data())
def test_a_payload_goes_through_each_step_once_in_order(current: int, data: st.DataObject) -> None:
    version = data.draw(st.integers(1, current))
    upcasts = {("job_paused", number): adding(number) for number in range(1, current)}
    payload: Payload = {"reason": "x"}

    found = upcast(
        "job_paused",
        version,
        payload,
        current={"job_paused": current},
        upcasts=upcasts,  # type: ignore[arg-type]  # the lambdas above
    )

    assert list(found) == ["reason", *(f"v{number}" for number in range(version, current))]
    assert payload == {"reason": "x"}


def test_a_missing_step_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        upcast("job_paused", 1, {}, current={"job_paused": 3}, upcasts={})


@pytest.mark.parametrize("name", ["approval_given", "approval_refused"])
def test_an_answer_of_version_1_is_one_that_nobody_signed(name: str) -> None:
    """What stands under ``signature`` there was passed over when it was written."""
    payload: Payload = {"checkpoint_id": "cp_3", "subject": "0", "reason": "ok", "choice": None}

    for written in (payload, {**payload, "signature": {"payload": ""}}):
        event = codec.decode(f"{name}/1", dumps(written))
        assert isinstance(event, ApprovalGiven | ApprovalRefused)
        assert event.signature == NULL
        assert codec.encode(event)[0] == f"{name}/2"
