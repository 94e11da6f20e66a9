"""A report says what a reviewer who was not there has to know."""

from __future__ import annotations

import json
from typing import Final

import attrs
import msgspec
import pytest
from jsonschema import Draft202012Validator

from tests.signers import BEA, EVE, TRUST, answered_story, trusted
from tests.stories import Story, canceled_story, small_story, submitted, whole_story
from tests.wrkr_core.report.subjects import hostile_subject, subject_of
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.report.contents import Subject, report
from wrkr_core.schemas import json_schema
from wrkr_core.signing.trust import Trust
from wrkr_core.spec import JobSpec

VALIDATOR: Final = Draft202012Validator(json_schema("report"))


def test_it_says_what_was_asked_by_whom_and_what_came_of_it() -> None:
    view = report(subject_of(whole_story()))

    assert (view["schema_id"], view["schema_version"]) == ("wrkr.report", "v1")
    assert view["asked"]["objective"].startswith("Port utils to pathlib")
    assert (view["asked"]["by"], view["asked"]["at"]) == ("ann", "2023-11-14T22:13:21Z")
    assert (view["status"], view["summary"]) == ("completed", "merged")
    assert (view["steps_done"], view["steps_total"], view["failed_attempts"]) == (2, 2, 1)
    assert [each["step"] for each in view["steps"]] == ["fetch", "merge"]


def test_a_decision_tells_what_was_shown_who_answered_and_what_it_allowed() -> None:
    story = whole_story()
    merge, tag = report(subject_of(story))["decisions"]

    assert merge["question"] == "Merge 2 files into main?"
    assert merge["shown"] == subject_of(story).events[22].hash
    assert merge["spent_by_then"]["cost"] == "0.1 USD"
    assert merge["answer"] == {
        "approved": True,
        "by": "ann",
        "at": "2023-11-14T22:13:44Z",
        "reason": "read the diff",
        "choice": None,
        "expires_at": "2023-11-14T23:13:43Z",
        "assurance": "asserted",
        "signed_by": None,
        "objection": None,
    }
    assert (merge["allowed"], merge["is_open"]) == (["merge"], False)
    assert (tag["choices"], tag["answer"]["approved"]) == (["v1", "v2"], False)
    assert tag["allowed"] == []


@pytest.mark.parametrize(
    ("seed", "trust", "assurance", "signed_by"),
    [
        (BEA, TRUST, "signed", "bea"),
        (BEA, None, "unknown key", None),
        (EVE, TRUST, "unknown key", None),
        (None, TRUST, "asserted", None),
    ],
)
def test_an_answer_is_signed_only_by_a_key_that_is_trusted(
    seed: bytes | None, trust: Trust | None, assurance: str, signed_by: str | None
) -> None:
    (decision,) = report(subject_of(answered_story(seed), trust))["decisions"]

    assert decision["answer"]["assurance"] == assurance
    assert decision["answer"]["signed_by"] == signed_by


def test_a_signature_that_does_not_count_says_why() -> None:
    producer_only = Trust(keys=(trusted(BEA, "bea", "producer"),))

    (decision,) = report(subject_of(answered_story(), producer_only))["decisions"]

    assert decision["answer"]["assurance"] == "void"
    assert "reviewer" in decision["answer"]["objection"]


def test_an_open_decision_has_no_answer() -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.take(1)
    story.ask("Merge?", key="ask@start/1")

    (decision,) = report(subject_of(story))["decisions"]

    assert (decision["is_open"], decision["answer"]) == (True, None)


def test_money_is_said_with_its_limit_and_who_raised_one() -> None:
    view = report(subject_of(whole_story()))

    assert view["budget"]["cost"]["limit_text"] == "1 USD"
    assert view["budget"]["steps"]["limit_text"] is None
    (raised,) = view["raises"]
    assert (raised["by"], raised["reason"]) == ("ann", "worth it")
    assert raised["limits"] == {"tool_calls": "20"}


def test_the_last_acceptance_counts_and_a_job_without_one_has_none() -> None:
    accepted = report(subject_of(whole_story()))["acceptance"]

    assert (accepted["runs"], accepted["has_passed"]) == (1, False)
    assert accepted["is_accepted"] is False
    assert accepted["failures"][0]["check"] == "lint"
    assert report(subject_of(small_story()))["acceptance"] is None


def test_a_canceled_fork_says_where_it_came_from_and_why_it_ended() -> None:
    view = report(subject_of(canceled_story()))

    assert view["status"] == "canceled"
    assert view["asked"]["forked_from"] == {"job_id": "port-utils", "seq": 12}
    assert view["reason_codes"] == ["E_ADAPTER_FAIL"]
    assert [each["kind"] for each in view["checkpoints"]] == ["blocked"]


def test_it_names_the_pack_by_its_receipt_and_says_how_far_it_is_proven() -> None:
    subject = subject_of(small_story())
    view = report(subject)

    assert view["receipt"].startswith(f"WRKR job_id=port-utils manifest=sha256:{view['pack_id']} ")
    assert view["verification"]["integrity"] == "verified"
    assert view["verification"]["assurance"] == "unsigned"
    assert view["head"]["hash"] == subject.verification.head_hash


def test_the_same_job_gives_the_same_report() -> None:
    assert report(subject_of(whole_story())) == report(subject_of(whole_story()))


def test_a_verification_of_another_history_is_refused() -> None:
    subject = subject_of(whole_story())

    with pytest.raises(VerifyHistoryError, match="went on, or was changed"):
        report(attrs.evolve(subject, events=subject.events[:-1]))
    with pytest.raises(VerifyHistoryError):
        report(attrs.evolve(subject, events=[]))


@pytest.mark.parametrize(
    "subject",
    [
        subject_of(small_story()),
        subject_of(whole_story()),
        subject_of(canceled_story()),
        subject_of(answered_story(), TRUST),
        hostile_subject(),
    ],
)
def test_every_report_is_valid_by_the_shipped_schema(subject: Subject) -> None:
    VALIDATOR.validate(json.loads(msgspec.json.encode(report(subject))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "done"),
        (("pack_id",), "AB" * 32),
        (("updated_at",), "yesterday"),
        (("artifacts", 0, "size"), -1),
        (("decisions", 0, "answer", "assurance"), "sworn"),
        (("decisions", 0, "shown"), ""),
        (("acceptance", "has_passed"), None),
        (("verification", "ok"), False),
    ],
)
def test_what_no_report_says_is_invalid_by_the_shipped_schema(
    path: tuple[str | int, ...], value: object
) -> None:
    view = json.loads(msgspec.json.encode(report(subject_of(whole_story()))))
    place = view
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    assert not VALIDATOR.is_valid(view)
