"""What the commands that tell of a job have in common: the verified job, and where files go."""

from __future__ import annotations

from errno import ENAMETOOLONG
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wrkr_core.errors import InvalidInputError, NotFoundError, UnsafeOperationError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.events import RecordedEvent
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.stored import StoredJob
    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.ledger import Ledger
    from wrkr_core.report.contents import Subject
    from wrkr_core.signing.trust import Trust

out_dir_option: Final = click.option(
    "--out-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("wrkr-out"),
    help="Where outputs go [wrkr-out].",
)
_FOLDERS: Final = {".", ".."}


def is_pack(target: str) -> bool:
    """Tell whether a jobpack is meant, and not a job in the store."""
    return target.endswith(".zip") or "/" in target or target in _FOLDERS or is_file(Path(target))


def is_file(path: Path) -> bool:
    """Tell whether there is a regular file; there is none under a name that no file can have."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != ENAMETOOLONG:
            raise
        return False


def require_file(path: Path, hint: str = "") -> Path:
    """Return ``path`` if there is a regular file.

    Raises: NotFoundError: with this hint. OSError: no file can have such a name.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", hint=hint, path=str(path))
    return path


def the_subject(
    session: Session,
    target: str,
    trust: Trust | None,
    limits: Limits | None,
    *,
    require_signature: bool,
) -> Subject:
    """Return the job in the store or the jobpack that is meant, verified, with all its events.

    Raises: VerifyError: it does not verify. NotFoundError. InvalidInputError. NotSupportedHereError:
        it is a pack of format v1, whose history cannot be folded.
    """
    if is_pack(target):
        return _packed(Path(target), trust, limits, require_signature=require_signature)
    if limits is not None:
        raise InvalidInputError("the --max options are for jobpacks, not for a job in the store")
    return _stored(session, target, trust, require_signature=require_signature)


def _packed(
    path: Path, trust: Trust | None, limits: Limits | None, *, require_signature: bool
) -> Subject:
    from wrkr_core.jobpack.stored import StoredJob
    from wrkr_core.jobpack.verify import verify_pack
    from wrkr_core.report.contents import Subject

    with require_file(path).open("rb") as file:
        found = verify_pack(file, limits=limits, trust=trust, require_signature=require_signature)
    ledger, job_id = unpacked(path, limits=limits)
    job = StoredJob(store=ledger.store, job_id=job_id, head=found.events)
    return Subject(
        spec=ledger.spec(job_id),
        events=list(ledger.events(job_id)),
        recorded=_recorded(job, found),
        verification=found,
        pack_id=found.pack_id or "",
        trust=trust,
    )


def unpacked(path: Path, *, limits: Limits | None = None) -> tuple[Ledger, str]:
    """Return a ledger in memory that has the job of a jobpack, which verifies, and the job's id.

    Raises: VerifyError. NotFoundError. NotSupportedHereError: it is a pack of format v1.
    """
    from wrkr_core.jobpack.importing import import_pack
    from wrkr_core.ledger import Ledger
    from wrkr_core.memory import MemoryStore

    store = MemoryStore()
    with require_file(path).open("rb") as file:
        job_id, _created = import_pack(file, store, limits=limits)
    return Ledger(store, opens=False), job_id


def _stored(
    session: Session, job_id: str, trust: Trust | None, *, require_signature: bool
) -> Subject:
    from wrkr_core.jobpack.export import Survey
    from wrkr_core.jobpack.stored import StoredJob
    from wrkr_core.jobpack.verify import verify_job
    from wrkr_core.report.contents import Subject

    ledger = session.closed_ledger
    found = verify_job(ledger, job_id, trust=trust, require_signature=require_signature)
    # It may go on meanwhile: all is told of the records that were verified.
    job = StoredJob(store=ledger.store, job_id=job_id, head=found.events)
    return Subject(
        spec=ledger.spec(job_id),
        events=list(ledger.events(job_id, through=found.events)),
        recorded=_recorded(job, found),
        verification=found,
        pack_id=Survey(job).manifest()[1],
        trust=trust,
    )


def _recorded(job: StoredJob, found: Verification) -> list[RecordedEvent] | None:
    return None if found.payloads == "plain" else list(job.events())


def require_place(path: Path) -> None:
    """Require that a file can be written to ``path``, before work is done whose outcome goes there.

    Raises: InvalidInputError: there is a folder. OSError: its own folder cannot be made.
    """
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder; name a file", path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)


def write_text(path: Path, text: str) -> None:
    """Make ``path`` hold ``text``; its folder is made, and a reader sees the old or the new whole.

    Raises: OSError.
    """
    from wrkr_run.files import write_atomically

    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path) as file:
        file.write(text.encode())


def append_once(path: Path, text: str, marker: str) -> bool:
    """Append ``text`` to a file unless a line of it is ``marker``; return whether it was appended.

    Raises: UnsafeOperationError: the file cannot be written; what was in it is still there.
    """
    try:
        before = path.read_bytes() if path.exists() else b""
        if marker.encode() in before.splitlines():
            return False
        gap = b"\n" if before and not before.endswith(b"\n") else b""
        with path.open("ab") as file:
            file.write(gap + text.encode())
    except OSError as error:
        raise UnsafeOperationError(
            f"{path} cannot be written: {error.strerror}",
            hint="GITHUB_STEP_SUMMARY names the file of the summary; unset it to write none",
            path=str(path),
        ) from error
    return True
