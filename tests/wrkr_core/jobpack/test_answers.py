"""What signed answers are worth, and that none can be moved or changed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec
import pytest

from tests.signers import (
    ANN,
    ANNS,
    BEA,
    BEAS,
    EVE,
    TRUST,
    answered_story,
    claimed,
    signature_of,
    ssh_envelope,
)
from tests.signers import SMALL as UNSIGNED
from tests.stories import Story, packed, submitted
from wrkr_core import events as e
from wrkr_core.errors import VerifyError, VerifyMalformedError, VerifySignatureError
from wrkr_core.jobpack.answers import MOST_OBJECTIONS, Answers, answers_said
from wrkr_core.jobpack.verification import AnswersFound
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.jobpack.verify_stored import verify_job
from wrkr_core.signing.claims import ApprovalClaim
from wrkr_core.signing.dsse import signed_envelope
from wrkr_core.signing.keys import PublicKey, public_of
from wrkr_core.signing.trust import Revocation, Trust, TrustedKey
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

SUBJECT: Final = "12" * 32
CLAIM: Final = ApprovalClaim(
    subject=SUBJECT, job_id="j", checkpoint_id="cp_3", decision="approved", reason="ok"
)


def given(
    signature: bytes | msgspec.Raw | None = None,
    seq: int = 5,
    **fields: Any,  # noqa: ANN401  # of the event
) -> e.RecordedEvent:
    event = e.ApprovalGiven(
        **{
            "checkpoint_id": "cp_3",
            "subject": SUBJECT,
            "reason": "ok",
            "signature": e.NULL if signature is None else msgspec.Raw(bytes(signature)),
            **fields,
        }
    )
    return e.RecordedEvent(seq=seq, at=1000, by="bea", id="i", hash="00" * 32, event=event)


def found(*events: e.RecordedEvent, trust: Trust | None = TRUST) -> AnswersFound:
    answers = Answers("j", trust)
    for each in events:
        answers.take_in(each)
    return answers.found()


def worth(
    events: Iterable[e.RecordedEvent], trust: Trust | None = TRUST
) -> tuple[int, int, int, int]:
    one = found(*events, trust=trust)
    return one.asserted, one.signed, one.unknown, one.not_counted


def test_an_answer_that_nobody_signed_is_asserted() -> None:
    assert worth([given()]) == (1, 0, 0, 0)
    assert worth([given()], trust=None) == (1, 0, 0, 0)


def test_an_answer_signed_by_a_trusted_reviewer_is_signed() -> None:
    one = found(given(signature_of(CLAIM, BEA)))

    assert (one.signed, one.signed_by) == (1, ("bea",))


def test_a_refusal_is_signed_like_an_approval() -> None:
    refused = attrs.evolve(CLAIM, decision="refused")
    event = e.ApprovalRefused(
        checkpoint_id="cp_3", subject=SUBJECT, reason="ok", signature=signature_of(refused, BEA)
    )
    recorded = e.RecordedEvent(seq=5, at=0, by="b", id="i", hash="0", event=event)

    assert found(recorded).signed == 1


def test_an_answer_of_a_key_that_is_not_known_is_called_so() -> None:
    signed = given(signature_of(CLAIM, EVE))

    assert worth([signed]) == (0, 0, 1, 0)
    assert worth([given(signature_of(CLAIM, BEA))], trust=None) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"roles": ("producer",)}, "not trusted as reviewer"),
        ({"jobs": ("k",)}, "not trusted for job j"),
        ({"not_after": 1000}, "was good until"),
        ({"not_before": 1001}, "is good from"),
        ({"revoked": Revocation(at=1000, reason="retired")}, "was retired"),
        ({"revoked": Revocation(at=9999, reason="compromised")}, "compromised"),
    ],
)
def test_an_answer_of_a_key_that_may_not_give_it_does_not_count(
    changed: dict[str, Any], why: str
) -> None:
    trust = Trust(keys=(attrs.evolve(BEAS, **changed),))
    one = found(given(signature_of(CLAIM, BEA)), trust=trust)

    assert (one.signed, one.not_counted, one.signed_by) == (0, 1, ())
    assert one.objections[0].startswith("cp_3: its key")
    assert why in one.objections[0]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "00" * 32},
        {"job_id": "k"},
        {"checkpoint_id": "cp_4"},
        {"decision": "refused"},
        {"reason": "no"},
        {"choice": "staging"},
        {"not_after": 5},
    ],
)
def test_an_answer_cannot_be_moved_or_changed_under_its_signature(change: dict[str, Any]) -> None:
    """Not to another checkpoint, job or history, and nothing of it is said otherwise."""
    with pytest.raises(VerifySignatureError, match="given by bea for another answer") as caught:
        found(given(signature_of(attrs.evolve(CLAIM, **change), BEA)))

    assert (caught.value.details["entry"], caught.value.details["line"]) == ("events.jsonl", 5)


def test_a_forged_signature_under_the_name_of_a_trusted_key_is_refused() -> None:
    by_eve = attrs.evolve(signed_envelope(CLAIM.payload(), EVE), keyid=BEAS.public.keyid)

    with pytest.raises(VerifySignatureError, match="is not of bea"):
        found(given(by_eve.file_bytes()))


def test_an_attestation_of_a_pack_is_no_answer() -> None:
    about_a_pack = signed_envelope(claimed(UNSIGNED, "reviewer").payload(), BEA)

    with pytest.raises(VerifyMalformedError, match="no statement that belongs there"):
        found(given(about_a_pack.file_bytes()))


@pytest.mark.parametrize("signature", [b"{}", b'"x"', b"1", b"[]"])
def test_what_is_no_signature_is_refused_with_its_line(signature: bytes) -> None:
    with pytest.raises(VerifyMalformedError) as caught:
        found(given(signature))

    assert (caught.value.details["entry"], caught.value.details["line"]) == ("events.jsonl", 5)


def test_an_answer_signed_with_ssh_counts() -> None:
    key = TrustedKey(
        public=PublicKey(raw=public_of(EVE).raw, scheme="ssh-ed25519"),
        identity="eve",
        roles=("reviewer",),
    )
    signed = ssh_envelope(CLAIM.payload(), EVE).file_bytes()

    assert found(given(signed), trust=Trust(keys=(key,))).signed_by == ("eve",)


def test_the_first_error_is_the_one_that_is_raised() -> None:
    first, second = given(b"{}", seq=5), given(b"{}", seq=6)

    with pytest.raises(VerifyError) as caught:
        found(first, second, given())

    assert caught.value.details["line"] == 5


def test_other_events_are_passed_over() -> None:
    paused = e.RecordedEvent(
        seq=1, at=0, by="b", id="i", hash="0", event=e.JobPaused(reason="lunch")
    )

    assert found(paused) == AnswersFound()


def test_of_very_many_reasons_only_some_are_kept_and_all_are_counted() -> None:
    trust = Trust(keys=(attrs.evolve(BEAS, jobs=("k",)),))
    one = found(*[given(signature_of(CLAIM, BEA))] * (MOST_OBJECTIONS + 5), trust=trust)

    assert (one.not_counted, len(one.objections)) == (MOST_OBJECTIONS + 5, MOST_OBJECTIONS)


def test_what_was_found_is_said_in_a_few_words() -> None:
    assert answers_said(AnswersFound(asserted=2)) == "asserted, not signed"
    assert answers_said(AnswersFound(asserted=2, signed=1)) == "2 asserted, 1 signed"
    assert (
        answers_said(AnswersFound(signed=1, unknown=2, not_counted=3))
        == "1 signed, 2 by unknown keys, 3 void"
    )


def test_a_signed_answer_is_judged_in_a_pack_and_in_the_store() -> None:
    story = answered_story()
    pack = io.BytesIO(packed(story))
    trust = attrs.evolve(TRUST, require=())

    for verified in (
        verify_pack(pack, trust=trust),
        verify_job(story.store, story.job_id, trust=trust),
    ):
        assert verified.answers.signed_by == ("bea",)
        said = {each.stage: each.said for each in verified.checks}
        assert said["approvals"] == "1 given, 0 refused; 1 signed"
    assert verify_pack(pack).answers.unknown == 1
    assert b'"assurance":"signed"' in pack.getvalue()


@pytest.mark.parametrize(
    ("signed", "recorded"),
    [
        ({"subject": "00" * 32}, {}),
        ({"job_id": "other"}, {}),
        ({"checkpoint_id": "cp_9"}, {}),
        ({"decision": "refused"}, {}),
        ({}, {"reason": "never mind"}),
        ({}, {"expires_at": 2**52}),
    ],
)
def test_an_answer_that_was_moved_or_changed_is_found_in_a_pack_and_in_the_store(
    signed: dict[str, Any], recorded: dict[str, Any]
) -> None:
    """Hard case 17: the approver forged, all sealed afresh."""
    story = answered_story(signed=signed, recorded=recorded)
    trust = attrs.evolve(TRUST, require=())

    with pytest.raises(VerifySignatureError) as caught:
        verify_pack(io.BytesIO(packed(story)), trust=trust)
    assert caught.value.details["stage"] == "approvals"
    with pytest.raises(VerifySignatureError):
        verify_job(story.store, story.job_id, trust=trust)


def test_an_answer_taken_from_the_same_job_with_another_history_does_not_fit() -> None:
    """The hash of the record that asked is another one."""
    honest = answered_story()
    answer = next(
        each.event
        for each in honest.log.records(0, None)
        if isinstance(each.event, e.ApprovalGiven)
    )
    other = Story()
    other.tell(submitted(JobSpec(name="port-utils", objective="steal")), by="eve")
    other.take(1)
    checkpoint_id, subject = other.ask("Merge 2 files into main?", key="ask@start/1")
    moved = msgspec.structs.replace(answer, checkpoint_id=checkpoint_id, subject=subject)
    other.tell(moved, e.JobResumed(reason="approved"), by="bea")

    with pytest.raises(VerifySignatureError, match="for another answer"):
        verify_job(other.store, other.job_id, trust=TRUST)


def test_the_producers_key_signs_answers_only_if_it_is_trusted_as_reviewer() -> None:
    trust = Trust(keys=(attrs.evolve(ANNS, roles=("producer",)),))
    story = answered_story(ANN)

    verified = verify_job(story.store, story.job_id, trust=trust)

    assert (verified.answers.signed, verified.answers.not_counted) == (0, 1)
