"""What is masked in an event is one table without gaps, and all that must not change does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.canaries import GITHUB, NOTHING
from tests.strategies import EVENTS, KNOWN_EVENTS
from wrkr_core import events as e
from wrkr_core.canonical import dumps
from wrkr_core.checkpoint import LONGEST_SUMMARY, RequiredAction
from wrkr_core.codec import encode
from wrkr_core.errors import UnsafeOperationError
from wrkr_core.job.decide.working import LONGEST_MESSAGE
from wrkr_core.redaction.fields import TREATMENTS, masked_event, masked_text
from wrkr_core.redaction.mask import Mask
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from wrkr_core.redaction.fields import Treatment

MASK = Mask(NOTHING, lambda: b"key")
MARKED = MASK.text(GITHUB)
STEP = e.StepRef(name="edit", occurrence=1, key="a")
ACTION = RequiredAction(kind="approval", instructions="look", key="ask:a", choices=("a", "b"))
CHECKPOINT = e.CheckpointRecorded(
    checkpoint_id="cp_2", kind="decision-needed", summary="s", required_action=ACTION
)
FAILED = e.StepFailed(step=STEP, attempt=1, epoch=1, code="E", error_type="T", message="m")
FAILURE = e.AcceptanceFailure(check="c", code="E", message="m")
ACCEPTED = e.AcceptanceRecorded(checks_run=2, passed=0, failures=(FAILURE,), config_digest="d")
GIVEN = e.ApprovalGiven(checkpoint_id="cp_2", subject="s", reason="fine")
FINISHED = e.StepFinished(step=STEP, attempt=1, epoch=1)
STARTED = e.StepStarted(step=STEP, attempt=1, epoch=1)


def test_every_field_of_every_event_has_its_row() -> None:
    for event in get_args(e.Event):
        assert set(TREATMENTS[event]) == set(event.__struct_fields__)
    assert set(get_args(e.Event)) <= set(TREATMENTS)


def test_every_part_whose_members_have_rows_has_all_of_them() -> None:
    for part in set(TREATMENTS) - set(get_args(e.Event)):
        assert issubclass(part, msgspec.Struct)
        assert set(TREATMENTS[part]) == set(part.__struct_fields__)


def test_every_row_is_of_a_kind_that_fits_the_type_of_its_field() -> None:
    """Free text is never kept by an oversight: a new field of type ``str`` has to be looked at."""
    kept = {
        f"{cls.__name__}.{field}"
        for cls, row in TREATMENTS.items()
        for field, treatment in row.items()
        if treatment == "keep" and "str" in str(cls.__annotations__[field])
    }

    assert kept == {
        "AcceptanceFailure.artifact",
        "AcceptanceFailure.check",
        "AcceptanceFailure.code",
        "AcceptanceRecorded.config_digest",
        "ApprovalGiven.checkpoint_id",
        "ApprovalGiven.choice",
        "ApprovalGiven.subject",
        "ApprovalRefused.checkpoint_id",
        "ApprovalRefused.choice",
        "ApprovalRefused.subject",
        "ArtifactRecorded.mark",
        "BudgetSettled.reservation",
        "Charged.mark",
        "CheckpointRecorded.checkpoint_id",
        "CheckpointRecorded.mark",
        "CheckpointRecorded.reason_codes",
        "EnvironmentAccepted.expected",
        "JobBlocked.reason_codes",
        "JobCanceled.reason_codes",
        "JobSubmitted.engine",
        "JobSubmitted.spec_digest",
        "LeaseReleased.reason",
        "LeaseReleased.worker",
        "LeaseTaken.took_over",
        "LeaseTaken.took_over_from",
        "LeaseTaken.worker",
        "RequiredAction.kind",
        "StepFailed.code",
        "StepFailed.error_type",
        "StepFinished.result_blob",
        "StepFinished.result_type",
        "StepStarted.approval",
        "StepStarted.input_digest",
        "UnknownEvent.type",
    }


@given(KNOWN_EVENTS)
def test_an_event_without_secrets_is_recorded_as_the_same_object(event: e.KnownEvent) -> None:
    assert masked_event(MASK, event) is event


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (FAILED, {"message": f"no {GITHUB}"}),
        (CHECKPOINT, {"summary": f"no {GITHUB}"}),
        (CHECKPOINT, {"required_action": replace(ACTION, instructions=f"no {GITHUB}")}),
        (CHECKPOINT, {"data": msgspec.Raw(dumps({"a": [f"no {GITHUB}"]}))}),
        (FINISHED, {"result": msgspec.Raw(dumps([f"no {GITHUB}"]))}),
        (ACCEPTED, {"failures": (FAILURE, replace(FAILURE, message=f"no {GITHUB}"))}),
        (GIVEN, {"reason": f"no {GITHUB}"}),
        (e.JobPaused(reason="r"), {"reason": f"no {GITHUB}"}),
        (e.JobResumed(reason="r"), {"reason": f"no {GITHUB}"}),
        (e.JobCanceled(reason="r"), {"reason": f"no {GITHUB}"}),
        (e.JobCompleted(summary="r"), {"summary": f"no {GITHUB}"}),
        (e.BudgetRaised(limits=(), reason="r"), {"reason": f"no {GITHUB}"}),
        (
            e.JobBlocked(status="blocked_error", summary="r", reason_codes=()),
            {"summary": f"no {GITHUB}"},
        ),
    ],
)
def test_a_secret_in_free_text_is_masked_and_nothing_else_changes(
    event: Any,  # noqa: ANN401  # any event
    changes: dict[str, Any],
) -> None:
    masked = masked_event(MASK, replace(event, **changes))

    (field,) = changes
    assert GITHUB not in str(encode(masked))
    assert encode(masked)[1].count(MARKED.encode()) == 1
    assert replace(masked, **{field: getattr(event, field)}) == event
    assert masked_event(MASK, masked) is masked


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (replace(STARTED, step=replace(STEP, key=GITHUB)), "the key of a step"),
        (replace(STARTED, step=replace(STEP, name=GITHUB)), "the name of a step"),
        (e.TimerSet(key=f"sleep:{GITHUB}", wake_at=1), "the key of a sleep"),
        (
            replace(CHECKPOINT, required_action=replace(ACTION, key=f"ask:{GITHUB}")),
            "the key of a question",
        ),
        (
            replace(CHECKPOINT, required_action=replace(ACTION, choices=("a", GITHUB))),
            "a choice of a question",
        ),
        (
            replace(GIVEN, reason=GITHUB, signature=msgspec.Raw(b"{}")),
            "the reason of a signed approval",
        ),
        (
            e.ApprovalRefused(
                checkpoint_id="c", subject="s", reason=GITHUB, signature=msgspec.Raw(b"{}")
            ),
            "the reason of a signed refusal",
        ),
    ],
)
def test_what_names_a_thing_or_was_signed_is_refused_with_a_secret_in_it(
    event: e.Event, what: str
) -> None:
    with pytest.raises(UnsafeOperationError) as caught:
        masked_event(MASK, event)

    assert caught.value.message == f"{what} holds a secret (github-token) and cannot be recorded"
    assert GITHUB not in f"{caught.value} {caught.value.details} {caught.value.hint}"
    assert caught.value.details == {"rule": "github-token"}


def test_a_text_that_grows_by_its_markers_is_cut_to_what_may_be_recorded() -> None:
    mask = Mask(KnownSecrets({"A_LONG_NAME_TOKEN": "12345678"}), lambda: b"key")
    short = "12345678 " * (LONGEST_SUMMARY // 9)
    long = replace(FAILED, message="12345678" * (LONGEST_MESSAGE // 8))

    assert len(mask.text(short)) > LONGEST_SUMMARY
    assert len(masked_text(mask, short)) == LONGEST_SUMMARY
    masked = masked_event(mask, long)
    assert isinstance(masked, e.StepFailed)
    assert len(masked.message) == LONGEST_MESSAGE


def test_the_treatments_in_the_table_are_all_there_are() -> None:
    from wrkr_core.redaction.fields import Treatment as Treatments

    used: set[Treatment] = {each for row in TREATMENTS.values() for each in row.values()}
    assert used == set(get_args(Treatments))
    assert set(EVENTS) == set(get_args(e.KnownEvent))
