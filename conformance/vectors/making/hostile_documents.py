"""Packs in the one legal form of an archive, of which a document or the log is wrong."""

from __future__ import annotations

from typing import Any, Final

from vectors.making.pack_bases import APPROVED, BLOB, COMPLETED, TINY
from vectors.making.packing import Contents, packed, stating, with_files, with_log
from wrkr_core import chain
from wrkr_core.canonical import digest_bytes, dumps, loads

LOG: Final = APPROVED["events.jsonl"]
LINES: Final = LOG.split(b"\n")[:-1]
HASH: Final = "0" * 64

Row = tuple[bytes, dict[str, Any], str]


def file_sets() -> dict[str, tuple[bytes, str]]:
    """Return packs whose files are not those the manifest lists, with the stage that says so."""
    blob = "blobs/" + digest_bytes(BLOB)
    other = b'{"another":1}'

    def without(name: str) -> bytes:
        return packed({key: value for key, value in COMPLETED.items() if key != name})

    def resized(manifest: dict[str, Any]) -> None:
        manifest["files"][0]["size"] += 1

    def redigested(manifest: dict[str, Any]) -> None:
        manifest["files"][0]["sha256"] = HASH

    return {
        "file-missing": (without("job.json"), "files"),
        "blob-missing": (without(blob), "files"),
        "stranger-in-the-archive": (packed({**TINY, "readme.txt": b"hello"}), "files"),
        "blob-in-the-archive-only": (packed({**TINY, blob: BLOB}), "files"),
        "size-is-another": (stating(COMPLETED, resized), "files"),
        "digest-is-another": (stating(COMPLETED, redigested), "digests"),
        "file-exchanged": (packed({**TINY, "artifacts_manifest.json": other}), "files"),
        "file-exchanged-for-one-of-its-size": (
            packed({**TINY, "job.json": TINY["job.json"].replace(b"wrkr.job", b"wrkr.jab")}),
            "digests",
        ),
        "blob-exchanged": (
            packed({**COMPLETED, blob: BLOB.replace(b"large", b"small")}),
            "digests",
        ),
        "blob-exchanged-and-listed": (
            with_files(COMPLETED, {blob: BLOB.replace(b"large", b"small")}),
            "digests",
        ),
        "log-exchanged": (
            packed({**APPROVED, "events.jsonl": LOG.replace(b"ann", b"bob")}),
            "digests",
        ),
    }


def attestations() -> dict[str, bytes]:
    """Return packs with an attestation that is not one, whoever may be trusted."""
    key = "0123456789abcdef"
    several = {f"attestations/producer.{number:016x}.json": b"{}" for number in range(17)}
    return {
        "of-an-unknown-kind": packed({**TINY, f"attestations/boss.{key}.json": b"{}"}),
        "without-a-key": packed({**TINY, "attestations/producer.json": b"{}"}),
        "in-a-folder": packed({**TINY, f"attestations/a/producer.{key}.json": b"{}"}),
        "empty": packed({**TINY, f"attestations/producer.{key}.json": b""}),
        "no-envelope": packed({**TINY, f"attestations/producer.{key}.json": b"{}"}),
        "seventeen": packed({**TINY, **several}),
    }


def logs() -> dict[str, tuple[bytes, str]]:
    """Return packs with a log that is not one, and the code; digests and manifest fit it."""
    changed, history, malformed = "E_VERIFY_HASH_MISMATCH", "E_VERIFY_HISTORY", "E_VERIFY_MALFORMED"
    count = {"event_count": len(LINES) - 1}
    before, head = b"\n".join(LINES[:-1]) + b"\n", loads(LINES[-2])["_hash"]
    swapped = [*LINES[:4], LINES[5], LINES[4], *LINES[6:]]
    rows: dict[str, Row] = {
        "event-altered": (LOG.replace(b"read the diff", b"read the duff"), {}, changed),
        "approver-altered": (LOG.replace(b'"by":"ann"', b'"by":"bob"'), {}, changed),
        "event-altered-and-sealed-alone": (_sealed_alone(5), {}, changed),
        "hash-altered": (LOG.replace(b'{"_hash":"', b'{"_hash":"0')[:-1] + b"\n", {}, malformed),
        "first-event-dropped": (_joined(LINES[1:]), count, changed),
        "event-dropped": (_joined([*LINES[:4], *LINES[5:]]), count, changed),
        "events-exchanged": (_joined(swapped), {}, changed),
        "event-twice": (_joined([*LINES, LINES[-1]]), {"event_count": len(LINES) + 1}, changed),
        "last-event-dropped": (before, {}, changed),
        "last-event-dropped-and-counted": (before, count, changed),
        "count-is-another": (LOG, {"event_count": len(LINES) + 1}, changed),
        "head-is-another": (LOG, {"head_hash": HASH}, changed),
        "head-is-the-one-before": (LOG, {"head_hash": head}, changed),
        "root-is-another": (LOG, {"events_root": HASH}, changed),
        "nothing": (b"", {}, changed),
        "newline-missing": (LOG[:-1], {}, malformed),
        "carriage-returns": (LOG.replace(b"\n", b"\r\n"), {}, changed),
        "empty-line": (LOG + b"\n", {}, malformed),
        "empty-line-in-front": (b"\n" + LOG, {}, malformed),
        "no-log-lines": (b'{"seq":1}\n', {"event_count": 1}, malformed),
        "byte-order-mark": (b"\xef\xbb\xbf" + LOG, {}, malformed),
        **_other_forms(malformed),
        **_other_records(changed, history, malformed),
    }
    return {
        name: (with_log(APPROVED, log, **stated), code)
        for name, (log, stated, code) in rows.items()
    }


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _sealed_alone(seq: int) -> bytes:
    """Return the log with one line changed and given the hash it then has; the next breaks."""
    line = LINES[seq - 1].replace(b"read the diff", b"read the duff")
    return _joined([*LINES[: seq - 1], _with_hash(line), *LINES[seq:]])


def _with_hash(line: bytes) -> bytes:
    return line[:10] + chain.hash_of(line).encode() + line[74:]


def _other_forms(malformed: str) -> dict[str, Row]:
    """Return logs of which the last line holds a value in a form that is not its own."""
    *before, last = LINES
    forms = {
        "escaped-line-separator": b'"a\\u2028b"',
        "minus-zero": b"-0",
        "exponent": b"1e21",
        "integer-too-large": b"9007199254740992",
        "half-a-surrogate-pair": b'"\\ud800"',
        "key-twice": b'{"a":1,"a":2}',
        "whole-double": b"1.0",
        "space": b" 1",
        "not-utf-8": b'"\xff"',
        "nested-too-deeply": b"[" * 80 + b"]" * 80,
        "no-json": b"{",
    }
    found: dict[str, Row] = {}
    for name, text in forms.items():
        line = _with_hash(last.replace(b'"result":null', b'"result":' + text))
        found[f"form-{name}"] = (_joined([*before, line]), {}, malformed)
    return found


def _other_records(changed: str, history: str, malformed: str) -> dict[str, Row]:
    """Return logs of which the last line, sealed as it must be, is no record of this job."""
    *before, last = LINES
    fields = loads(last)

    def ended(**other: Any) -> bytes:  # noqa: ANN401  # any field of a line
        given = {**fields, **other}
        payload = dumps(given.pop("payload"))
        given.pop("_hash")
        prev = given.pop("_prev")
        _, line = chain.seal(prev=prev, payload=payload, **given)
        return _joined([*before, line])

    spec = loads(LINES[0])
    spec["payload"]["spec"]["objective"] = "something else"
    _, first = chain.seal(
        prev=spec["_prev"],
        at=spec["at"],
        by=spec["by"],
        id=spec["id"],
        job=spec["job"],
        payload=dumps(spec["payload"]),
        seq=1,
        type=spec["type"],
    )
    wrong = {**fields["payload"], "attempt": "one"}
    return {
        "another-job": (ended(job="another-job"), {}, history),
        "seq-skipped": (ended(seq=len(LINES) + 1), {}, history),
        "seq-again": (ended(seq=len(LINES) - 1), {}, history),
        "payload-of-another-type": (ended(type="job_paused/1"), {}, malformed),
        "payload-with-a-wrong-field": (ended(payload=wrong), {}, malformed),
        "payload-is-a-list": (ended(payload=[1]), {}, malformed),
        "id-with-a-space": (ended(id="id 9"), {}, malformed),
        "type-with-a-newline": (ended(type="step_finished/1\n"), {}, malformed),
        "id-empty": (ended(id=""), {}, malformed),
        "spec-has-another-digest": (first + b"\n", {"event_count": 1}, changed),
    }


def documents() -> dict[str, tuple[bytes, str]]:
    """Return packs whose log is right and of which a document says otherwise, and the stage."""

    def edit(contents: Contents, name: str, old: bytes, new: bytes) -> bytes:
        if old not in contents[name]:
            raise ValueError(f"{name} does not hold {old!r}")
        return with_files(contents, {name: contents[name].replace(old, new)})

    approvals, checkpoints = APPROVED["approvals.jsonl"], APPROVED["checkpoints.jsonl"]
    canceled = with_files(
        COMPLETED,
        {"job.json": COMPLETED["job.json"].replace(b'"completed"', b'"canceled"')},
        status="canceled",
    )
    accepted = "accept/accept_result.json"
    stray = b'"not spoken of"'
    found = {
        "approver-forged": edit(APPROVED, "approvals.jsonl", b'"by":"ann"', b'"by":"bob"'),
        "approval-made-signed": edit(APPROVED, "approvals.jsonl", b'"asserted"', b'"signed"'),
        "approval-twice": with_files(APPROVED, {"approvals.jsonl": approvals * 2}),
        "approval-dropped": with_files(APPROVED, {"approvals.jsonl": b""}),
        "checkpoint-dropped": with_files(APPROVED, {"checkpoints.jsonl": b""}),
        "checkpoint-twice": with_files(APPROVED, {"checkpoints.jsonl": checkpoints * 2}),
        "checkpoint-forged": edit(APPROVED, "checkpoints.jsonl", b"Merge?", b"Tag it?"),
        "status-forged": stating(APPROVED, lambda stated: stated.update(status="completed")),
        "status-forged-everywhere": canceled,
        "time-forged": stating(
            APPROVED, lambda stated: stated.update(created_at="2024-01-01T00:00:00Z")
        ),
        "job-renamed": edit(APPROVED, "job.json", b'"name":"port-utils"', b'"name":"port"'),
        "job-of-another-id": stating(APPROVED, lambda stated: stated.update(job_id="another")),
        "budget-forged": edit(COMPLETED, "job.json", b'"spent":1', b'"spent":0'),
        "job-with-white-space": edit(APPROVED, "job.json", b'","', b'", "'),
        "job-with-a-newline": with_files(APPROVED, {"job.json": APPROVED["job.json"] + b"\n"}),
        "job-empty": with_files(APPROVED, {"job.json": b""}),
        "artifact-forged": edit(COMPLETED, "artifacts_manifest.json", b"12" * 32, b"21" * 32),
        "artifact-renamed": edit(COMPLETED, "artifacts_manifest.json", b"src/a.py", b"src/b.py"),
        "acceptance-forged": edit(COMPLETED, accepted, b'"checks_run":1', b'"checks_run":9'),
        "acceptance-dropped": with_files(COMPLETED, {accepted: None}),
        "acceptance-invented": with_files(APPROVED, {accepted: COMPLETED[accepted]}),
        "blob-not-spoken-of": with_files(TINY, {"blobs/" + digest_bytes(stray): stray}),
        "blob-left-out": with_files(COMPLETED, {"blobs/" + digest_bytes(BLOB): None}),
    }
    stages = {"job-of-another-id": "log"}
    return {name: (pack, stages.get(name, "history")) for name, pack in found.items()}
