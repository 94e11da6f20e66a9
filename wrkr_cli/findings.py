"""``wrkr verify --all``: every problem of a job or jobpack, and which stages say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wrkr_cli.proofs import require_pack
from wrkr_cli.reporting import is_pack
from wrkr_core.views import plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.errors import VerifyError
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.problems import Findings
    from wrkr_core.signing.trust import Trust


def find(
    session: Session,
    target: str,
    *,
    limits: Limits | None,
    receipt: str | None,
    trust: Trust | None,
    require_signature: bool,
) -> Findings:
    """Return every problem of the jobpack or job that is meant.

    Raises: NotFoundError. VerifyMalformedError: the jobpack is no regular file. InvalidInputError.
    """
    from wrkr_core.jobpack.verify import find_problems, find_problems_of_job

    if not is_pack(target):
        return find_problems_of_job(
            session.ledger,
            target,
            expect_receipt=receipt,
            trust=trust,
            require_signature=require_signature,
        )
    path = Path(target)
    require_pack(path)
    with path.open("rb") as file:
        return find_problems(
            file,
            limits=limits,
            expect_receipt=receipt,
            trust=trust,
            require_signature=require_signature,
        )


def say(session: Session, found: Findings) -> None:
    """Print what was found, and end as its first problem does. Raises: VerifyError: it."""
    lines = [f"{each.stage:<12} {each.outcome:<10}  {plain(each.said)}" for each in found.stages]
    lines += [f"  {_line(each)}" for each in found.problems]
    counted = f"{found.count} problem{'' if found.count == 1 else 's'}"
    unjudged = sum(each.outcome == "not judged" for each in found.stages)
    also = f", {unjudged} of {len(found.stages)} stages not judged" if unjudged else ""
    lines.append(f"{found.job_id or 'of no known job'}: {counted}{also}")
    session.result(found.view(), lines, brief=str(found.count))
    if found.problems:
        raise found.problems[0]


def _line(error: VerifyError) -> str:
    """Return one problem with its place, as a line."""
    details = error.details
    names = (("entry", ""), ("line", "line "), ("offset", "byte "), ("seq", "record "))
    place = ", ".join(
        f"{said}{details[name]}" for name, said in names if details.get(name) is not None
    )
    where = f" [{place}]" if place else ""
    return plain(f"{details['stage']}: {error.code}{where}: {error.message}")
