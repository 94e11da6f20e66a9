"""``wrkr store scan``: secrets that are recorded although they should not be."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.reporting import is_pack
from wrkr_core.errors import InvalidInputError, NotFoundError, UnsafeOperationError
from wrkr_core.views import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_cli.session import Session
    from wrkr_core.scanning import Finding, Scan

MOST_LISTED: Final = 1000
MOST_NAMED: Final = 10
WHY: Final = {
    "erased": "erased",
    "sealed": "sealed, and its key is not there",
    "damaged": "sealed, and does not open under its key",
}
WAY_OUT: Final = (
    "take each of them for known to whoever has the store, and replace it where it came from; "
    "what is recorded goes only with its job: wrkr store prune"
)


def _explain(session: Session, pack: str | None, job_id: str | None) -> list[str]:
    what = pack or (f"{job_id} in {session.url}" if job_id else f"every record of {session.url}")
    return [
        f"read {what}",
        "look for tokens by their form, and for the values of secret variables of this process",
        "say where something was found and by which rule, but not what",
    ]


@make(
    "store scan",
    examples=[
        "wrkr store scan",
        "wrkr store scan --job JOB --json",
        "wrkr store scan jobpack_JOB.zip",
    ],
    explain=_explain,
)
@click.argument("pack", metavar="[PACK]", required=False)
@click.option("--job", "job_id", metavar="JOB", help="Only this job.")
def scan(session: Session, pack: str | None, job_id: str | None) -> None:
    """Look for secrets in the store, or in the jobpack PACK.

    Every record, result and cell is looked at for tokens in the form of their issuers, private keys,
    and the values that variables with secret names, or declared by a job, have in this process. The
    content of an erasable job is opened for it where the store has its key; what stays closed is said
    to be. Ends with 8 when something is found. A secret itself is never shown.
    """
    from wrkr_core.scanning import Scan
    from wrkr_run.known_secrets import KnownSecrets

    if pack is not None and job_id is not None:
        raise InvalidInputError("a jobpack holds one job; leave out --job")
    looking = Scan(KnownSecrets())
    found = _look(session, looking, pack, job_id)
    listed = list(islice(found, MOST_LISTED))
    count = len(listed) + sum(1 for _ in found)
    where = pack or session.url
    seen = f"{looking.records} records and {looking.documents} other documents of {where}"
    view: dict[str, object] = {
        "clean": not count,
        "found": count,
        "findings": [_view(each) for each in listed],
        "records": looking.records,
        "documents": looking.documents,
        "not_opened": [
            {"job_id": job_id, "payloads": why} for job_id, why in looking.closed.items()
        ],
    }
    lines = [plain(each.text) for each in listed]
    if count > len(listed):
        lines.append(f"… and {count - len(listed)} more")
    lines.append(f"{_counted(count)} in {seen}")
    lines += [plain(each) for each in _not_opened(looking)]
    session.result(view, lines, brief=str(count))
    if count:
        first = listed[0]
        raise UnsafeOperationError(
            f"{where} holds what looks like {_counted(count)}; the first: {first.text}",
            hint=WAY_OUT,
            found=count,
        )


def _not_opened(looking: Scan) -> Iterator[str]:
    """Yield of which jobs the content could not be looked into, and why."""
    for job_id, why in islice(looking.closed.items(), MOST_NAMED):
        yield f"not looked into: the content of {job_id}, which is {WHY[why]}"
    more = len(looking.closed) - MOST_NAMED + looking.more_closed
    if more > 0:
        yield f"not looked into: the content of {more} more jobs"


def _counted(count: int) -> str:
    return {0: "no secret", 1: "1 secret"}.get(count, f"{count} secrets")


def _look(
    session: Session, looking: Scan, pack: str | None, job_id: str | None
) -> Iterator[Finding]:
    if pack is not None:
        yield from _in_pack(looking, pack)
    elif job_id is not None:
        session.ledger.spec(job_id)  # an id that names nothing is an error, and no clean job
        yield from looking.job(session.store, job_id)
    else:
        yield from looking.store(session.store)


def _in_pack(looking: Scan, pack: str) -> Iterator[Finding]:
    from wrkr_core.jobpack.archive import Limits

    path = Path(pack)
    if not path.is_file():
        hint = "" if is_pack(pack) else f"a job of the store is named by --job {pack}"
        raise NotFoundError(f"there is no file {pack}", hint=hint, path=pack)
    with path.open("rb") as file:
        yield from looking.pack(file, Limits())


def _view(finding: Finding) -> dict[str, object]:
    return {
        "where": finding.where,
        "seq": finding.seq,
        "type": finding.type,
        "pointer": finding.pointer,
        "rule": finding.rule,
    }
