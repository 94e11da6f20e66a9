"""The stages of verifying a v1 jobpack, in the order in which they run.

The first five are v1's own verification, in v1's order and under its codes. What v1 lets pass and
should not, they only note, so that a pack v1 rejects is rejected as v1 does; the stages behind them
refuse it under this project's codes. Each stage returns one sentence, or raises.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import (
    VerifyHashError,
    VerifyHistoryError,
    VerifySignatureError,
)
from wrkr_core.jobpack.archive import LONGEST_NAME
from wrkr_core.jobpack.v1 import container
from wrkr_core.jobpack.v1.agreement import (
    Paths,
    compare_approval,
    compare_checkpoint,
    compare_job,
    require_acceptance,
    require_end,
)
from wrkr_core.jobpack.v1.failures import UnreadableError, too_large
from wrkr_core.jobpack.v1.history import History, require
from wrkr_core.jobpack.v1.manifest import read_manifest
from wrkr_core.jobpack.v1.names import (
    ACCEPTANCE,
    APPROVALS,
    ARTIFACTS,
    CHECKPOINTS,
    EVENTS,
    JOB,
    KNOWN,
    MANIFEST,
)
from wrkr_core.jobpack.v1.payloads import CheckpointEmitted
from wrkr_core.jobpack.v1.reading import Pack, located
from wrkr_core.jobpack.v1.records import (
    DOCUMENTS,
    LINES,
    Acceptance,
    Approval,
    Artifacts,
    Checkpoint,
    Event,
    Job,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_NAMED: Final = 3
_ANOTHER: Final = "it is another jobpack than the one you meant"


def check_limits(pack: Pack) -> str:
    """Look whether the file is of a size we take on."""
    size = pack.file.seek(0, 2)
    if size > pack.limits.archive_bytes:
        raise too_large(f"the file has {size} bytes", pack.limits.archive_bytes)
    return f"a file of {size} bytes"


def check_container(pack: Pack) -> str:
    """Open the archive as v1 does, checking the content of every entry by its checksum."""
    found = container.scan(pack.file, pack.limits)
    pack.overlook(found.overlooked)
    # Of entries with the same name v1 takes the last, and checks what it says.
    pack.entries = {each.name: each for each in found.entries}
    digests: dict[str, str] = {}
    for entry in found.entries:
        digest = sha256()
        for chunk in container.stream(pack.file, entry):
            digest.update(chunk)
        digests[entry.name] = digest.hexdigest()
    pack.digests = digests
    if MANIFEST not in pack.entries:
        raise UnreadableError(
            f"the archive holds no {MANIFEST}, so it is no jobpack", entry=MANIFEST
        )
    return f"{len(found.entries)} entries, of which each has its checksum"


def check_manifest(pack: Pack) -> str:
    """Read the manifest and the digest it states of itself."""
    with located(MANIFEST):
        data = container.read(pack.file, pack.entries[MANIFEST], pack.limits.document_bytes)
        pack.manifest, overlooked = read_manifest(data)
    pack.overlook(overlooked)
    return f"{len(pack.manifest.files)} files of job {pack.manifest.job_id}, under its own digest"


def check_files(pack: Pack) -> str:
    """Compare the entries with the files the manifest lists, and their content with its digests."""
    listed = {each.path for each in pack.manifest.files}
    for each in pack.manifest.files:
        entry = pack.entries.get(each.path)
        if entry is None:
            pack.report(
                VerifyHashError(
                    f"{each.path!r:.200} is in the manifest and not in the jobpack",
                    entry=each.path[:LONGEST_NAME],
                )
            )
            continue
        found = pack.digests[each.path]
        if found != each.sha256:
            pack.report(
                VerifyHashError(
                    f"the content of {each.path!r:.200} has not the digest stated for it",
                    entry=each.path,
                    offset=entry.offset,
                    expected=each.sha256,
                    found=found,
                )
            )
    for name, entry in pack.entries.items():
        if name not in listed and name != MANIFEST:
            pack.report(
                VerifyHashError(
                    f"{name!r:.200} is in the jobpack and not in its manifest",
                    entry=name,
                    offset=entry.offset,
                )
            )
    return "all listed files are there under their digests, and no other"


def check_schemas(pack: Pack) -> str:
    """Check the shape of every document and line by v1's schemas."""
    count = 0
    for name, kind in DOCUMENTS.items():
        if name in pack.entries:
            pack.document(name, kind)
            count += 1
    for name, line_kind in LINES.items():
        count += sum(1 for _ in pack.records(name, line_kind))
    return f"{count} records of the shape v1 gives them"


def check_overlooked(pack: Pack) -> str:
    """Refuse what the stages so far have noted."""
    if pack.overlooked is not None:
        raise pack.overlooked
    others = sorted(pack.entries.keys() - KNOWN)
    if not others:
        return "each file once, under a safe name, and every text says one thing"
    named = ", ".join(others[:_MOST_NAMED]) + (" …" if len(others) > _MOST_NAMED else "")
    return f"nothing is ambiguous; of {len(others)} more only the digest was checked: {named}"


def check_history(pack: Pack) -> str:
    """Follow the log by v1's rules and compare every document with what it says."""
    job_id = pack.manifest.job_id
    pack.history = history = History(job_id)
    with located(ARTIFACTS):
        paths = Paths(pack.document(ARTIFACTS, Artifacts), job_id)
    checkpoints = pack.records(CHECKPOINTS, Checkpoint, is_known=True)
    approvals = pack.records(APPROVALS, Approval, is_known=True)
    checkpoint_lines, approval_lines = iter(checkpoints), iter(approvals)
    events = pack.records(EVENTS, Event, is_known=True)
    for event in events:
        with located(EVENTS, events.lines):
            said = history.take_in(event)
        if isinstance(said, CheckpointEmitted):
            with located(EVENTS, events.lines):
                paths.name((*said.artifacts_delta.added, *said.artifacts_delta.changed))
            with located(CHECKPOINTS, checkpoints.lines):
                compare_checkpoint(event, said, history.count, checkpoint_lines)
        elif isinstance(said, Approval):
            with located(APPROVALS, approvals.lines):
                compare_approval(said, approval_lines)
    with located(EVENTS):
        require(history.count > 0, "the log is empty, and every job has a beginning")
    with located(CHECKPOINTS, checkpoints.lines):
        require_end(checkpoint_lines)
    with located(APPROVALS, approvals.lines):
        require_end(approval_lines)
    with located(ARTIFACTS):
        paths.end()
    _compare_documents(pack)
    return (
        f"{history.count} events that fit together, and every document says the same; without a "
        f"hash chain that is all: the history is not foldable"
    )


def _compare_documents(pack: Pack) -> None:
    job_id = pack.manifest.job_id
    with located(JOB):
        compare_job(pack.document(JOB, Job), pack.history, job_id)
    if ACCEPTANCE in pack.entries:
        with located(ACCEPTANCE):
            require_acceptance(pack.document(ACCEPTANCE, Acceptance), job_id)


def check_expectations(pack: Pack) -> str:
    """Compare with what the caller knows or wants: the job, a receipt, a signature."""
    found, job_id = pack.manifest.manifest_sha256, pack.manifest.job_id
    if pack.job_id is not None and pack.job_id != job_id:
        pack.report(
            VerifyHistoryError(
                f"the jobpack is of job {job_id}, not of {pack.job_id}",
                hint=_ANOTHER,
                entry=MANIFEST,
                expected=pack.job_id,
                found=job_id,
            )
        )
    receipt = pack.receipt
    if receipt is not None and (receipt.job_id, receipt.pack_id) != (job_id, found):
        pack.report(
            VerifyHashError(
                f"the receipt is for jobpack sha256:{receipt.pack_id} of job {receipt.job_id}; this "
                f"one is sha256:{found} of job {job_id}",
                hint=_ANOTHER,
                entry=MANIFEST,
                expected=receipt.pack_id,
                found=found,
            )
        )
    if pack.must_be_signed:
        pack.report(
            VerifySignatureError(
                "a jobpack of format v1 carries no signatures, and one is required",
                hint="verify it without a trust file, or ask for a jobpack of format v2",
            )
        )
    asked = [name for name, given in (("job", pack.job_id), ("receipt", receipt)) if given]
    return f"the expected {' and '.join(asked)}" if asked else "nothing was expected"


STAGES: Final[tuple[tuple[str, Callable[[Pack], str]], ...]] = (
    ("limits", check_limits),
    ("container", check_container),
    ("manifest", check_manifest),
    ("files", check_files),
    ("schemas", check_schemas),
    ("form", check_overlooked),
    ("history", check_history),
    ("expectations", check_expectations),
)
"""Name and function of every stage, in the order in which they run."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "container": ("limits",),
    "manifest": ("container",),
    "files": ("manifest",),
    "schemas": ("files",),
    "form": ("schemas",),
    "history": ("form",),
    "expectations": ("manifest",),
}
"""The stages without which a stage cannot be judged."""
