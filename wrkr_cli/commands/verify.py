"""``wrkr verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.errors import NotFoundError, VerifyMalformedError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.jobpack.verify import Verification


def _explain(session: Session, target: str, receipt: str | None) -> list[str]:
    what = f"the jobpack {target}" if Path(target).exists() else f"job {target} in {session.url}"
    also = ", and that it is the one of the receipt" if receipt else ""
    return [f"check {what}: container, digests, hash chain, history and what it states{also}"]


@make(
    "verify",
    examples=["wrkr verify wrkr-out/jobpacks/jobpack_JOB.zip", "wrkr verify JOB --json"],
    explain=_explain,
)
@click.argument("target", metavar="JOB|PATH")
@click.option("--receipt", metavar="LINE", help="It must be the pack this receipt was given for.")
def command(session: Session, target: str, receipt: str | None) -> None:
    """Check a jobpack, or a job in the store, without trusting anything but its bytes.

    Ends with 2 when something was changed, with 6 when it is not a jobpack at all.
    """
    found = (
        _verify_path(Path(target), receipt)
        if _is_path(target)
        else _verify_job(session, target, receipt)
    )
    lines = [f"{each.stage:<12} ok  {each.said}" for each in found.checks]
    session.result(
        found.view(),
        [
            *lines,
            f"{found.job_id}: integrity ok, {found.events} events, {found.status}, {found.assurance}",
        ],
        brief="ok",
    )


def _is_path(target: str) -> bool:
    return Path(target).exists() or target.endswith(".zip") or "/" in target


def _verify_path(path: Path, receipt: str | None) -> Verification:
    from wrkr_core.jobpack.verify import verify_pack

    if not path.exists():
        raise NotFoundError(f"there is no file {path}", path=str(path))
    if not path.is_file():
        raise VerifyMalformedError(f"{path} is not a regular file", path=str(path))
    with path.open("rb") as file:
        return verify_pack(file, expect_receipt=receipt)


def _verify_job(session: Session, job_id: str, receipt: str | None) -> Verification:
    from wrkr_core.jobpack.verify import verify_job

    return verify_job(session.ledger, job_id, expect_receipt=receipt)
