r"""Where everything is: folders of the store, and file names made from names of any letters.

``streams/<name>/events-000000000001.jsonl``
    A stream's records, one a line. A segment is named after its first seq; it ends where the next
    one begins.
``deleted/<name>/``
    The tombstone of a stream, an empty folder.
``cells/<key>``, ``relaxed/<key>``, ``gone/<key>``
    A cell as last put durably, as put without a flush since, and as deleted; the highest version
    is the cell.
``journal.jsonl``, ``feed.jsonl``
    What has to be repeated after a crash, and the order of all batches.
``tmp/``
    Files on their way to another name. Whoever holds the lock may empty it.

A name becomes a file name byte by byte: ``a-z 0-9 _ -`` stay, all else is ``%`` and two hex digits.
So it is never taken for a path, two names never meet on a disk that ignores case or rewrites
Unicode, and no name is a device of Windows. What would be too long for a file system is cut and
ends in ``~`` and the SHA-256 of the whole name; the file ``name`` beside the segments then holds it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

FORMAT: Final = 1
LONGEST: Final = 200  # bytes of a file name; file systems take 255, and suffixes need room
KEPT: Final = 100  # bytes of a long name that stay readable
PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
ESCAPES: Final = tuple(chr(byte) if byte in PLAIN else f"%{byte:02x}" for byte in range(256))
DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")
SEGMENT: Final = re.compile(r"events-([0-9]{12,})\.jsonl")


@lru_cache(maxsize=4096)
def file_name(name: str) -> str:
    """Return the file name for a stream or cell; different names always get different ones."""
    raw = name.encode()
    text = "".join([ESCAPES[byte] for byte in raw])
    if DEVICES.fullmatch(text):
        text = f"%{raw[0]:02x}{text[1:]}"
    if len(text) > LONGEST:
        return f"{text[:KEPT]}~{hashlib.sha256(raw).hexdigest()}"
    return text


def name_of(file: str) -> str | None:
    """Return the name a file name was made from, None if it was cut or is not one of ours."""
    try:
        name = unquote(file, errors="strict")
    except UnicodeDecodeError:
        return None
    return name if file_name(name) == file else None


def segment_name(first: int) -> str:
    """Return the name of the segment whose first record has seq ``first``."""
    return f"events-{first:012d}.jsonl"


def segment_first(file: str) -> int | None:
    """Return the seq a segment is named after, None for another file."""
    found = SEGMENT.fullmatch(file)
    return int(found[1]) if found else None


class Layout:
    """The paths of one store."""

    def __init__(self, root: str) -> None:
        """Lay out a store in the folder ``root``."""
        self.root = root
        self.format = f"{root}/format"
        self.lock = f"{root}/lock"
        self.journal = f"{root}/journal.jsonl"
        self.suspect = f"{root}/journal-suspect.jsonl"
        self.feed = f"{root}/feed.jsonl"
        self.streams = f"{root}/streams"
        self.deleted = f"{root}/deleted"
        self.cells = f"{root}/cells"
        self.relaxed = f"{root}/relaxed"
        self.gone = f"{root}/gone"
        self.temporary = f"{root}/tmp"  # noqa: S108  # below the root, and private

    @property
    def folders(self) -> tuple[str, ...]:
        """Every folder a store has."""
        return (
            self.streams,
            self.deleted,
            self.cells,
            self.relaxed,
            self.gone,
            self.temporary,
        )

    def stream(self, name: str) -> str:
        """Return the folder of a stream."""
        return f"{self.streams}/{file_name(name)}"

    def segment(self, name: str, first: int) -> str:
        """Return the path of a segment."""
        return f"{self.streams}/{file_name(name)}/{segment_name(first)}"

    @staticmethod
    def name_file(folder: str) -> str:
        """Return the file that holds the name of a stream whose folder cannot tell it."""
        return f"{folder}/name"

    def tombstone(self, name: str) -> str:
        """Return the folder that says a stream was deleted."""
        return f"{self.deleted}/{file_name(name)}"
