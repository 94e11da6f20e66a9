"""Contents of a jobpack that are known by size and sums before they are written, and not kept.

The archive states size and CRC-32 of an entry in front of it, and the manifest its digest. So what
is long goes by twice: once to be measured, once to be written.
"""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.jobpack import archive
from wrkr_core.jobpack.manifest import APPROVALS, CHECKPOINTS, PackedFile
from wrkr_core.jobpack.projections import Projections
from wrkr_core.record import open_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from wrkr_core.jobpack.stored import StoredJob

MOST_KEPT: Final = 2**21
"""How many bytes of a document's lines are kept in memory; a longer one is told anew."""
MOST_LOG_KEPT: Final = 24 * 2**20
"""How many bytes from the beginning of a log are kept."""

_TOLD_BY: Final = {
    CHECKPOINTS: ("checkpoint_recorded/",),
    APPROVALS: ("approval_given/", "approval_refused/"),
}


class Sums:
    """Size, CRC-32 and SHA-256 of what goes by."""

    def __init__(self) -> None:
        """Begin before the first byte."""
        self.size = 0
        self._crc32 = 0
        self._sha256 = sha256()

    def add(self, data: bytes) -> None:
        """Take in the next bytes."""
        self.size += len(data)
        self._crc32 = zlib.crc32(data, self._crc32)
        self._sha256.update(data)

    def file(self, path: str) -> PackedFile:
        """Return what the manifest says of a file that is all this; more may follow."""
        return PackedFile(path=path, size=self.size, sha256=self._sha256.hexdigest())

    def stream(self, chunks: Iterable[bytes]) -> archive.Stream:
        """Return it as content of an archive, to be read from ``chunks``."""
        return archive.Stream(size=self.size, crc32=self._crc32, chunks=chunks)


class ToldLines:
    """A document of one line per event of a kind, such as ``checkpoints.jsonl``.

    Hand ``take_in`` every line; iterating gives them again, from memory while they are few, else
    by reading the log once more.
    """

    def __init__(self, job: StoredJob, name: str) -> None:
        """Begin the document ``name`` of a job before its first line."""
        self.sums = Sums()
        self._job = job
        self._name = name
        self._kept = bytearray()

    def take_in(self, line: bytes) -> None:
        """Take in the next line, with its newline."""
        self.sums.add(line)
        if self.sums.size <= MOST_KEPT:
            self._kept += line
        else:
            self._kept.clear()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines taken in. Raises: Corrupt, StoreError."""
        if self.sums.size <= MOST_KEPT:
            yield bytes(self._kept)
            return
        lines: list[bytes] = []
        sinks = {CHECKPOINTS: _drop, APPROVALS: _drop, self._name: lines.append}
        told = Projections(
            self._job.job_id, checkpoints=sinks[CHECKPOINTS], approvals=sinks[APPROVALS]
        )
        for page in self._job.pages():
            wanted = [each for each in page if each.type.startswith(_TOLD_BY[self._name])]
            for each in wanted:
                told.take_in(open_all(self._job.job_id, (each,), prev=None)[0])
            yield b"".join(lines)
            lines.clear()


class LogLines:
    """The lines of a job's log, each with its newline.

    Hand ``take_in`` every line; iterating gives them again. The first are kept, so that most logs
    are read from the store once only; the others are read again.
    """

    def __init__(self, job: StoredJob) -> None:
        """Begin before the first line of the job's log."""
        self.sums = Sums()
        self._job = job
        self._kept: list[bytes] = []
        self._count = 0

    def take_in(self, lines: Sequence[bytes]) -> None:
        """Take in the next lines, without their newlines."""
        ended = b"\n".join([*lines, b""])
        self.sums.add(ended)
        if self.sums.size <= MOST_LOG_KEPT:
            self._kept.append(ended)
            self._count += len(lines)

    def __iter__(self) -> Iterator[bytes]:
        """Yield them, many at a time. Raises: Corrupt, StoreError."""
        yield from self._kept
        for page in self._job.pages(self._count):
            yield b"\n".join([*[record.data for record in page], b""])


@attrs.frozen
class Blob:
    """A blob, read again when it is iterated, so that only one is in memory at a time."""

    job: StoredJob
    digest: str
    size: int
    crc32: int

    @classmethod
    def of(cls, job: StoredJob, digest: str) -> Blob:
        """Look at a blob. Raises: Corrupt: it is missing or damaged."""
        content = job.blob(digest)
        return cls(job, digest, len(content), zlib.crc32(content))

    def __iter__(self) -> Iterator[bytes]:
        """Yield its content in one piece. Raises: Corrupt, StoreError."""
        yield self.job.blob(self.digest)


def _drop(_line: bytes) -> None:
    """Pass over the lines of the other document."""
