"""Reading a document beside what it must say, without holding either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack.problems import Report, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable


class Comparison:
    """A document that is read piece by piece as it becomes known what must stand there."""

    def __init__(self, name: str, chunks: Iterable[bytes], report: Report = refuse) -> None:
        """Compare the document ``name``, whose content is ``chunks``.

        The first difference is handed to ``report``; behind it nothing is compared.
        """
        self._name = name
        self._report = report
        self._differs_already = False
        self._chunks = iter(chunks)
        self._ahead = bytearray()
        self._offset = 0
        self._line = 1

    def expect(self, data: bytes) -> None:
        """Go on by ``data``, which must be the next bytes. Raises: what ``report`` raises."""
        if self._differs_already:
            return
        while len(self._ahead) < len(data):
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._ahead += chunk
        found = bytes(self._ahead[: len(data)])
        if found != data:
            self._differs_already = True
            self._report(self._difference(found, data))
            return
        del self._ahead[: len(data)]
        self._offset += len(data)
        self._line += data.count(b"\n")

    def end(self) -> None:
        """Require that nothing is left. Raises: what ``report`` raises."""
        if not self._differs_already and (self._ahead or next(self._chunks, b"")):
            more = "it goes on where the log has nothing more to say"
            self._report(self._error(more, self._offset, 0))

    def _difference(self, found: bytes, data: bytes) -> VerifyHistoryError:
        pairs = enumerate(zip(found, data, strict=False))
        same = next((i for i, (a, b) in pairs if a != b), min(len(found), len(data)))
        lines = data.count(b"\n", 0, same)
        return self._error("it does not say what the log says", self._offset + same, lines)

    def _error(self, problem: str, offset: int, lines: int) -> VerifyHistoryError:
        line = self._line + lines
        return VerifyHistoryError(
            f"{self._name} was not made from this log: {problem}, from byte {offset} on",
            entry=self._name,
            line=line,
            offset=offset,
        )
