"""Notebooks that are not flushed when they should be, or not as they believe (D1, R1)."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

from tests.conformance.badstores.bad import Bad
from tests.conformance.badstores.notebook import MARK, Notebook, line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent


class NeverFlushes(Notebook):
    def flush(self) -> None:
        pass


class LeavesItsBufferUnflushed(Notebook):
    """Flushes the file, but not what Python still holds back."""

    def open_file(self) -> IO[bytes]:
        return os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT), "r+b")


class NeverFlushesTheFolder(Notebook):
    def flush_folder(self) -> None:
        pass


class FlushesTheLastWriteOnly(Notebook):
    """Opens the file anew to flush it, as if a flush were about a handle."""

    relaxed = False

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        self.relaxed = stream.startswith("b")
        try:
            return super().append(stream, expected, events)
        finally:
            self.relaxed = False

    def flush(self) -> None:
        if not self.relaxed:
            super().flush()


class ShowsBeforeItFlushes(Notebook):
    def write(self, call: list[Any]) -> None:
        start, line = self.read_up_to, line_of(call)
        try:
            self.put_down(start, line + MARK)
            self.flush()
        except OSError as error:
            self.take_back(start, error)
        self.read_up_to = start + len(line) + len(MARK)


class FlushesAgainAfterAFailure(Notebook):
    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            super().flush()


class BelievesAFlushThatFailed(Notebook):
    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


class BuriesWithoutAFlush(Notebook):
    """Leaves the tombstone to be flushed with whatever comes next."""

    late = False

    def delete(self, stream: str) -> None:
        self.late = True
        try:
            super().delete(stream)
        finally:
            self.late = False

    def flush(self) -> None:
        if not self.late:
            super().flush()


class ReplacesTheFileWithoutAFlush(Notebook):
    """Writes a new file and renames it over the old one, without flushing either."""

    def catch_up(self) -> None:
        if self.path.stat().st_ino != os.fstat(self.file.fileno()).st_ino:
            self.file.close()
            self.file = self.open_file()
        super().catch_up()

    def write(self, call: list[Any]) -> None:
        super().write(call)
        if call[0] == "trim":
            whole = os.pread(self.file.fileno(), 1 << 30, 0)
            temporary = self.path.with_suffix(".new")
            temporary.write_bytes(whole)
            temporary.replace(self.path)
            self.file.close()
            self.file = self.open_file()


BAD: Final = (
    Bad(NeverFlushes, "D1.6", "never flushes"),
    Bad(LeavesItsBufferUnflushed, "D1.6", "flushes a file whose buffer it left alone"),
    Bad(NeverFlushesTheFolder, "D1.6", "does not flush the folder of a new file"),
    Bad(FlushesTheLastWriteOnly, "D1.6", "leaves out the flush for some streams"),
    Bad(ReplacesTheFileWithoutAFlush, "D1.6", "renames a file that was not flushed"),
    Bad(ShowsBeforeItFlushes, "R1.1", "shows records before they are flushed"),
    Bad(FlushesAgainAfterAFailure, "D1.9", "tries a flush again that has failed"),
    Bad(BelievesAFlushThatFailed, "D1.9", "does not look whether a flush has failed"),
    Bad(BuriesWithoutAFlush, "T1.6", "flushes the tombstone later"),
)
