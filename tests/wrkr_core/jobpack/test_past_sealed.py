"""Verifying the history of an erasable job without its key: what is sealed where, and what was asked."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

import wrkr_core as wrkr
from tests.fakes import FakeMachine
from tests.histories import Journal, checkpoint, finished, started
from tests.sealed_jobs import JOB, ledger_on, said, spec
from tests.signers import BEA, TRUST, signature_of, signed
from wrkr_core import events as e
from wrkr_core.checkpoint import LONGEST_SUMMARY
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.job_log import JobLog
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.history import History
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.sealed_text import SealedText
from wrkr_core.signing.claims import ApprovalClaim
from wrkr_core.spec import Command, JobSpec, StepSpec

GATED = (StepSpec(id="edit", command=Command(argv=("",)), gate="Edit?"),)


def word(seq: int, pointer: str) -> str:
    """Return sealed content as record ``seq`` of a journal holds it."""
    return str(SealedText(bound_to=f"id.{seq}", pointer=pointer, box=bytes(50)))


def begun(**fields: Any) -> Journal:  # noqa: ANN401  # the fields of a spec
    journal = Journal()
    journal.submit(erasable=True, **fields)
    return journal


def followed(journal: Journal) -> str:
    """Return what is wrong with the journal's history, empty if nothing is."""
    try:
        History("j-1").follow(journal.records)
    except VerifyHistoryError as error:
        return error.message.partition("no legal history: ")[2]
    return ""


def test_sealed_content_is_taken_as_it_is() -> None:
    journal = begun()
    journal.append(e.JobPaused(reason=word(2, "/reason")))

    assert followed(journal) == ""


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("in the clear", "the job is erasable, and /reason is not sealed"),
        (word(2, "/reason") + " and more", "the job is erasable, and /reason is not sealed"),
        (word(2, "/summary"), "/reason was sealed for another place"),
        (word(3, "/reason"), "/reason was sealed for another place"),
    ],
    ids=["plain", "partly", "pointer", "record"],
)
def test_content_in_the_clear_or_moved_is_no_legal_history(reason: str, wrong: str) -> None:
    journal = begun()
    journal.append(e.JobPaused(reason=reason))

    assert followed(journal) == f"record 2: {wrong}"


def test_a_result_in_the_clear_is_no_legal_history() -> None:
    journal = begun()
    journal.take()
    journal.append(started(), finished(result=msgspec.Raw(b'{"n":2}')), by="ada")

    assert followed(journal) == "record 4: the job is erasable, and /result is not sealed"


def test_behind_an_erasure_no_content_is_legal() -> None:
    journal = begun()
    journal.append(e.JobCanceled(reason=word(2, "/reason")), e.PayloadsErased(reason="asked"))
    assert followed(journal) == ""
    failure = e.AcceptanceFailure(check="c", code="E", message=word(2, "/failures/0/message"))
    completed = begun()
    completed.take()
    completed.append(
        checkpoint(completed, "completed", summary=word(3, "/summary")),
        e.JobCompleted(summary=word(4, "/summary")),
        by="ada",
    )
    completed.append(e.PayloadsErased(reason="asked"))
    completed.append(
        e.AcceptanceRecorded(checks_run=1, passed=0, failures=(failure,), config_digest="")
    )

    assert followed(completed) == (
        "record 6: it holds content, and the payloads were erased before"
    )


def gated(ledger: wrkr.Ledger, *, key: str) -> None:
    """Approve a question under ``key``, and run the guarded step on it."""
    ledger.submit(JobSpec(name="a", erasable=True, steps=GATED), job_id=JOB)
    for _ in range(2):
        with ledger.work(JOB, worker="w") as job:
            answer = job.ask("Edit?", key=key)
            job.step("edit", lambda: 1, gate=answer)
            job.complete("done")
        waiting = ledger.state(JOB).decisions
        if waiting:
            ledger.approve(JOB, waiting[0].checkpoint_id, reason="read it")


def test_a_guarded_step_rests_on_the_question_asked_under_its_key() -> None:
    """I5: the questions are sealed and cannot be compared, their keys can."""
    ledger = ledger_on(MemoryStore())

    gated(ledger, key="gate:edit")

    assert verify_job(ledger, JOB).status == "completed"


def test_a_guarded_step_that_rests_on_another_question_is_no_legal_history() -> None:
    ledger = ledger_on(MemoryStore())
    gated(ledger, key="another")

    with pytest.raises(VerifyHistoryError, match="which asked something else"):
        verify_job(ledger, JOB)


def test_the_longest_texts_seal_and_verify() -> None:
    ledger = ledger_on(MemoryStore())
    ledger.submit(spec(), job_id=JOB)
    longest = "\u20ac" * LONGEST_SUMMARY
    checkpoint_id = ledger.emit(JOB, "decision-needed", longest, data={"n": longest})
    ledger.approve(JOB, checkpoint_id, reason=longest)

    assert ledger.cancel(JOB, reason=longest).summary == f"canceled by ann: {longest}"
    assert verify_job(ledger, JOB).payloads == "sealed"


def test_a_signed_answer_counts_before_and_after_the_erasure() -> None:
    """Its reason is signed sealed, so the signature says nothing that an erasure would have to reach."""
    store = MemoryStore()
    ledger = ledger_on(store)
    ledger.submit(spec(), job_id=JOB)
    checkpoint_id = ledger.emit(JOB, "decision-needed", said("question"), choices=("a", "b"))
    log = JobLog(store, FakeMachine(), JOB)
    log.load()
    claim = ApprovalClaim(
        subject=ledger.state(JOB).decisions[0].subject,
        job_id=JOB,
        checkpoint_id=checkpoint_id,
        decision="approved",
        reason=said("approval") + "." * (LONGEST_SUMMARY - len(said("approval"))),
        choice="b",
    )
    signature = bytes(signature_of(log.payloads.sealed_claim(claim), BEA))
    ledger.approve(JOB, checkpoint_id, reason=claim.reason, choice="b", signature=signature)
    ledger.cancel(JOB, reason=said("cancel"))

    packs: list[bytes] = []
    for payloads in ("sealed", "erased"):
        out = io.BytesIO()
        export_pack(ledger, JOB, out)
        pack = signed(out.getvalue())
        for found in (
            verify_pack(io.BytesIO(pack), trust=TRUST),
            verify_job(ledger, JOB, trust=TRUST),
        ):
            assert (found.payloads, found.answers.signed_by) == (payloads, ("bea",))
        packs.append(pack)
        ledger.erase(JOB, reason="asked for")
    found = verify_pack(io.BytesIO(packs[0]), trust=TRUST)  # also the one that was made before
    assert (found.signed_by, found.answers.signed, found.payloads) == (("ann",), 1, "sealed")
