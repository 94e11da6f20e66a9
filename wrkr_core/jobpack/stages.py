"""The stages of verifying a jobpack: what each takes for granted, checks and says it found.

A stage is a function of the pack as established so far; it adds to that and returns one sentence,
or raises what is wrong and keeps it from going on. What it can go on behind it reports, which raises
too unless every problem is wanted (``problems``). ``STAGES`` is their order. Another stage is another
row.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import (
    UnknownEventError,
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
    VerifySignatureError,
)
from wrkr_core.instants import to_text
from wrkr_core.jobpack import archive, attestations
from wrkr_core.jobpack.answers import answers_said
from wrkr_core.jobpack.comparing import Comparison
from wrkr_core.jobpack.followed import Followed
from wrkr_core.jobpack.log import LogCheck
from wrkr_core.jobpack.manifest import (
    APPROVALS,
    ARTIFACTS,
    BLOBS,
    CHECKPOINTS,
    DOCUMENTS,
    EVENTS,
    MANIFEST,
    PackedFile,
    pack_id,
    read_manifest,
)
from wrkr_core.jobpack.pack import Pack, located, placed
from wrkr_core.jobpack.projections import SHORTEST_ROW, Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wrkr_core.events import RecordedEvent
    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.answers import Answers
    from wrkr_core.jobpack.log import Lines
    from wrkr_core.jobpack.problems import Report
    from wrkr_core.jobpack.projections import Projections
    from wrkr_core.jobpack.verification import AnswersFound, SignatureFound

_FIRST_BYTES: Final = b"PK\x03\x04"


def check_limits(pack: Pack) -> str:
    """Look whether it can be an archive at all, and one of a size we take on."""
    if not pack.file.seekable():
        raise VerifyMalformedError(
            "a jobpack is verified where it lies; this cannot be read twice",
            hint="save it to a regular file first",
        )
    size = pack.file.seek(0, 2)
    pack.file.seek(0)
    if size == 0:
        raise VerifyMalformedError("the file is empty; it is no jobpack", offset=0)
    if pack.file.read(len(_FIRST_BYTES)) != _FIRST_BYTES:
        raise VerifyMalformedError("the file is no zip archive, so it is no jobpack", offset=0)
    if size > pack.limits.archive_bytes:
        raise VerifyMalformedError(
            f"the file has {size} bytes, more than the {pack.limits.archive_bytes} allowed",
            hint="raise the limit if it comes from someone you trust",
            reason="too_large",
            limit=pack.limits.archive_bytes,
        )
    return f"a file of {size} bytes"


def check_container(pack: Pack) -> str:
    """Check every byte of the archive that is not content."""
    try:
        entries = archive.scan(pack.file, pack.limits)
    except VerifyMalformedError as error:
        error.hint = error.hint or (
            "a jobpack is read exactly as wrkr wrote it; one that was cut off, edited or packed "
            "again by another tool is refused"
        )
        raise
    for each in entries:
        if each.name in DOCUMENTS and each.size > pack.limits.document_bytes:
            raise archive.too_large(
                f"the document {each.name} has {each.size} bytes", pack.limits.document_bytes, each
            )
    pack.entries = {each.name: each for each in entries}
    if MANIFEST not in pack.entries:
        raise VerifyMalformedError(
            f"the archive holds no {MANIFEST}, so it is no jobpack", entry=MANIFEST
        )
    return f"{len(entries)} entries in the one legal form"


def check_manifest(pack: Pack) -> str:
    """Read the manifest; from here on the pack has an id."""
    data = archive.read(pack.file, pack.entries[MANIFEST], pack.limits.document_bytes)
    pack.manifest = read_manifest(data)
    pack.id = pack_id(data)
    return f"{len(pack.manifest.files)} files of job {pack.manifest.job_id}"


def check_signatures(pack: Pack) -> str:
    """Judge every signature of the pack by keys that are trusted, before its content is believed."""
    names = pack.attestations
    attestations.check_names(names)
    found: list[SignatureFound] = []
    for name in names:
        try:
            content = archive.read(pack.file, pack.entries[name], attestations.LARGEST)
            found += attestations.judged({name: content}, pack.manifest, pack.id, pack.trust)
        except VerifyError as error:
            pack.report(error)
    pack.signatures = tuple(found)
    if pack.trust is None:
        if pack.must_be_signed:
            raise VerifySignatureError(
                "a signature is required, and no trust file says whose would count",
                hint="name one with --trust FILE; wrkr keys trust makes one",
            )
        return f"{len(names)}, judged by no trust file" if names else "there are none"
    attestations.require(pack.signatures, pack.trust)
    counted = sum(each.counts for each in pack.signatures)
    return f"{counted} of {len(names)} count, and are enough"


def check_files(pack: Pack) -> str:
    """Compare the entries with the files the manifest lists, by name and size."""
    listed = {each.path: each.size for each in pack.manifest.files}
    for name in sorted(listed.keys() - pack.entries.keys()):
        pack.report(
            VerifyHashError(f"{name} is in the manifest and not in the jobpack", entry=name)
        )
    others = {MANIFEST, *pack.attestations}
    for name in sorted(pack.entries.keys() - listed.keys() - others):
        pack.report(
            VerifyHashError(f"{name} is in the jobpack and not in its manifest", entry=name)
        )
    for name, size in listed.items():
        found = pack.entries.get(name)
        if found is not None and found.size != size:
            pack.report(
                VerifyHashError(
                    f"{name} has {found.size} bytes, the manifest says {size}",
                    entry=name,
                    offset=found.offset,
                )
            )
    return "all listed files are there, and no other"


def check_digests(pack: Pack) -> str:
    """Compare the content of every file with its digest, and a blob's digest with its name."""
    total = 0
    for each in pack.manifest.files:
        entry = pack.entries.get(each.path)
        if entry is None or entry.size != each.size:
            continue  # what is missing or has another size was reported as that
        try:
            _check_digest(pack, each)
        except VerifyError as error:
            pack.report(error)
        total += each.size
    return f"{total} bytes under their digests"


def _check_digest(pack: Pack, each: PackedFile) -> None:
    digest = sha256()
    for chunk in pack.chunks(each.path):
        digest.update(chunk)
    found = digest.hexdigest()
    stated = (each.sha256, each.path.removeprefix(BLOBS))
    if found != stated[0] or (each.path.startswith(BLOBS) and found != stated[1]):
        raise VerifyHashError(
            f"the content of {each.path} has not the digest stated for it",
            entry=each.path,
            offset=pack.entries[each.path].offset,
            expected=each.sha256,
            found=found,
        )


def check_log(pack: Pack) -> str:
    """Check every line of the log by itself and as the successor of the one before.

    On the way its history is followed, as far as both are in order; that is judged next.
    """
    manifest, lines = pack.manifest, pack.lines()
    check, walk = LogCheck(manifest.job_id), iter(lines)
    documents = {
        name: pack.chunks(name) for name in (CHECKPOINTS, APPROVALS) if name in pack.entries
    }
    named = pack.entries.get(ARTIFACTS)
    # One that is missing is a problem of its own, which is to hide no other.
    size = named.size if named is not None else pack.limits.document_bytes
    room = Room(blobs=len(pack.entries), paths=size // SHORTEST_ROW)
    pack.followed = Followed(manifest.job_id, pack.trust, documents, room)
    with located(lines):
        pack.followed.follow(_events(pack, check, lines, walk))
        if isinstance(pack.followed.outcome, VerifyError):
            placed(pack.followed.outcome, lines)
        for line in walk:  # behind a wrong line, or an event that cannot have happened
            _taken(pack, check, lines, line)
    for what, stated, found in (
        ("number of events", manifest.event_count, check.count),
        ("head_hash", manifest.head_hash, check.head),
        ("events_root", manifest.events_root, check.tree.root().hex()),
    ):
        if stated != found:
            pack.report(
                VerifyHashError(
                    f"the log has another {what} than the manifest states",
                    entry=EVENTS,
                    expected=stated,
                    found=found,
                )
            )
    return f"{check.count} events in one unbroken chain"


def _events(
    pack: Pack, check: LogCheck, lines: Lines, walk: Iterator[bytes]
) -> Iterator[RecordedEvent]:
    """Yield the event of each line until one is wrong."""
    for line in walk:
        recorded = _taken(pack, check, lines, line)
        if recorded is None:
            return
        yield recorded


def _taken(pack: Pack, check: LogCheck, lines: Lines, line: bytes) -> RecordedEvent | None:
    """Return the event of the next line; of one that is wrong nothing, after reporting it."""
    try:
        return check.take_in(line)
    except VerifyError as error:
        pack.report(placed(error, lines))
        check.pass_over(line)
        return None


def check_history(pack: Pack) -> str:
    """Say whether the log folds by all rules, and compare every document with what it gives."""
    manifest, followed = pack.manifest, pack.followed
    state = followed.state(pack.report)
    pack.projections, pack.answers = followed.projections, followed.answers
    require_known(state)
    pack.state = state
    followed.end()
    _compare_documents(pack, state)
    for what, stated, found in (
        ("head_hash", manifest.head_hash, state.hash),
        ("status", manifest.status, state.status),
        ("created_at", to_text(manifest.created_at), to_text(state.at)),
    ):
        if stated != found:
            pack.report(
                VerifyHistoryError(
                    f"the manifest states {what} {stated}, the log says {found}",
                    entry=MANIFEST,
                    expected=stated,
                    found=found,
                )
            )
    return f"a legal history, and every document says the same{taken_over(state)}"


def taken_over(state: JobState) -> str:
    """Return, of a fork, what its history does not show; empty for any other job."""
    origin = state.forked_from
    if origin is None:
        return ""
    return (
        f"; it is a fork: the steps and charges taken over from record {origin.seq} of job "
        f"{origin.job} are shown by that job's jobpack only"
    )


def require_known(state: JobState) -> None:
    """Refuse to judge a log that is not wholly understood. Raises: VerifyHistoryError."""
    if state.unknown:
        names = ", ".join(state.unknown)
        raise VerifyHistoryError(
            f"the log of job {state.job_id} holds events this release does not know: {names}",
            hint="verify it with the release that wrote it, or a newer one",
            reason=UnknownEventError.code,
            types=list(state.unknown),
        )


def _compare_documents(pack: Pack, state: JobState) -> None:
    """Compare the documents made of the end of the log, and which files there are at all."""
    made = pack.projections.documents(state)
    blobs = {BLOBS + digest for digest in pack.projections.blobs}
    wanted = {*made, *blobs, EVENTS, CHECKPOINTS, APPROVALS}
    for name in sorted(wanted ^ {each.path for each in pack.manifest.files}):
        pack.report(
            VerifyHistoryError(
                f"the log speaks of {name}, which is not in the jobpack"
                if name in wanted
                else f"{name} is in the jobpack, and the log says nothing of it",
                entry=name,
            )
        )
    for name, content in made.items():
        if name in pack.entries:
            comparison = Comparison(name, pack.chunks(name), pack.report)
            comparison.expect(content)
            comparison.end()


def check_approvals(pack: Pack) -> str:
    """Say what the answers are worth; that each answers its own question is history's check."""
    report_wrong(pack.answers, pack.report)
    return approvals_said(pack.projections, pack.answers.counted())


def report_wrong(answers: Answers, report: Report) -> None:
    """Report every signature of an answer that is wrong. Raises: what ``report`` raises."""
    for error in answers.errors:
        report(error)
    if answers.more_errors:
        report(VerifySignatureError(f"{answers.more_errors} more signatures of answers are wrong"))


def approvals_said(projections: Projections, found: AnswersFound) -> str:
    """Return in a sentence how many approvals there are, and what they are worth."""
    given, refused = projections.approvals_given, projections.approvals_refused
    if not given + refused:
        return "there are none"
    return f"{given} given, {refused} refused; {answers_said(found)}"


def check_expectations(pack: Pack) -> str:
    """Compare with what the caller knows: the job, a receipt."""
    manifest = pack.manifest
    if pack.job_id is not None and pack.job_id != manifest.job_id:
        pack.report(
            VerifyHistoryError(
                f"the jobpack is of job {manifest.job_id}, not of {pack.job_id}",
                entry=MANIFEST,
                expected=pack.job_id,
                found=manifest.job_id,
            )
        )
    receipt = pack.receipt
    if receipt is not None and (receipt.job_id, receipt.pack_id) != (manifest.job_id, pack.id):
        pack.report(
            VerifyHashError(
                f"the receipt is for jobpack sha256:{receipt.pack_id} of job {receipt.job_id}; this "
                f"one is sha256:{pack.id} of job {manifest.job_id}",
                entry=MANIFEST,
                expected=receipt.pack_id,
                found=pack.id,
            )
        )
    asked = [name for name, given in (("job", pack.job_id), ("receipt", receipt)) if given]
    return f"the expected {' and '.join(asked)}" if asked else "nothing was expected"


STAGES: Final[tuple[tuple[str, Callable[[Pack], str]], ...]] = (
    ("limits", check_limits),
    ("container", check_container),
    ("manifest", check_manifest),
    ("signatures", check_signatures),
    ("files", check_files),
    ("digests", check_digests),
    ("log", check_log),
    ("history", check_history),
    ("approvals", check_approvals),
    ("expectations", check_expectations),
)
"""Name and function of every stage, in the order in which they run."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "container": ("limits",),
    "manifest": ("container",),
    "signatures": ("manifest",),
    "files": ("manifest",),
    "digests": ("manifest",),
    "log": ("manifest",),
    "history": ("log",),
    "approvals": ("history",),
    "expectations": ("manifest",),
}
"""The stages without which a stage cannot be judged."""
