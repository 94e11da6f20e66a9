"""Packs in the one legal form of an archive, of which the manifest is wrong."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from vectors.making.pack_bases import TINY
from vectors.making.packing import packed, stating
from wrkr_core.canonical import digest_bytes, loads
from wrkr_core.jobpack.manifest import MANIFEST

STATED: Final[bytes] = TINY[MANIFEST]


def manifests() -> dict[str, bytes]:
    """Return packs whose manifest is not one."""
    texts = {
        "no-json": b"not json",
        "empty": b"",
        "list": b"[]",
        "newline-behind": STATED + b"\n",
        "space-inside": STATED.replace(b'":', b'": ', 1),
        "key-twice": STATED[:-1] + b',"status":"queued"}',
        "keys-in-another-order": b'{"status":"queued",'
        + STATED.replace(b',"status":"queued"', b"")[1:],
        "escaped-letter": STATED.replace(b'"queued"', b'"\\u0071ueued"'),
        "minus-zero": STATED.replace(b'"event_count":1', b'"event_count":-0'),
        "fraction": STATED.replace(b'"event_count":1', b'"event_count":1.0'),
        "byte-order-mark": b"\xef\xbb\xbf" + STATED,
        "deep": b"[" * 5000 + b"]" * 5000,
    }
    fields: dict[str, dict[str, Any]] = {
        "another-schema": {"schema_id": "wrkr.receipt"},
        "a-later-format": {"schema_version": "v9"},
        "format-is-a-number": {"schema_version": 2},
        "unknown-field": {"note": "hello"},
        "count-is-text": {"event_count": "1"},
        "count-zero": {"event_count": 0},
        "count-negative": {"event_count": -1},
        "unknown-status": {"status": "finished"},
        "status-in-capitals": {"status": "QUEUED"},
        "hash-in-capitals": {"head_hash": "AB" * 32},
        "hash-too-short": {"head_hash": "ab"},
        "root-is-no-hash": {"events_root": "x" * 64},
        "job-id-leads-elsewhere": {"job_id": "../j"},
        "job-id-empty": {"job_id": ""},
        "time-is-a-number": {"created_at": 1},
        "time-without-zone": {"created_at": "2023-11-14T22:13:21"},
        "time-in-another-zone": {"created_at": "2023-11-14T23:13:21+01:00"},
        "time-with-trailing-zeros": {"created_at": "2023-11-14T22:13:21.000Z"},
        "no-version": {"producer_version": ""},
        "version-too-long": {"producer_version": "1" * 101},
        "no-files": {"files": []},
    }
    missing = {f"without-{name.replace('_', '-')}": name for name in loads(STATED)}
    return {
        **{name: packed({**TINY, MANIFEST: text}) for name, text in texts.items()},
        **{name: stating(TINY, partial(_update, other)) for name, other in fields.items()},
        **{name: stating(TINY, partial(_drop, field)) for name, field in missing.items()},
        **_file_lists(),
    }


def _update(fields: dict[str, Any], manifest: dict[str, Any]) -> None:
    manifest.update(fields)


def _drop(field: str, manifest: dict[str, Any]) -> None:
    del manifest[field]


def _file_lists() -> dict[str, bytes]:
    """Return packs whose manifest lists what no pack can hold, or not as it must."""

    def listing(path: str, **other: object) -> bytes:
        entry = {"path": path, "size": 0, "sha256": digest_bytes(b""), **other}
        return stating(
            TINY,
            lambda manifest: manifest.update(
                files=sorted([*manifest["files"], entry], key=lambda each: str(each["path"]))
            ),
        )

    def first(**other: object) -> bytes:
        return stating(TINY, lambda manifest: manifest["files"][0].update(other))

    return {
        "file-twice": stating(
            TINY, lambda manifest: manifest["files"].insert(0, manifest["files"][0])
        ),
        "files-descend": stating(TINY, lambda manifest: manifest["files"].reverse()),
        "required-file-not-listed": stating(TINY, lambda manifest: manifest["files"].pop(0)),
        "lists-itself": listing(MANIFEST),
        "lists-a-stranger": listing("readme.txt"),
        "lists-a-parent-folder": listing("../job.json"),
        "lists-an-absolute-path": listing("/job.json"),
        "lists-a-blob-without-a-digest": listing("blobs/result"),
        "lists-a-blob-in-capitals": listing("blobs/" + "AB" * 32),
        "size-negative": first(size=-1),
        "size-is-text": first(size="0"),
        "digest-too-short": first(sha256="ab"),
        "digest-in-capitals": first(sha256="AB" * 32),
        "unknown-field-of-a-file": first(mode="0644"),
    }
