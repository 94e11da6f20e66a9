"""Jobpacks as a forger would make them: whatever was changed, every digest fits again."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from tests.stories import contents_of, repacked
from wrkr_core import chain
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import Corrupt, VerifyError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.manifest import BLOBS, EVENTS
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.store import NewEvent
from wrkr_core.work.attempts import blob_key

if TYPE_CHECKING:
    from collections.abc import Iterable

_AFTER_PREV: Final = 150  # where the rest of a line begins, behind `_prev` and its closing quote


def refusal(pack: bytes, **asked: Any) -> VerifyError | None:  # noqa: ANN401  # as verify_pack
    """Return why a pack is refused, None if it verifies."""
    try:
        verify_pack(io.BytesIO(pack), **asked)
    except VerifyError as error:
        return error
    return None


def sealed(lines: Iterable[bytes]) -> bytes:
    """Return a log of these lines, each as it is but under fresh hashes."""
    prev, log = chain.GENESIS, b""
    for line in lines:
        body = b'"_prev":"%b"' % prev.encode() + line[_AFTER_PREV:]
        prev = sha256(chain.DOMAIN + b"{" + body).hexdigest()
        log += b'{"_hash":"%b",' % prev.encode() + body + b"\n"
    return log


def with_log(pack: bytes, log: bytes, **stated: Any) -> bytes:  # noqa: ANN401  # of the manifest
    """Return the pack with another log, and all that the manifest says of it made to fit."""
    lines, tree = log.split(b"\n")[:-1], Tree()
    for line in lines:
        tree.append(line)
    fields = {
        "event_count": len(lines),
        "head_hash": lines[-1][10:74].decode(),
        "events_root": tree.root().hex(),
        **stated,
    }
    return repacked({**contents_of(pack), EVENTS: log}, lambda manifest: manifest.update(fields))


def retold(pack: bytes, lines: list[dict[str, Any]]) -> bytes:
    """Return the jobpack of another history, with every document made anew where that is possible.

    Answers are bound to the questions as they are now. Of a history that is not legal no document
    can be made; then they stay as they were.
    """
    log = _relinked(lines)
    store = MemoryStore()
    for name, content in contents_of(pack).items():
        if name.startswith(BLOBS):
            store.put(blob_key(name.removeprefix(BLOBS)), content, 0)
    try:
        for seq, data in enumerate(log.split(b"\n")[:-1]):
            line = loads(data)
            new = NewEvent(id=line["id"], type=line["type"], at=line["at"], data=data)
            store.append(line["job"], seq, [new])
        export_pack(store, lines[0]["job"], out := io.BytesIO())
    except (Corrupt, VerifyError, ValueError):
        return with_log(pack, log)
    return out.getvalue()


def _relinked(lines: list[dict[str, Any]]) -> bytes:
    """Return a log of these lines under fresh hashes, by which answers name their questions."""
    fresh: dict[str, str] = {}
    prev, log = chain.GENESIS, b""
    for seq, line in enumerate(lines, start=1):
        payload = dict(line["payload"])
        if "subject" in payload:
            payload["subject"] = fresh.get(payload["subject"], payload["subject"])
        fields = {name: line[name] for name in ("at", "by", "id", "job", "type")}
        prev, data = chain.seal(prev=prev, payload=dumps(payload), seq=seq, **fields)
        fresh[line["_hash"]] = prev
        log += data + b"\n"
    return log
