"""A jobpack under verification: what the stages so far have established, and where in it one reads."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import Corrupt, VerifyError, VerifyHashError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.attestations import ATTESTATIONS
from wrkr_core.jobpack.log import Lines
from wrkr_core.jobpack.manifest import APPROVALS, CHECKPOINTS, EVENTS, Manifest
from wrkr_core.jobpack.problems import Report, refuse

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.answers import Answers
    from wrkr_core.jobpack.archive import Entry, Limits
    from wrkr_core.jobpack.followed import Followed
    from wrkr_core.jobpack.projections import Projections
    from wrkr_core.jobpack.receipt import Receipt
    from wrkr_core.jobpack.verification import SignatureFound
    from wrkr_core.signing.trust import Trust

_READS: Final[Mapping[str, tuple[str, ...]]] = {
    "log": (EVENTS,),
    "history": (EVENTS, CHECKPOINTS, APPROVALS),
}


@attrs.define(kw_only=True)
class Pack:
    """A jobpack under verification: what was asked, and what the stages so far have established.

    What a stage establishes cannot be read before it has run.
    """

    file: IO[bytes]
    limits: Limits
    receipt: Receipt | None
    job_id: str | None
    trust: Trust | None = None
    must_be_signed: bool = False
    report: Report = refuse
    entries: Mapping[str, Entry] = attrs.field(init=False)
    manifest: Manifest = attrs.field(init=False)
    id: str = attrs.field(init=False)
    signatures: tuple[SignatureFound, ...] = attrs.field(init=False)
    followed: Followed = attrs.field(init=False)
    projections: Projections = attrs.field(init=False)
    answers: Answers = attrs.field(init=False)
    state: JobState = attrs.field(init=False)

    @property
    def attestations(self) -> list[str]:
        """The names of the entries that hold signatures of the pack, in order."""
        return [name for name in self.entries if name.startswith(ATTESTATIONS)]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of an entry that the container stage has found."""
        return archive.stream(self.file, self.entries[name])

    def lines(self) -> Lines:
        """Return the lines of the log, to be read once."""
        return Lines(self.chunks(EVENTS), longest=self.limits.document_bytes)

    def lacks(self, stage: str) -> str:
        """Return an entry that ``stage`` would read and that is not there, empty if there is none."""
        return next((name for name in _READS.get(stage, ()) if name not in self.entries), "")


@contextmanager
def located(lines: Lines) -> Generator[None]:
    """Say of every error inside where in the log it was."""
    try:
        yield
    except VerifyError as error:
        placed(error, lines)
        raise
    except Corrupt as error:  # the log was right when it was checked
        raise VerifyHashError(
            f"the jobpack was changed while it was verified: {error.message}", entry=EVENTS
        ) from error


def placed(error: VerifyError, lines: Lines) -> VerifyError:
    """Return the error with where in the log it is, unless it says so itself."""
    at = {"line": lines.number, "offset": lines.offset} if lines.number else {}
    error.details = {"entry": EVENTS, **at, **error.details}
    return error
