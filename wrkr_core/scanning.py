"""Looking for secrets in what is recorded already: in a store, and in a jobpack.

What is found is told by its place and its rule, never by its value. One record, document or cell is
looked at after the other, so memory does not grow with the store. The content of an erasable job is
opened for this where the store has its key; what stays closed is said to be.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final, cast

import attrs
import msgspec

from wrkr_core.canonical import loads
from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.log import Lines
from wrkr_core.jobpack.manifest import EVENTS
from wrkr_core.payloads.key import find_key
from wrkr_core.payloads.opener import Opener, is_sealed_blob
from wrkr_core.redaction.mask import VARIABLE, Mask
from wrkr_core.redaction.specs import SHORTEST_VALUE
from wrkr_core.snapshot import snapshot_key
from wrkr_core.upkeep import stream_names
from wrkr_core.work.attempts import blob_key
from wrkr_core.work.heartbeat import heartbeat_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wrkr_core.jobpack.archive import Entry, Limits
    from wrkr_core.payloads.opener import Closed
    from wrkr_core.redaction.mask import Hit, Secrets
    from wrkr_core.store import Store

PAGE: Final = 64  # records read at once; each may have a megabyte
LARGEST_DOCUMENT: Final = 8 * 1024 * 1024  # bytes; what is larger is looked at as it is, in pieces
PIECE: Final = 1024 * 1024  # bytes
MOST_CLOSED: Final = 1000  # jobs that are named; beyond, they are counted
_KEYS: Final = 1000
_RANDOM: Final = "key/"  # cells that hold random bytes and nothing else


@attrs.frozen(kw_only=True)
class Finding:
    """Where something looks like a secret, and to which rule.

    Attributes:
        where: A job, a cell of the store or an entry of a jobpack.
        seq: Which record of the job, or which line of the entry; None for what has none.
        type: Of which type the record is, empty for what is no record.
        pointer: Which text, as a JSON pointer (RFC 6901) from the top of the record, or of the
            document; ``@`` and the offset of a byte in what is no JSON. A key that is a secret is
            named by its rule.
        rule: Which rule found it.

    """

    where: str
    seq: int | None = None
    type: str = ""
    pointer: str
    rule: str

    @property
    def text(self) -> str:
        """The place and the rule on one line."""
        record = "" if self.seq is None else f" record {self.seq}"
        kind = f" {self.type}" if self.type else ""
        return f"{self.where}{record}{kind} {self.pointer}: {self.rule}"


@attrs.define
class Scan:
    """A look through a store or a jobpack; counts what it looked at while it goes.

    Attributes:
        records: How many records, or lines.
        documents: How many cells, or other entries.
        closed: The jobs whose content could not be looked into, at most ``MOST_CLOSED``, and why.
        more_closed: How many there were beyond.

    """

    secrets: Secrets
    records: int = 0
    documents: int = 0
    closed: dict[str, Closed] = attrs.field(factory=dict[str, "Closed"])
    more_closed: int = 0

    def store(self, store: Store) -> Iterator[Finding]:
        """Yield what is found in the records of all jobs, and then in all cells."""
        for job_id in stream_names(store):
            for finding, _blobs in self._records(store, job_id):
                yield from finding
        after = ""
        while page := store.keys(after=after, limit=_KEYS):
            for key in page:
                yield from self._cell(store, key, self.secrets)
            after = page[-1]

    def job(self, store: Store, job_id: str) -> Iterator[Finding]:
        """Yield what is found in one job: its records, its large results, its other cells."""
        keys: dict[str, None] = {}
        for finding, blobs in self._records(store, job_id):
            yield from finding
            keys.update((blob_key(each), None) for each in blobs)
        for key in (*keys, snapshot_key(job_id), heartbeat_key(job_id), f"process/{job_id}"):
            yield from self._cell(store, key, self.secrets)

    def pack(self, file: IO[bytes], limits: Limits) -> Iterator[Finding]:
        """Yield what is found in the entries of a jobpack, which need not verify.

        Raises: VerifyError: it is no archive of the one legal form, or an entry is damaged.
        """
        secrets, opener = self.secrets, None
        # The log first: its first line says which variables the spec declares.
        for entry in sorted(archive.scan(file, limits), key=lambda each: each.name != EVENTS):
            if not entry.name.endswith(".jsonl"):
                self.documents += 1
                yield from self._entry(file, entry, secrets)
                continue
            lines = Lines(archive.stream(file, entry), longest=limits.document_bytes)
            for number, line in enumerate(lines, 1):
                self.records += 1
                value = _value(line)
                if number == 1 and entry.name == EVENTS:
                    secrets, opener = _declaring(secrets, value), _opener(value, None)
                if opener is not None:
                    _opened(opener, value)  # for what it says of the job: there is no key
                yield from _in_value(secrets, value, line, entry.name, number, "")
        if opener is not None:
            self._close(opener)

    def _records(self, store: Store, job_id: str) -> Iterator[tuple[Iterable[Finding], list[str]]]:
        """Yield what is found in each record, and the large results it refers to."""
        secrets, opener, after = self.secrets, None, 0
        while page := store.read(job_id, after, PAGE):
            for record in page:
                self.records += 1
                value, seq = _value(record.data), record.seq
                if seq == 1:
                    secrets, opener = _declaring(secrets, value), _opener(value, store)
                if opener is not None:
                    value = _opened(opener, value)
                found = list(_in_value(secrets, value, record.data, job_id, seq, record.type))
                if seq == 1:
                    found += _in_spec(secrets, value, job_id, record.type, found)
                blobs = _blobs(value)
                if opener is not None:
                    found += _in_sealed(secrets, opener, store, blobs)
                yield found, blobs
            after = page[-1].seq
        if opener is not None:
            self._close(opener)

    def _close(self, opener: Opener) -> None:
        """Note whether there is content of the job that could not be looked into."""
        if opener.closed is None:
            return
        if len(self.closed) < MOST_CLOSED:
            self.closed[opener.job_id] = opener.closed
        else:
            self.more_closed += 1

    def _cell(self, store: Store, key: str, secrets: Secrets) -> Iterator[Finding]:
        cell = None if key.startswith(_RANDOM) else store.get(key)
        if cell is not None:
            self.documents += 1
            if not is_sealed_blob(cell.data):  # else it was looked into with the record of it
                yield from _in_document(secrets, cell.data, key)

    def _entry(self, file: IO[bytes], entry: Entry, secrets: Secrets) -> Iterator[Finding]:
        if entry.size <= LARGEST_DOCUMENT:
            data = archive.read(file, entry, LARGEST_DOCUMENT)
            return _in_document(secrets, data, entry.name)
        return _in_pieces(secrets, archive.stream(file, entry), entry.name)


def _opener(first: object, store: Store | None) -> Opener | None:
    """Return what opens the job with this first record, None if nothing of it is sealed.

    Without ``store`` there is no key: a jobpack never has one.
    """
    job_id = _at(first, "job")
    if not isinstance(job_id, str) or _at(first, "payload", "spec", "erasable") is not True:
        return None
    return Opener(job_id, None if store is None else find_key(store, job_id))


def _opened(opener: Opener, line: object) -> object:
    """Return what a record says, with all content in it that opens."""
    if not isinstance(line, dict):
        return line
    fields = cast("dict[str, object]", line)
    payload = opener.record(str(fields.get("type")), fields.get("payload"))
    return {**fields, "payload": payload}


def _in_sealed(
    secrets: Secrets, opener: Opener, store: Store, blobs: Iterable[str]
) -> Iterator[Finding]:
    """Yield what is found in large results that are kept sealed."""
    for key in map(blob_key, blobs):
        cell = store.get(key)
        opened = opener.blob(cell.data) if cell is not None else None
        if opened is not None:
            yield from _in_document(secrets, opened, key)


def _declaring(secrets: Secrets, line: object) -> Secrets:
    """Return what is known besides when the spec in the first record declares something."""
    names = _at(line, "payload", "spec", "secrets")
    if not isinstance(names, list):
        return secrets
    return secrets.declaring(each for each in cast("list[object]", names) if isinstance(each, str))


def _in_spec(
    secrets: Secrets, line: object, where: str, type_: str, found: Iterable[Finding]
) -> Iterator[Finding]:
    """Yield the variables that a command sets and whose names say that they are secrets."""
    known = {each.pointer for each in found}
    for pointer, variable in _variables(_at(line, "payload", "spec"), "/payload/spec"):
        name, value, place = variable.get("name"), variable.get("value"), f"{pointer}/value"
        is_long = isinstance(value, str) and len(value) >= SHORTEST_VALUE
        if isinstance(name, str) and is_long and secrets.is_secret(name) and place not in known:
            rule = f"{VARIABLE}{name}"
            yield Finding(where=where, seq=1, type=type_, pointer=place, rule=rule)


def _variables(spec: object, pointer: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every variable set in a spec as it is recorded, with its JSON pointer."""
    members: Iterable[tuple[str | int, object]] = ()
    if isinstance(spec, dict):
        members = cast("dict[str, object]", spec).items()
    elif isinstance(spec, list):
        members = enumerate(cast("list[object]", spec))
    for key, member in members:
        place = f"{pointer}/{key}"
        if key == "env" and isinstance(member, list):
            for index, each in enumerate(cast("list[object]", member)):
                if isinstance(each, dict):
                    yield f"{place}/{index}", cast("dict[str, object]", each)
        elif key != "inputs":
            yield from _variables(member, place)


def _blobs(line: object) -> list[str]:
    blob = _at(line, "payload", "result_blob")
    return [blob] if isinstance(blob, str) else []


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
    return value


def _value(data: bytes) -> Any:  # noqa: ANN401  # JSON
    """Return what a document says; ``UNSET`` when it is no JSON, or too large to be taken apart."""
    if len(data) > LARGEST_DOCUMENT:
        return msgspec.UNSET
    try:
        return loads(data)
    except InvalidInputError:
        return msgspec.UNSET


def _in_document(
    secrets: Secrets, data: bytes, where: str, seq: int | None = None, type_: str = ""
) -> Iterator[Finding]:
    """Yield what is found in a document, each text and rule once."""
    yield from _in_value(secrets, _value(data), data, where, seq, type_)


def _in_value(  # noqa: PLR0917  # the fields of a finding
    secrets: Secrets, value: object, data: bytes, where: str, seq: int | None, type_: str
) -> Iterator[Finding]:
    """Yield what is found in ``value``, which is what ``data`` says; in ``data`` if it is no JSON."""
    if value is msgspec.UNSET:
        pieces = (data[begin : begin + PIECE] for begin in range(0, len(data), PIECE))
        yield from _in_pieces(secrets, pieces, where, seq, type_)
        return
    texts = list(_texts(value, ""))
    mask = Mask(secrets, bytes)
    found = mask.placed([text for _, text in texts])
    for pointer, rule in dict.fromkeys((texts[index][0], hit.rule) for index, hit in found):
        yield Finding(where=where, seq=seq, type=type_, pointer=mask.named(pointer), rule=rule)


def _in_pieces(
    secrets: Secrets,
    pieces: Iterable[bytes],
    where: str,
    seq: int | None = None,
    type_: str = "",
) -> Iterator[Finding]:
    """Yield what is found in bytes that come in pieces, also across the end of one."""
    mask, kept, begin, done = Mask(secrets, bytes), b"", 0, 0
    for piece in pieces:
        data = kept + piece
        hits = [each for each in mask.hits(data) if begin + each.start >= done]
        for hit in hits:
            done = begin + hit.end
            yield _at_offset(hit, begin, where, seq, type_)
        begin += max(0, len(data) - secrets.overlap)
        kept = data[-secrets.overlap :]


def _at_offset(hit: Hit, begin: int, where: str, seq: int | None, type_: str) -> Finding:
    return Finding(where=where, seq=seq, type=type_, pointer=f"@{begin + hit.start}", rule=hit.rule)


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield every text and key of a JSON value with its JSON pointer."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, member in cast("dict[str, object]", value).items():
            inner = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield inner, key
            yield from _texts(member, inner)
    elif isinstance(value, list):
        for index, member in enumerate(cast("list[object]", value)):
            yield from _texts(member, f"{pointer}/{index}")
