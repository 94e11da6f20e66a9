"""The closed table of what is content: complete over every text and JSON value an event can hold."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given

from tests.strategies import EVENTS, KNOWN_EVENTS, state_in
from tests.values import field_names, is_value
from wrkr_core import events as e
from wrkr_core.approval import Decision
from wrkr_core.codec import decode, encode
from wrkr_core.job.state import JobState
from wrkr_core.payloads.places import CONTENT, IN_STATE, content_of, is_empty, with_content

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every text an event can hold that is no content: ids, names, codes, paths, digests, places.
READABLE = {
    "JobSubmitted": {
        "engine",
        "forked_from/hash",
        "forked_from/job",
        "spec/acceptance/*/command/cwd",
        "spec/acceptance/*/command/env/*/name",
        "spec/acceptance/*/name",
        "spec/budget/limits/*/meter",
        "spec/command/cwd",
        "spec/command/env/*/name",
        "spec/environment/*",
        "spec/expected_artifacts/*",
        "spec/name",
        "spec/python",
        "spec/secrets/*",
        "spec/steps/*/artifacts/*",
        "spec/steps/*/command/cwd",
        "spec/steps/*/command/env/*/name",
        "spec/steps/*/id",
        "spec_digest",
    },
    "EnvironmentCaptured": {
        "fingerprint/digest",
        "fingerprint/observations/*/rule",
        "fingerprint/observations/*/value",
    },
    "EnvironmentAccepted": {
        "expected",
        "fingerprint/digest",
        "fingerprint/observations/*/rule",
        "fingerprint/observations/*/value",
    },
    "LeaseTaken": {
        "holder/boot_id",
        "holder/host",
        "holder/pid_namespace",
        "took_over",
        "took_over_from",
        "usage/*/meter",
        "worker",
    },
    "LeaseReleased": {"reason", "usage/*/meter", "worker"},  # one of a few words
    "StepStarted": {"approval", "input_digest", "step/key", "step/name"},  # the digest is keyed
    "StepFinished": {
        "artifacts/*/path",
        "artifacts/*/sha256",
        "result_blob",
        "result_type",
        "step/key",
        "step/name",
        "usage/*/meter",
    },
    "StepFailed": {"code", "error_type", "step/key", "step/name", "usage/*/meter"},
    "Charged": {"amounts/*/meter", "mark", "step/key", "step/name"},
    "BudgetReserved": {"reservation/amounts/*/meter", "reservation/id"},
    "BudgetSettled": {"amounts/*/meter", "reservation"},
    "BudgetExceeded": {"meters/*/meter"},
    "BudgetRaised": {"limits/*/meter"},
    "CheckpointRecorded": {
        "artifacts/added/*",
        "artifacts/changed/*",
        "artifacts/removed/*",
        "budget/*/meter",
        "checkpoint_id",
        "mark",
        "reason_codes/*",
        "required_action/choices/*",  # labels, and what was chosen must be told to be one of them
        "required_action/key",
        "required_action/kind",
    },
    "ApprovalGiven": {"checkpoint_id", "choice", "signature", "subject"},
    "ApprovalRefused": {"checkpoint_id", "choice", "signature", "subject"},
    "JobPaused": set[str](),
    "JobResumed": set[str](),
    "JobCanceled": {"reason_codes/*"},
    "JobBlocked": {"reason_codes/*", "step/key", "step/name"},
    "JobCompleted": set[str](),
    "ArtifactRecorded": {"artifact/path", "artifact/sha256", "mark"},
    "AcceptanceRecorded": {
        "config_digest",
        "failures/*/artifact",
        "failures/*/check",
        "failures/*/code",
    },
    "TimerSet": {"key"},
    "PayloadsErased": {"reason"},  # written when there is no key any more
}


def texts_in(kind: object, path: str = "") -> Iterator[str]:
    """Yield the place of every free text and JSON value that a type can hold."""
    if kind in {str, msgspec.Raw}:
        yield path
    elif isinstance(kind, type) and is_value(kind):
        hints = get_type_hints(kind)
        for name in field_names(kind):
            yield from texts_in(hints[name], f"{path}/{name}" if path else name)
    elif get_origin(kind) is tuple:
        yield from texts_in(get_args(kind)[0], f"{path}/*")
    elif get_origin(kind) in {Union, types.UnionType}:
        for each in get_args(kind):
            yield from texts_in(each, path)
    else:
        assert get_origin(kind) is Literal or kind in {int, bool, type(None), msgspec.UnsetType}


def test_every_event_is_in_the_table() -> None:
    assert set(CONTENT) == set(get_args(e.KnownEvent))


@pytest.mark.parametrize("cls", CONTENT, ids=lambda cls: cls.__name__)
def test_every_text_of_an_event_is_content_or_is_known_to_be_none(cls: type) -> None:
    """A field that is added to an event has to be decided upon."""
    content, readable = set(CONTENT[cls]), READABLE[cls.__name__]

    assert content & readable == set()
    assert content | readable == set(texts_in(cls))


def test_every_text_of_a_state_that_comes_from_content_is_in_the_table() -> None:
    readable = {
        "environment_rules/*", "epoch", "forked_from/hash", "forked_from/job", "hash", "job_id",
        "name", "reason_codes/*", "spec_digest", "submitted_by", "unknown/*",
        "fingerprint/observations/*/rule", "fingerprint/observations/*/value",
    }  # fmt: skip
    found = {place for place in texts_in(JobState) if place.count("/") == 0 or "*" in place}
    decisions = {f"decisions/*/{name}" for name in ("checkpoint_id", "key", "kind", "subject")}
    counted = {
        place
        for place in found
        if place.partition("/")[0]
        in {"limits", "spent", "reservations", "open_steps", "checkpoints", "checkpoint_policy"}
    }

    assert found - readable - decisions - counted == {*IN_STATE, "decisions/*/choices/*"}


@given(KNOWN_EVENTS)
def test_what_is_found_is_what_is_changed_and_nothing_else_is(event: e.KnownEvent) -> None:
    found = dict(content_of(event))
    seen: dict[str, Any] = {}

    def note(pointer: str, content: str | msgspec.Raw) -> str | msgspec.Raw:
        seen[pointer] = content
        return content

    assert with_content(event, note) == event
    assert seen == found
    assert not any(is_empty(content) for content in found.values())


@given(KNOWN_EVENTS)
def test_a_changed_event_still_reads_as_one_of_its_kind(event: e.KnownEvent) -> None:
    def hide(_pointer: str, content: str | msgspec.Raw) -> str | msgspec.Raw:
        return "x" if isinstance(content, str) else msgspec.Raw(b'"x"')

    hidden = with_content(event, hide)

    wire, payload = encode(hidden)
    assert decode(wire, payload) == hidden
    assert {each if isinstance(each, str) else bytes(each) for _, each in content_of(hidden)} <= {
        "x",
        b'"x"',
    }


def test_a_pointer_names_the_place_in_the_payload() -> None:
    failure = e.AcceptanceFailure(check="c", code="E", message="no")
    event = e.AcceptanceRecorded(
        checks_run=2, passed=0, failures=(failure, failure), config_digest=""
    )

    assert [pointer for pointer, _ in content_of(event)] == [
        "/failures/0/message",
        "/failures/1/message",
    ]


def test_a_state_repeats_content_in_its_open_questions() -> None:
    asked = Decision(
        checkpoint_id="cp_2",
        question="Merge?",
        choices=("a",),
        key="k",
        kind="approval",
        subject="s",
        opened_at=1,
    )
    state = state_in("running", objective="o", summary="s", decisions=(asked,))

    assert dict(content_of(state)) == {
        "/objective": "o",
        "/summary": "s",
        "/decisions/0/question": "Merge?",
    }


def test_an_unknown_event_has_no_content_that_could_be_found() -> None:
    event = e.UnknownEvent(type="x/1", payload=msgspec.Raw(b'{"a":1}'))

    assert list(content_of(event)) == []
    assert with_content(event, lambda _pointer, _content: "x") is event


def test_there_is_a_strategy_for_every_row() -> None:
    assert set(EVENTS) == set(CONTENT)


def test_what_is_empty_is_no_content() -> None:
    assert [is_empty(each) for each in ("", "x", " ", "null")] == [True, False, False, False]
    for nothing in (b"null", b"{}", b"[]", b'""'):
        assert is_empty(msgspec.Raw(nothing))
    for something in (b"true", b"0", b"[0]", b'" "', b"false"):
        assert not is_empty(msgspec.Raw(something))
