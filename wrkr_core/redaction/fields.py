"""Which fields of which events are masked: a table without gaps, and what carries it out.

Most fields of an event must stay as they are: ids, digests, hashes, amounts, names by which a thing is
found again, the spec that is carried out, what was signed. What people, programs and job code wrote
freely is masked. What *names* something can be neither masked nor recorded with a secret in it, so
that is refused. A spec is refused when it is submitted (``specs``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

import msgspec

from wrkr_core import events as e
from wrkr_core.checkpoint import LONGEST_SUMMARY, RequiredAction, storable
from wrkr_core.errors import UnsafeOperationError
from wrkr_core.job.decide.working import LONGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wrkr_core.redaction.mask import Mask

Treatment = Literal["keep", "text", "short text", "json", "name", "signed text", "parts"]
"""What is done to a field.

``keep``: nothing. ``text``: secrets are masked. ``short text``: besides it stays as short as a summary
must be. ``json``: the same in every text and key of the value. ``name``: refused with a secret in it.
``signed text``: a short text, but refused with a secret in it when the answer is signed. ``parts``: its
members have rows of their own.
"""

_STEP: Final[dict[str, Treatment]] = {"step": "keep", "attempt": "keep", "epoch": "keep"}
_REASON: Final[dict[str, Treatment]] = {"reason": "short text"}
_ANSWER: Final[dict[str, Treatment]] = {
    "checkpoint_id": "keep",
    "subject": "keep",
    "reason": "signed text",
    "choice": "keep",  # one of the choices, which hold no secret
    "signature": "keep",
}

TREATMENTS: Final[Mapping[type, Mapping[str, Treatment]]] = {
    e.JobSubmitted: dict.fromkeys(("spec", "spec_digest", "engine", "forked_from"), "keep"),
    e.EnvironmentCaptured: {"fingerprint": "keep"},  # variables are keyed hashes; see environment
    e.EnvironmentAccepted: {"expected": "keep", "fingerprint": "keep", **_REASON},
    e.LeaseTaken: dict.fromkeys(
        ("worker", "epoch", "ttl", "holder", "took_over", "took_over_from", "heartbeats", "usage"),
        "keep",
    ),
    e.LeaseReleased: dict.fromkeys(("worker", "epoch", "reason", "heartbeats", "usage"), "keep"),
    e.StepStarted: {
        **_STEP,
        "step": "parts",
        "input_digest": "keep",
        "at_most_once": "keep",
        "approval": "keep",
    },
    e.StepFinished: {
        **_STEP,
        "result": "json",
        "result_blob": "keep",
        "result_type": "keep",
        "artifacts": "keep",
        "usage": "keep",
    },
    e.StepFailed: {
        **_STEP,
        "code": "keep",
        "error_type": "keep",
        "message": "text",
        "retry_at": "keep",
        "usage": "keep",
    },
    e.Charged: {"amounts": "keep", "step": "keep", "mark": "keep"},
    e.BudgetReserved: {"reservation": "keep"},
    e.BudgetSettled: {"reservation": "keep", "amounts": "keep"},
    e.BudgetExceeded: {"meters": "keep"},
    e.BudgetRaised: {"limits": "keep", **_REASON},
    e.CheckpointRecorded: {
        "checkpoint_id": "keep",
        "kind": "keep",
        "summary": "short text",
        "budget": "keep",
        "artifacts": "keep",
        "required_action": "parts",
        "reason_codes": "keep",
        "data": "json",
        "mark": "keep",
    },
    e.ApprovalGiven: {**_ANSWER, "expires_at": "keep"},
    e.ApprovalRefused: _ANSWER,
    e.JobPaused: _REASON,
    e.JobResumed: _REASON,
    e.JobCanceled: {**_REASON, "reason_codes": "keep"},
    e.JobBlocked: {
        "status": "keep",
        "summary": "short text",
        "reason_codes": "keep",
        "step": "keep",
    },
    e.JobCompleted: {"summary": "short text"},
    e.ArtifactRecorded: {"artifact": "keep", "mark": "keep"},
    e.AcceptanceRecorded: {
        "checks_run": "keep",
        "passed": "keep",
        "failures": "parts",
        "config_digest": "keep",
    },
    e.TimerSet: {"key": "name", "wake_at": "keep"},
    e.PayloadsErased: _REASON,
    e.UnknownEvent: {"type": "keep", "payload": "keep"},  # another release's; none is made here
    # Parts of the above.
    e.StepRef: {"name": "name", "occurrence": "keep", "key": "name"},
    RequiredAction: {"kind": "keep", "instructions": "text", "key": "name", "choices": "name"},
    e.AcceptanceFailure: {
        "check": "keep",
        "code": "keep",
        "message": "text",
        "artifact": "keep",
    },
}
"""What is done to every field of every event, and of the parts of events that are not kept whole."""


def masked_event(mask: Mask, event: e.Event) -> e.Event:
    """Return the event as it may be recorded; the same object if there is no secret in it.

    Raises: UnsafeOperationError: what can be neither masked nor recorded holds a secret.
    """
    return cast("e.Event", _masked(mask, event))


def masked_text(mask: Mask, text: str, most: int = LONGEST_SUMMARY) -> str:
    """Return a text as it may be recorded: with markers, and no longer than ``most`` for them."""
    masked = mask.text(text)
    return text if masked is text else storable(masked, max(most, len(text)))


def _masked(mask: Mask, whole: Any) -> Any:  # noqa: ANN401  # an event, or a part of one
    changes: dict[str, object] = {}
    for field, treatment in TREATMENTS[type(whole)].items():
        if treatment == "keep":
            continue
        before = getattr(whole, field)
        after = _treated(mask, whole, field, before, treatment)
        if after is not before:
            changes[field] = after
    return msgspec.structs.replace(whole, **changes) if changes else whole


def _treated(
    mask: Mask,
    whole: object,
    field: str,
    value: Any,  # noqa: ANN401  # of any field
    treatment: Treatment,
) -> object:
    match treatment:
        case "text":
            return masked_text(mask, value, LONGEST_MESSAGE)
        case "short text":
            return masked_text(mask, value)
        case "json":
            data = bytes(value)
            masked = mask.json(data)
            return value if masked is data else msgspec.Raw(masked)
        case "signed text":
            if bytes(getattr(whole, "signature", b"null")) != b"null":
                _refuse_secrets(mask, whole, field, (value,))
            return masked_text(mask, value)
        case "parts":
            return _masked_parts(mask, value)
        case _:
            values = cast("tuple[str, ...]", value) if isinstance(value, tuple) else (value,)
            _refuse_secrets(mask, whole, field, values)
            return cast("object", value)


def _masked_parts(mask: Mask, value: Any) -> Any:  # noqa: ANN401  # of any field
    if value is None:
        return None
    if isinstance(value, tuple):
        parts = cast("tuple[object, ...]", value)
        masked = tuple(_masked(mask, each) for each in parts)
        same = all(after is before for after, before in zip(masked, parts, strict=True))
        return parts if same else masked
    return _masked(mask, value)


def _refuse_secrets(mask: Mask, whole: object, field: str, values: Sequence[str | None]) -> None:
    for value in values:
        hits = mask.hits(value.encode("utf-8", "surrogatepass")) if value else []
        if hits:
            what = _SAID.get((type(whole), field), f"the {field}")
            raise UnsafeOperationError(
                f"{what} holds a secret ({hits[0].rule}) and cannot be recorded",
                hint="it could not be masked without becoming another one; leave the secret out of it",
                rule=hits[0].rule,
            )


_SAID: Final[Mapping[tuple[type, str], str]] = {
    (e.StepRef, "name"): "the name of a step",
    (e.StepRef, "key"): "the key of a step",
    (e.TimerSet, "key"): "the key of a sleep",
    (RequiredAction, "key"): "the key of a question",
    (RequiredAction, "choices"): "a choice of a question",
    (e.ApprovalGiven, "reason"): "the reason of a signed approval",
    (e.ApprovalRefused, "reason"): "the reason of a signed refusal",
}
