"""Events and bytes: every event has one canonical form, and nothing in a log is ever lost."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, get_args, get_type_hints

import msgspec
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from tests.strategies import EVENTS, JSON_VALUES, KNOWN_EVENTS, RAW, TEXTS, UNKNOWN_EVENTS
from tests.values import field_names, is_value
from wrkr_core import codec, upcast
from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.canonical import dumps, is_canonical
from wrkr_core.errors import Corrupt, InvalidInputError

if TYPE_CHECKING:
    from wrkr_core.upcast import Payload

CLASSES = list(get_args(e.KnownEvent))
ONE = e.StepRef(name="edit", occurrence=1)
GOLDEN_VOCABULARY = "bc2fc9b927108502e56c91e1628febe261867948c5974513096200885cf57c12"
GOLDEN_VALUES = {
    "AcceptanceFailure": "check code message artifact",
    "Amount": "meter amount",
    "Artifact": "path sha256 size capture redacted",
    "ArtifactChanges": "added changed removed",
    "Budget": "limits",
    "Check": "name command",
    "CheckpointPolicy": "min_interval required",
    "Command": "argv shell cwd env timeout",
    "Fingerprint": "observations digest",
    "ForkPoint": "job seq hash",
    "Holder": "host boot_id pid_namespace pid started_at",
    "JobSpec": (
        "name objective inputs budget environment checkpoints expected_artifacts acceptance steps "
        # A spec without the last two has the bytes it had before there were any.
        "command python secrets erasable"
    ),
    "Observation": "rule value",
    "Overrun": "meter used wanted limit",
    "RequiredAction": "kind instructions key choices",
    "Reservation": "id amounts",
    "StepRef": "name occurrence key",
    "StepSpec": "id command retries artifacts gate at_most_once",
    "Variable": "name value",
}


def test_there_is_a_strategy_for_every_known_event() -> None:
    assert set(EVENTS) == set(CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_event_is_written_as_rfc_8785_says_and_reads_back_equal(
    cls: type, data: st.DataObject
) -> None:
    event = data.draw(EVENTS[cls])

    wire, payload = codec.encode(event)

    assert payload == rfc8785.dumps(json.loads(payload))
    assert is_canonical(payload)
    assert codec.decode(wire, payload) == event
    assert codec.decode(wire, msgspec.Raw(payload)) == event


def test_wire_names_are_the_class_names_in_snake_case_with_a_version() -> None:
    assert codec.encode(e.JobPaused(reason="x"))[0] == "job_paused/1"
    assert sorted(codec.CLASSES)[:4] == [
        "acceptance_recorded/1",
        "approval_given/2",
        "approval_refused/2",
        "artifact_recorded/1",
    ]
    assert {wire.rpartition("/")[2] for wire in codec.CLASSES} == {"1", "2"}
    assert len(codec.CLASSES) == len(codec.WIRE_TYPES) == len(CLASSES)


@given(UNKNOWN_EVENTS)
def test_an_unknown_type_is_kept_byte_for_byte(event: e.UnknownEvent) -> None:
    """Hard case 6."""
    wire, payload = codec.encode(event)

    again = codec.decode(wire, payload)

    assert isinstance(again, e.UnknownEvent)
    assert codec.encode(again) == (event.type, bytes(event.payload)) == (wire, payload)


@given(TEXTS | st.from_regex(r"[a-z_]{1,12}/[0-9]{1,12}", fullmatch=True), RAW)
@example("step_finished/2", msgspec.Raw(b"{}"))
@example("step_finished/0", msgspec.Raw(b"{}"))
@example("step_finished/01", msgspec.Raw(b"[1]"))
@example("step_finished/", msgspec.Raw(b"null"))
@example("step_finished", msgspec.Raw(b"null"))
@example("/1", msgspec.Raw(b"null"))
def test_no_type_of_another_release_makes_a_log_unreadable(wire: str, payload: msgspec.Raw) -> None:
    """Hard case 6."""
    if wire in codec.CLASSES:
        return

    event = codec.decode(wire, payload)

    assert event == e.UnknownEvent(type=wire, payload=payload)


@given(KNOWN_EVENTS, JSON_VALUES)
def test_a_field_of_a_later_release_does_not_stop_this_one(event: e.Event, value: object) -> None:
    """Hard case 6."""
    wire, payload = codec.encode(event)
    later = dumps({**json.loads(payload), "zz_later": value})

    assert codec.decode(wire, later) == event


@pytest.mark.parametrize(
    ("wire", "payload"),
    [
        ("job_paused/1", b""),
        ("job_paused/1", b"{}"),
        ("job_paused/1", b'{"reason":1}'),
        ("job_paused/1", b'{"reason":"\xff"}'),
        ("job_paused/1", b"[]"),
        ("charged/1", b'{"amounts":[{"amount":-1,"meter":"tokens"}]}'),
        ("charged/1", b'{"amounts":[{"amount":9007199254740992,"meter":"tokens"}]}'),
        ("step_started/1", b'{"attempt":1,"epoch":1,"step":{"name":"a","occurrence":0}}'),
        ("job_blocked/1", b'{"reason_codes":[],"status":"completed","summary":""}'),
    ],
)
def test_a_known_type_with_a_payload_that_is_not_its_own_is_corrupt(
    wire: str, payload: bytes
) -> None:
    with pytest.raises(Corrupt, match=rf"a {wire} event cannot be read: ") as caught:
        codec.decode(wire, payload)

    assert caught.value.details == {"type": wire}


def test_a_payload_nested_without_end_is_corrupt() -> None:
    with pytest.raises(Corrupt):
        codec.decode("step_finished/1", b'{"result":' + b"[" * 100_000)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_half_a_surrogate_pair_is_refused_not_recorded(text: str) -> None:
    """Hard case 23."""
    with pytest.raises(InvalidInputError, match="not valid Unicode"):
        codec.encode(e.JobPaused(reason=text))


def test_line_separators_stay_as_they_are_in_one_line() -> None:
    """Hard case 23."""
    _, payload = codec.encode(e.JobPaused(reason="a\u2028b\u2029c\x7f"))

    assert payload == '{"reason":"a\u2028b\u2029c\x7f"}'.encode()
    assert b"\n" not in payload


@pytest.mark.parametrize(
    "event",
    [
        e.JobPaused(reason=None),  # type: ignore[arg-type]
        e.BudgetRaised(limits=(Amount(meter="cost", amount=1),), reason=7),  # type: ignore[arg-type]
        e.ApprovalGiven(checkpoint_id="cp_1", subject="", reason="", expires_at=1.7e15),  # type: ignore[arg-type]
        e.TimerSet(key="a", wake_at=0.5),  # type: ignore[arg-type]
        e.StepFinished(step=ONE, attempt=1, epoch=1, result=msgspec.Raw(b"hello")),
    ],
    ids=["no reason", "a number as reason", "a float", "half a microsecond", "not JSON"],
)
def test_what_could_not_be_read_back_is_never_written(event: e.Event) -> None:
    """One value of a wrong type must not make a job unreadable for ever (hard case 6)."""
    wire = codec.WIRE_TYPES[type(event)]

    with pytest.raises(InvalidInputError, match=f"^a {wire} event cannot be recorded: "):
        codec.encode(event)


def renamed(payload: Payload) -> Payload:
    return {"why": payload["reason"]}


def with_length(payload: Payload) -> Payload:
    return {"reason": f"{payload['why']}!"}


@pytest.fixture
def third_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """``job_paused`` is at version 3, with a step from each version before."""
    current = {"job_paused": 3}
    upcasts = {("job_paused", 1): renamed, ("job_paused", 2): with_length}
    monkeypatch.setattr(codec, "current_version", partial(upcast.current_version, current=current))
    monkeypatch.setattr(codec, "upcast", partial(upcast.upcast, current=current, upcasts=upcasts))
    monkeypatch.setattr(codec, "CLASSES", {"job_paused/3": e.JobPaused})


@pytest.mark.usefixtures("third_version")
@pytest.mark.parametrize(
    ("wire", "payload", "reason"),
    [
        ("job_paused/1", b'{"reason":"x"}', "x!"),
        ("job_paused/2", b'{"why":"x"}', "x!"),
        ("job_paused/3", b'{"reason":"x"}', "x"),
    ],
)
def test_an_older_version_is_read_through_every_step_between(
    wire: str, payload: bytes, reason: str
) -> None:
    codec._decoders.pop(wire, None)
    try:
        assert codec.decode(wire, payload) == e.JobPaused(reason=reason)
    finally:
        codec._decoders.pop("job_paused/3", None)


@pytest.mark.usefixtures("third_version")
@pytest.mark.parametrize("payload", [b"{}", b'{"reason":', b'{"reason":"\xff"}', b"[]", b"7"])
def test_an_older_version_with_a_payload_that_is_not_its_own_is_corrupt(
    payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "_decoders", {})

    with pytest.raises(Corrupt):
        codec.decode("job_paused/1", payload)


@pytest.mark.parametrize("payload", [b"[]", b"7", b'"x"', b"null"])
def test_an_answer_of_version_1_that_is_no_object_is_corrupt(payload: bytes) -> None:
    with pytest.raises(Corrupt):
        codec.decode("approval_given/1", payload)


@pytest.mark.parametrize("version", ["01", "\u0661", "0", "-1", "1.0", ""])
def test_a_version_is_written_in_one_way_only(version: str) -> None:
    assert isinstance(codec.decode(f"approval_given/{version}", b"{}"), e.UnknownEvent)


@pytest.mark.usefixtures("third_version")
def test_a_newer_version_than_ours_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_decoders", {})

    assert isinstance(codec.decode("job_paused/4", b"{}"), e.UnknownEvent)


def test_the_decoder_of_a_type_is_found_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading 100,000 records of one type looks for its class once."""
    event = e.JobPaused(reason="lunch")
    wire, payload = codec.encode(event)
    codec.decode(wire, payload)

    monkeypatch.setattr(codec, "_decode_slowly", None)

    assert codec.decode(wire, payload) == event
    assert codec._decoder(wire) is codec._decoder(wire)


def test_the_vocabulary_stays_what_it_is() -> None:
    """Golden: a changed name or field needs a new version of that event and an upcast."""
    assert codec.vocabulary_digest() == GOLDEN_VOCABULARY


def test_the_shape_of_every_value_inside_an_event_stays_what_it_is() -> None:
    """Golden, as above: the digest names the fields of events, this those of what they hold."""
    shape = {cls.__name__: " ".join(field_names(cls)) for cls in values_in_events()}

    assert shape == GOLDEN_VALUES


def values_in_events() -> set[type]:
    """Return every class of a value that an event holds, at any depth."""
    found: set[type] = set()
    waiting: list[object] = list(CLASSES)
    while waiting:
        each = waiting.pop()
        waiting += get_args(each)
        if isinstance(each, type) and is_value(each) and each not in found:
            found.add(each)
            hints = get_type_hints(each)
            waiting += [hints[name] for name in field_names(each)]
    return found - set(CLASSES)
