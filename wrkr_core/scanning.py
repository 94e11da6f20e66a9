"""Looking for secrets in what is recorded already: in a store, and in a jobpack.

What is found is told by its place and its rule, never by its value. One record, document or cell is
looked at after the other, so memory does not grow with the store.
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
from wrkr_core.redaction.mask import VARIABLE, Mask
from wrkr_core.redaction.specs import SHORTEST_VALUE
from wrkr_core.snapshot import snapshot_key
from wrkr_core.upkeep import stream_names
from wrkr_core.work.attempts import blob_key
from wrkr_core.work.heartbeat import heartbeat_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wrkr_core.jobpack.archive import Entry, Limits
    from wrkr_core.redaction.mask import Hit, Secrets
    from wrkr_core.store import Store

PAGE: Final = 64  # records read at once; each may have a megabyte
LARGEST_DOCUMENT: Final = 8 * 1024 * 1024  # bytes; what is larger is looked at as it is, in pieces
PIECE: Final = 1024 * 1024  # bytes
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

    """

    secrets: Secrets
    records: int = 0
    documents: int = 0

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
        secrets = self.secrets
        # The log first: its first line says which variables the spec declares.
        for entry in sorted(archive.scan(file, limits), key=lambda each: each.name != EVENTS):
            if not entry.name.endswith(".jsonl"):
                self.documents += 1
                yield from self._entry(file, entry, secrets)
                continue
            lines = Lines(archive.stream(file, entry), longest=limits.document_bytes)
            for number, line in enumerate(lines, 1):
                self.records += 1
                if number == 1 and entry.name == EVENTS:
                    secrets = _declaring(secrets, line)
                yield from _in_document(secrets, line, entry.name, number)

    def _records(self, store: Store, job_id: str) -> Iterator[tuple[Iterable[Finding], list[str]]]:
        """Yield what is found in each record, and the large results it refers to."""
        secrets, after = self.secrets, 0
        while page := store.read(job_id, after, PAGE):
            for record in page:
                self.records += 1
                if record.seq == 1:
                    secrets = _declaring(secrets, record.data)
                found = list(_in_document(secrets, record.data, job_id, record.seq, record.type))
                if record.seq == 1:
                    found += _in_spec(secrets, record.data, job_id, record.type, found)
                yield found, _blobs(record.data)
            after = page[-1].seq

    def _cell(self, store: Store, key: str, secrets: Secrets) -> Iterator[Finding]:
        cell = None if key.startswith(_RANDOM) else store.get(key)
        if cell is not None:
            self.documents += 1
            yield from _in_document(secrets, cell.data, key)

    def _entry(self, file: IO[bytes], entry: Entry, secrets: Secrets) -> Iterator[Finding]:
        if entry.size <= LARGEST_DOCUMENT:
            data = archive.read(file, entry, LARGEST_DOCUMENT)
            return _in_document(secrets, data, entry.name)
        return _in_pieces(secrets, archive.stream(file, entry), entry.name)


def _declaring(secrets: Secrets, line: bytes) -> Secrets:
    """Return what is known besides when the spec in the first record declares something."""
    names = _at(_value(line), "payload", "spec", "secrets")
    if not isinstance(names, list):
        return secrets
    return secrets.declaring(each for each in cast("list[object]", names) if isinstance(each, str))


def _in_spec(
    secrets: Secrets, line: bytes, where: str, type_: str, found: Iterable[Finding]
) -> Iterator[Finding]:
    """Yield the variables that a command sets and whose names say that they are secrets."""
    known = {each.pointer for each in found}
    for pointer, variable in _variables(_at(_value(line), "payload", "spec"), "/payload/spec"):
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


def _blobs(line: bytes) -> list[str]:
    blob = _at(_value(line), "payload", "result_blob") if b'"result_blob":"' in line else None
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
    value = _value(data)
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
