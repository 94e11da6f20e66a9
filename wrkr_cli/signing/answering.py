"""Signing the answer to a decision with a key of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_cli.signing.signers import signer_of
from wrkr_core.job_log import JobLog
from wrkr_core.signing.claims import ApprovalClaim

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session
    from wrkr_core.approval import Decision
    from wrkr_core.signing.claims import Verdict


def signed_answer(
    session: Session,
    key: str,
    passphrase_file: Path | None,
    *,
    job_id: str,
    decision: Decision,
    verdict: Verdict,
    reason: str,
    choice: str | None,
    not_after: int | None,
) -> bytes:
    """Return the envelope of an answer to what ``decision`` asked, as the ledger takes it.

    Of an erasable job it is over the sealed reason, as it is recorded.

    Raises: NotFoundError, UnsafeOperationError, InvalidInputError, WrongPassphraseError,
        NotSupportedHereError, PayloadsSealedError.
    """
    log = JobLog(session.store, session.ledger.machine, job_id)
    log.load()
    claim = ApprovalClaim(
        subject=decision.subject,
        job_id=job_id,
        checkpoint_id=decision.checkpoint_id,
        decision=verdict,
        reason=reason,
        choice=choice,
        not_after=not_after,
    )
    claim.payload()  # what cannot be signed is refused before a passphrase is asked for
    sealed = log.payloads.sealed_claim(claim)
    return signer_of(key, passphrase_file)(sealed).file_bytes()
