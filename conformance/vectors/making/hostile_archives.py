"""Archives that are not the one legal form: each a good pack with one thing wrong in its container."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any, Final

import attrs

from vectors.making.pack_bases import TINY
from vectors.making.packing import packed, parts_of
from vectors.making.zips import Part, zipped
from wrkr_core.jobpack.manifest import MANIFEST

GOOD: Final = packed(TINY)
PARTS: Final = parts_of(TINY)
FIRST, ONE, *REST = PARTS  # ONE, which is not empty, is what is wrong
WRONG_SUM: Final = {"crc32": zlib.crc32(ONE.content) ^ 1}
STAMP: Final = struct.pack("<HHBL", 0x5455, 5, 1, 315532800)

# Names an archive may not hold; each stands in the place of a file that sorts to the same place.
NAMES: Final = {
    "parent-folder": b"../events.jsonl",
    "parent-folder-inside": b"a/../events.jsonl",
    "absolute": b"/events.jsonl",
    "backslash": b"a\\events.jsonl",
    "drive": b"c:events.jsonl",
    "capital-letters": b"Events.jsonl",
    "beyond-ascii": "\u00e9vents.jsonl".encode(),
    "not-utf-8": b"\xe9vents.jsonl",
    "zero-byte": b"events.jsonl\x00.txt",
    "newline": b"events\n.jsonl",
    "space": b"events .jsonl",
    "device": b"con",
    "device-with-extension": b"blobs/nul.txt",
    "dot-at-the-end": b"events.jsonl.",
    "dot-in-front": b".events.jsonl",
    "empty-segment": b"blobs//x",
    "folder": b"blobs/",
    "empty": b"",
    "too-long": b"e" * 65,
    "too-deep": b"a/b/c/d/e/f/g/h/i",
}


def archives() -> dict[str, tuple[bytes, str]]:
    """Return bytes and the stage at which they are refused, by name."""
    return {
        **{name: (data, "limits") for name, data in _no_archives().items()},
        **{f"name-{name}": (_named(raw), "container") for name, raw in NAMES.items()},
        **{name: (data, "container") for name, data in _cuts().items()},
        **{name: (data, "container") for name, data in _ends().items()},
        **{name: (data, "container") for name, data in _headers().items()},
        **{name: (data, "container") for name, data in _entries().items()},
        "checksum-wrong": (_one(**dict.fromkeys(("local", "central"), WRONG_SUM)), "digests"),
        "content-changed-alone": (GOOD.replace(b'"wrkr.job"', b'"wrkr.jab"'), "digests"),
        "content-changed": (_bit(GOOD, GOOD.index(b'"wrkr.job"')), "digests"),
        "manifest-content-changed": (_bit(GOOD, GOOD.index(b'"events_root"')), "manifest"),
    }


def _no_archives() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "text": b"hello, world\n",
        "log-alone": TINY["events.jsonl"],
        "empty-archive": b"PK\5\6" + bytes(18),
        "gzip": b"\x1f\x8b\x08\x00" + bytes(20),
        "junk-in-front": b"#!/bin/sh\n" + GOOD,
        "junk-in-front-offsets-fitting": zipped(PARTS, before=b"MZ" + bytes(30)),
    }


def _named(raw: bytes) -> bytes:
    return zipped(sorted([*PARTS, Part(name=raw, content=b"{}")], key=lambda part: part.name))


def _cuts() -> dict[str, bytes]:
    size = len(GOOD)
    return {
        "cut-off-after-a-quarter": GOOD[: size // 4],
        "cut-off-in-the-directory": GOOD[:-200],
        "cut-off-by-one-byte": GOOD[:-1],
        "first-bytes-only": GOOD[:4],
        "middle-missing": GOOD[:1000] + GOOD[1400:],
    }


def _ends() -> dict[str, bytes]:
    total, shown = len(PARTS), sum(len(part.name) + 46 for part in PARTS)
    where = len(GOOD) - 22 - shown
    fitting = {"here": total - 1, "all": total - 1}
    return {
        "junk-behind": GOOD + b"junk",
        "newline-behind": GOOD + b"\n",
        "zero-bytes-behind": GOOD + bytes(64),
        "twice": GOOD + GOOD,
        "two-end-records": GOOD + GOOD[-22:],
        "comment": zipped(PARTS, comment=b"hello"),
        "comment-that-is-not-there": zipped(PARTS, end={"comment": 5}),
        "one-entry-fewer-counted": zipped(PARTS, end=fitting),
        "one-entry-more-counted": zipped(PARTS, end={"here": total + 1, "all": total + 1}),
        "counts-that-differ": zipped(PARTS, end={"here": total - 1}),
        "several-disks": zipped(PARTS, end={"disk": 1}),
        "directory-on-another-disk": zipped(PARTS, end={"start": 1}),
        "directory-larger-than-it-is": zipped(PARTS, end={"size": shown + 1}),
        "directory-somewhere-else": zipped(PARTS, end={"offset": where - 1}),
        "zip64-counts": zipped(PARTS, end={"here": 0xFFFF, "all": 0xFFFF}),
        "zip64-locator": GOOD[:-22] + b"PK\6\7" + bytes(16) + GOOD[-22:],
        "bytes-before-the-directory": zipped(PARTS, between=b"hidden"),
        "bytes-between-entries": _one(behind=b"hidden"),
        "data-descriptor": _one(behind=b"PK\7\x08" + bytes(12)),
    }


def _headers() -> dict[str, bytes]:
    """Return archives of which one header, or both of one entry, hold another value."""
    both = {
        "flag-utf-8": {"flags": 0x800},
        "flag-encrypted": {"flags": 1},
        "flag-descriptor": {"flags": 8},
        "time-of-day": {"time": 1},
        "another-day": {"date": 0x5A21},
        "needs-4-5": {"needs": 45},
        "checksum": WRONG_SUM,
        "size-one-more": {"size": len(ONE.content) + 1, "packed": len(ONE.content) + 1},
        "size-one-less": {"size": len(ONE.content) - 1, "packed": len(ONE.content) - 1},
        "sizes-that-differ": {"size": len(ONE.content) + 1},
        "method-deflate-unpacked": {"method": 8},
        "zip64-sizes": {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF},
    }
    central = {
        "mode-symlink": {"external": 0o120777 << 16},
        "mode-executable": {"external": 0o100755 << 16},
        "mode-folder": {"external": 0o040755 << 16 | 0x10},
        "mode-none": {"external": 0},
        "made-by-windows": {"system": 0},
        "made-by-a-newer-one": {"made_by": 63},
        "text-attribute": {"internal": 1},
        "entry-on-another-disk": {"disk": 1},
        "offset-one-more": {"offset": 1},
        "directory-signature": {"signature": b"PK\1\3"},
    }
    return {
        **{
            name: _one(local=wrong, central=wrong)
            for name, wrong in both.items()
            if wrong is not WRONG_SUM
        },
        **{f"local-{name}": _one(local=wrong) for name, wrong in both.items()},
        **{f"central-{name}": _one(central=wrong) for name, wrong in both.items()},
        **{name: _one(central=wrong) for name, wrong in central.items()},
        "local-signature": _one(local={"signature": b"PK\3\5"}),
        "extra-field": _one(extra=STAMP, shown_extra=STAMP),
        "local-extra-field": _one(extra=STAMP),
        "central-extra-field": _one(shown_extra=STAMP),
        "comment-of-an-entry": _one(comment=b"hello"),
        "another-name-in-the-directory": _one(shown=b"artifacts_manifest.jsom"),
    }


def _one(**fields: Any) -> bytes:  # noqa: ANN401  # of the entry
    """Return the archive with one entry as no other."""
    return zipped([FIRST, attrs.evolve(ONE, **fields), *REST])


def _entries() -> dict[str, bytes]:
    """Return archives with other entries than a pack has, or in another order."""
    twin = attrs.evolve(ONE, content=b"{}\n")
    clash = [Part(name=b"blobs", content=b""), Part(name=b"blobs/x", content=b"")]
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for part in PARTS:
            archive.writestr(zipfile.ZipInfo(part.name.decode()), part.content)
    block = b"\x01" + struct.pack("<HH", len(ONE.content), len(ONE.content) ^ 0xFFFF) + ONE.content
    deflated = {"method": 8, "crc32": zlib.crc32(ONE.content), "size": len(ONE.content)}
    return {
        "entry-twice": zipped([FIRST, ONE, ONE, *REST]),
        "name-twice": zipped([FIRST, ONE, twin, *REST]),
        "entry-listed-twice": _one(listed=2),
        "entry-not-listed": zipped([FIRST, ONE, attrs.evolve(twin, listed=0), *REST]),
        "entries-descend": zipped(list(reversed(PARTS))),
        "last-two-exchanged": zipped([*PARTS[:-2], PARTS[-1], PARTS[-2]]),
        "file-and-folder-of-one-name": zipped(sorted([*PARTS, *clash], key=lambda part: part.name)),
        "packed-by-another-tool": stored.getvalue(),
        "deflated": _one(content=block, local=deflated, central=deflated),
        "no-manifest": zipped([part for part in PARTS if part.name != MANIFEST.encode()]),
        "only-a-stranger": zipped([Part(name=b"readme.txt", content=b"hello")]),
    }


def _bit(data: bytes, at: int) -> bytes:
    """Return the data with the last bit of one byte flipped, and the checksum of its entry mended."""
    changed = data[: at + 1] + bytes([data[at + 1] ^ 1]) + data[at + 2 :]
    contents = {part.name.decode(): part.content for part in PARTS}
    for part in PARTS:
        start = data.index(part.content)
        if start <= at < start + len(part.content):
            contents[part.name.decode()] = changed[start : start + len(part.content)]
    return packed(contents)
