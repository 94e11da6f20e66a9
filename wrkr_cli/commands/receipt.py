"""``wrkr receipt``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.reporting import is_pack
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.jobpack.archive import Limits


def _explain(session: Session, target: str, **limits: int | None) -> list[str]:
    limits_of(**limits)
    if is_pack(target):
        return [f"verify the jobpack {target} and print its receipt"]
    return [f"read all of {target} in {session.url}", "print the receipt its jobpack would have"]


@make(
    "receipt",
    examples=["wrkr receipt JOB", "wrkr receipt wrkr-out/jobpacks/jobpack_JOB.zip --json"],
    explain=_explain,
)
@click.argument("target", metavar="JOB|PATH")
@limit_options
def command(session: Session, target: str, **limits: int | None) -> None:
    """Print the receipt: one line that names the jobpack for ever, for whoever may check it later.

    Put it where the owner of the store cannot change it, as into a pull request. Of a job it is the
    receipt of what 'wrkr export' would write now; a jobpack is verified first. Check it again with
    'wrkr verify --receipt'.
    """
    from wrkr_core.jobpack.receipt import receipt_line

    most = limits_of(**limits)
    job_id, pack_id, events = (
        _of_pack(Path(target), most) if is_pack(target) else _of_job(session, target, most)
    )
    line = receipt_line(job_id, pack_id)
    session.result(
        {"job_id": job_id, "pack_id": pack_id, "events": events, "receipt": line},
        [line],
        brief=line,
    )


def _of_pack(path: Path, most: Limits | None) -> tuple[str, str, int]:
    from wrkr_cli.proofs import verified_pack

    found = verified_pack(path, limits=most)
    return found.job_id, found.pack_id or "", found.events


def _of_job(session: Session, job_id: str, most: Limits | None) -> tuple[str, str, int]:
    from wrkr_core.jobpack.export import Survey
    from wrkr_core.jobpack.stored import stored_job

    if most is not None:
        raise InvalidInputError("the --max options are for jobpacks, not for a job in the store")
    survey = Survey(stored_job(session.store, job_id))
    return job_id, survey.manifest()[1], survey.state.seq
