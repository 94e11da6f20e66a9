"""A v1 jobpack under verification: its entries, and its records one at a time, each with its place."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from wrkr_core.errors import VerifyError, VerifyHashError, VerifyMalformedError
from wrkr_core.jobpack.log import Lines
from wrkr_core.jobpack.problems import Report, refuse
from wrkr_core.jobpack.v1 import container
from wrkr_core.jobpack.v1.history import History, require_times
from wrkr_core.jobpack.v1.records import Record, decoded, shaped
from wrkr_core.jobpack.v1.texts import has_equal_keys, value_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.receipt import Receipt
    from wrkr_core.jobpack.v1.container import Entry
    from wrkr_core.jobpack.v1.failures import Overlooked
    from wrkr_core.jobpack.v1.records import Manifest

R = TypeVar("R", bound=Record)


@attrs.define(kw_only=True)
class Pack:
    """What was asked, and what the stages so far have established.

    ``overlooked`` is the first thing found that v1 lets pass. What a stage establishes cannot be
    read before it has run.
    """

    file: IO[bytes]
    limits: Limits
    receipt: Receipt | None
    job_id: str | None
    must_be_signed: bool
    overlooked: Overlooked = None
    report: Report = refuse
    entries: Mapping[str, Entry] = attrs.field(init=False)
    digests: Mapping[str, str] = attrs.field(init=False)
    manifest: Manifest = attrs.field(init=False)
    history: History = attrs.field(init=False)

    def overlook(self, found: Overlooked) -> None:
        """Keep something that v1 lets pass, unless something is kept already."""
        self.overlooked = self.overlooked or found

    def lacks(self, stage: str) -> str:
        """Return what ``stage`` would read and is not there: by its needs never anything."""
        del stage
        return ""

    def document(self, name: str, kind: type[R]) -> R:
        """Return the record that a whole file is. Raises: VerifyError, with its place."""
        with located(name):
            container.require_size(self.entries[name], self.limits.document_bytes)
            return self.record(b"".join(self._chunks(name)), kind, name, {})

    def records(self, name: str, kind: type[R], *, is_known: bool = False) -> Records[R]:
        """Return the records of a file that holds one a line; none where there is no such file.

        ``is_known`` says that each of them was read before, so that its form is not looked at again.
        """
        chunks = self._chunks(name) if name in self.entries else iter(())
        lines = Lines(_ended(chunks), longest=self.limits.document_bytes)
        return Records(pack=self, name=name, kind=kind, lines=lines, is_known=is_known)

    def _chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file, which must be the one whose digest was compared."""
        digest = sha256()
        for chunk in container.stream(self.file, self.entries[name]):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self.digests[name]:
            raise VerifyHashError("the jobpack was changed while it was verified", entry=name)

    def record(self, data: bytes, kind: type[R], name: str, place: dict[str, Any]) -> R:
        """Return the record in ``data``, noting what v1 lets pass in it."""
        value = value_of(data)
        record = shaped(value, kind)
        problem = "an object in it has the same key twice" if has_equal_keys(data, value) else ""
        if not problem:
            try:
                require_times(record)
            except VerifyMalformedError as error:
                problem = error.message
        if problem:
            line = place.get("line")
            where = name if line is None else f"{name}, line {line}"
            self.overlook(VerifyMalformedError(f"{where}: {problem}", entry=name, **place))
        return record


@attrs.define(kw_only=True)
class Records(Generic[R]):
    """The records of a file, read as they are asked for; iterate once."""

    pack: Pack
    name: str
    kind: type[R]
    lines: Lines
    is_known: bool

    def __iter__(self) -> Iterator[R]:
        """Yield every record; blank lines are passed over. Raises: VerifyError, with its place."""
        with located(self.name, self.lines):
            for line in self.lines:
                if not line.strip(b" \t\r"):
                    continue
                if self.is_known:
                    yield decoded(line, self.kind)
                else:
                    yield self.pack.record(line, self.kind, self.name, place_of(self.lines))


def place_of(lines: Lines) -> dict[str, Any]:
    """Return the number of the line read last and its offset; nothing before the first."""
    return {"line": lines.number, "offset": lines.offset} if lines.number else {}


@contextmanager
def located(name: str, lines: Lines | None = None) -> Generator[None]:
    """Say of every error inside in which file it was found, and where in it."""
    try:
        yield
    except VerifyError as error:
        place = place_of(lines) if lines is not None else {}
        if "entry" not in error.details:
            is_said = error.message.startswith("line ")
            where = f"{name}, line {place['line']}" if place and not is_said else name
            error.message = f"{where}: {error.message}"
            error.args = (error.message,)
        error.details = {"entry": name, **place, **error.details}
        raise


def _ended(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks, and the newline that v1 lets the last line go without."""
    last = b"\n"
    for chunk in chunks:
        yield chunk
        last = chunk[-1:] or last
    if last != b"\n":
        yield b"\n"
