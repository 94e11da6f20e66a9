"""A right store, small enough to be made wrong: one file of lines that every handle reads.

A line is one call that changed something, under its checksum. It is flushed, and only then followed
by a mark, ``=``, up to which readers go: so nobody is shown what a crash could take away. Whoever
opens the notebook gives a whole last line its mark and cuts off what is less than that.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any
from zlib import crc32

from wrkr_core.errors import Corrupt, HandleClosed, StoreUnavailable, Unknown
from wrkr_core.memory import MemoryStore
from wrkr_core.store import NewEvent, StoreInfo, not_supported

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from wrkr_core.store import Appended, Cell, Event, StreamInfo

MARK = b"=\n"
LATIN = "latin-1"  # any bytes as a text, readable where they are ASCII
INFO = StoreInfo(
    "notebook", "1", frozenset({"multi_process", "concurrent_readers", "trim"}), durability="power"
)


class Notebook:
    """Keeps everything in ``notebook.txt``; all that was read of it is in memory."""

    info = INFO

    def __init__(self, directory: Path) -> None:
        self.path = directory / "notebook.txt"
        self.process = os.getpid()
        self.turn = threading.RLock()
        self.known = MemoryStore()
        self.read_up_to = 0
        self.is_closed = False
        self.file = self.open_file()
        try:
            with self.alone():
                self.flush_folder()
                self.repair()
        except BaseException:
            self.file.close()
            raise

    def open_file(self) -> IO[bytes]:
        return os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT), "r+b", buffering=0)

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        given = [[e.id, e.type, e.at, text_of(e.data)] for e in events]
        with self.alone():
            self.catch_up()
            done = self.known.append(stream, expected, events)
            if not done.replayed:
                self.write(["append", stream, expected, given])
            return done

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        given = None if data is None else text_of(data)
        with self.alone():
            self.catch_up()
            version = self.known.put(key, data, expected)
            self.write(["put", key, given, expected])
            return version

    def delete(self, stream: str) -> None:
        with self.alone():
            self.catch_up()
            self.known.delete(stream)
            self.write(["delete", stream])

    def trim(self, stream: str, through: int) -> None:
        with self.alone():
            self.catch_up()
            self.known.trim(stream, through)
            self.write(["trim", stream, through])

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return self.looking().read(stream, after, limit)

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        return self.looking().feed(cursor, limit)

    def stream(self, stream: str) -> StreamInfo | None:
        return self.looking().stream(stream)

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        return self.looking().streams(after, limit, prefix)

    def get(self, key: str) -> Cell | None:
        return self.looking().get(key)

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return self.looking().keys(prefix, after, limit)

    def wait(self, cursor: str, timeout: float) -> bool:
        raise not_supported(self.info, "wait")

    def close(self) -> None:
        if os.getpid() != self.process:
            return
        with self.turn:
            self.is_closed = True
            self.file.close()

    def looking(self) -> MemoryStore:
        """Return what is there now."""
        self.check_usable()
        with self.turn:
            self.check_usable()
            self.catch_up()
            return self.known

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep every other writer out."""
        self.check_usable()
        with self.turn:
            self.check_usable()
            fcntl.flock(self.file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if not self.file.closed:
                    fcntl.flock(self.file, fcntl.LOCK_UN)

    def check_usable(self) -> None:
        if self.is_closed or os.getpid() != self.process:
            raise HandleClosed("this notebook was closed, or carried over a fork")

    def write(self, call: list[Any]) -> None:
        """Write a line, flush it, mark it. Call it alone and caught up."""
        start, line = self.read_up_to, line_of(call)
        try:
            self.put_down(start, line)
            self.flush()
            self.put_down(start + len(line), MARK)
        except OSError as error:
            self.take_back(start, error)
        self.read_up_to = start + len(line) + len(MARK)

    def put_down(self, offset: int, data: bytes) -> None:
        """Write all of ``data``."""
        self.file.seek(offset)
        while data:
            data = data[self.file.write(data) :]

    def flush(self) -> None:
        os.fsync(self.file.fileno())

    def flush_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def take_back(self, size: int, error: OSError) -> None:
        """Cut off what could not be written, and be of no more use: memory is ahead of the file."""
        self.is_closed = True
        try:
            self.file.truncate(size)
        finally:
            self.file.close()
        raise Unknown(f"the notebook may have taken it: {error}") from error

    def catch_up(self) -> None:
        """Read what others have written, as far as it is marked."""
        if os.fstat(self.file.fileno()).st_size == self.read_up_to:
            return
        for line, end in self.marked_lines():
            self.apply(line)
            self.read_up_to = end

    def marked_lines(self) -> list[tuple[bytes, int]]:
        """Return every unread line that has its mark, and where it ends. Raises: Corrupt."""
        content = os.pread(self.file.fileno(), 1 << 30, self.read_up_to)
        found: list[tuple[bytes, int]] = []
        place = 0
        while (end := content.find(b"\n", place) + 1) and content[end : end + len(MARK)] == MARK:
            found.append((content[place:end], self.read_up_to + end + len(MARK)))
            place = end + len(MARK)
        if has_good_line(content[place:]):
            raise Corrupt(f"{self.path}: a bad line at {place} with good ones after it")
        return found

    def apply(self, line: bytes) -> None:
        """Do again what a line says. Raises: Corrupt."""
        call = call_of(line)
        if call is None:
            raise Corrupt(f"{self.path}: a line is not as it was written")
        DO[call[0]](self.known, *call[1:])

    def repair(self) -> None:
        """Mark a whole last line, which may have been acknowledged, and cut off what is less.

        A flush may have failed before, and the last mark may be what it forgot.
        """
        self.catch_up()
        if self.read_up_to:
            self.put_down(self.read_up_to - len(MARK), MARK)
        rest = os.pread(self.file.fileno(), 1 << 30, self.read_up_to)
        line = rest[: rest.find(b"\n") + 1]
        if rest and call_of(line) is not None:
            self.apply(line)
            self.file.truncate(self.read_up_to + len(line))
            self.write_again(line)
        else:
            self.file.truncate(self.read_up_to)
            self.flush()

    def write_again(self, line: bytes) -> None:
        """Write a line once more, so that the flush is known to be about it, and mark it."""
        try:
            self.put_down(self.read_up_to, line)
            self.flush()
            self.put_down(self.read_up_to + len(line), MARK)
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be repaired: {error}") from error
        self.read_up_to += len(line) + len(MARK)


def text_of(data: bytes) -> str:
    return bytes(data).decode(LATIN)


def line_of(call: list[Any]) -> bytes:
    body = json.dumps(call).encode()
    return b"%08x %b\n" % (crc32(body), body)


def call_of(line: bytes) -> list[Any] | None:
    """Return the call in a line, None if it is not as it was written."""
    body = line[9:-1]
    if not line.endswith(b"\n") or line[:9] != b"%08x " % crc32(body):
        return None
    call: list[Any] = json.loads(body)
    return call


def has_good_line(content: bytes) -> bool:
    """Tell whether there is a marked, good line behind the first one, which has no mark."""
    lines = content.split(b"\n")
    return any(
        mark == b"=" and call_of(line + b"\n") is not None for line, mark in pairwise(lines[1:])
    )


def _append(store: MemoryStore, stream: str, expected: int, given: list[list[Any]]) -> None:
    batch = [NewEvent(name, kind, at, data.encode(LATIN)) for name, kind, at, data in given]
    store.append(stream, expected, batch)


def _put(store: MemoryStore, key: str, data: str | None, expected: int) -> None:
    store.put(key, None if data is None else data.encode(LATIN), expected)


DO: dict[str, Callable[..., None]] = {
    "append": _append,
    "put": _put,
    "delete": MemoryStore.delete,
    "trim": MemoryStore.trim,
}
