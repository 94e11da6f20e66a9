"""``wrkr verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.signing.options import trust_option
from wrkr_core.errors import InvalidInputError, NotFoundError, VerifyMalformedError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.verification import SignatureFound
    from wrkr_core.jobpack.verify import Verification
    from wrkr_core.signing.trust import Trust


def _explain(
    session: Session,
    target: str,
    receipt: str | None,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> list[str]:
    del require_signature
    limits_of(**limits)
    what = f"the jobpack {target}" if Path(target).exists() else f"job {target} in {session.url}"
    also = ", and that it is the one of the receipt" if receipt else ""
    judge = trust_file or "the trust file in WRKR_HOME, if there is one"
    return [
        f"check {what}: container, digests, hash chain, history and what it states{also}",
        f"judge signatures by {judge}",
    ]


@make(
    "verify",
    examples=[
        "wrkr verify wrkr-out/jobpacks/jobpack_JOB.zip",
        "wrkr verify jobpack_JOB.zip --trust trust.toml",
        "wrkr verify JOB --json",
    ],
    explain=_explain,
)
@click.argument("target", metavar="JOB|PATH")
@click.option("--receipt", metavar="LINE", help="It must be the pack this receipt was given for.")
@trust_option
@click.option(
    "--require-signature", is_flag=True, help="Refuse what nobody who is trusted has signed."
)
@limit_options
def command(
    session: Session,
    target: str,
    receipt: str | None,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> None:
    """Check a jobpack, or a job in the store, without trusting anything but its bytes.

    With a trust file a jobpack must be signed as it says, by keys it lists; keys in the jobpack are
    never believed. Ends with 2 when something was changed or a signature is bad or missing, with 6
    when it is not a jobpack at all, or larger than the --max options say; raise them for a pack of
    somebody you trust. One of format v1 is judged by the rules of v1, and fails under v1's codes.
    """
    from wrkr_cli.signing.keyring import trust_in_force

    trust, most = trust_in_force(trust_file), limits_of(**limits)
    if most is not None and not _is_path(target):
        raise InvalidInputError("the --max options are for jobpacks, not for a job in the store")
    found = (
        _verify_path(Path(target), receipt, trust, most, require_signature=require_signature)
        if _is_path(target)
        else _verify_job(session, target, receipt, trust, require_signature=require_signature)
    )
    lines = [f"{each.stage:<12} ok  {each.said}" for each in found.checks]
    session.result(
        found.view(),
        [
            *lines,
            *(f"{each.entry}: {_said(each)}" for each in found.signatures),
            *(f"approval {each}" for each in found.answers.objections),
            f"{found.job_id}: integrity ok, {found.events} events, {found.status}, {_vouched(found)}",
        ],
        brief="ok",
    )


def _is_path(target: str) -> bool:
    return Path(target).exists() or target.endswith(".zip") or "/" in target


def _vouched(found: Verification) -> str:
    if found.history != "folded":
        return f"format: {found.format}, assurance: {found.assurance}, history: {found.history}"
    by = f" by {', '.join(found.signed_by)}" if found.signed_by else ""
    return f"{found.assurance}{by}"


def _said(signature: SignatureFound) -> str:
    return f"signed by {signature.identity}" if signature.counts else signature.why


def _verify_path(
    path: Path,
    receipt: str | None,
    trust: Trust | None,
    most: Limits | None,
    *,
    require_signature: bool,
) -> Verification:
    from wrkr_core.jobpack.verify import verify_pack

    if not path.exists():
        raise NotFoundError(f"there is no file {path}", path=str(path))
    if not path.is_file():
        raise VerifyMalformedError(f"{path} is not a regular file", path=str(path))
    with path.open("rb") as file:
        return verify_pack(
            file,
            limits=most,
            expect_receipt=receipt,
            trust=trust,
            require_signature=require_signature,
        )


def _verify_job(
    session: Session,
    job_id: str,
    receipt: str | None,
    trust: Trust | None,
    *,
    require_signature: bool,
) -> Verification:
    from wrkr_core.jobpack.verify import verify_job

    return verify_job(
        session.ledger,
        job_id,
        expect_receipt=receipt,
        trust=trust,
        require_signature=require_signature,
    )
