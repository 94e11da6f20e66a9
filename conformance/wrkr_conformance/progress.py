"""How a run goes on, said on standard error: one line on a terminal, or a line per clause."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final, Literal, TextIO

if TYPE_CHECKING:
    from wrkr_conformance.clause import Clause
    from wrkr_conformance.report import Outcome

How = Literal["silent", "one line", "lines"]

_BACK: Final = "\r\x1b[K"  # to the line's beginning, and erase it


class Progress:
    """Says which clause is being run, and at once which was not kept."""

    def __init__(self, stream: TextIO, how: How) -> None:
        """Say nothing yet."""
        self._stream = stream
        self._how = how

    @classmethod
    def of(cls, stream: TextIO, *, is_quiet: bool, is_verbose: bool) -> Progress:
        """Return one that fits: a terminal gets one line that changes, a file nothing."""
        if is_quiet:
            return cls(stream, "silent")
        if is_verbose:
            return cls(stream, "lines")
        return cls(stream, "one line" if stream.isatty() else "silent")

    def begin(self, clause: Clause, number: int, total: int) -> None:
        """Say which clause is being run."""
        if self._how == "one line":
            text = f"{number}/{total} {clause.id} {clause.sentence}"
            room = shutil.get_terminal_size().columns - 1
            text = text if len(text) <= room else f"{text[: room - 1]}…"
            self._say(f"{_BACK}{text}")

    def end(self, outcome: Outcome) -> None:
        """Say what became of it."""
        said = outcome.status.replace("_", " ")
        if self._how == "lines":
            why = f": {outcome.reason}" if outcome.reason else ""
            self._say(f"{said:<8}{outcome.clause.id:<6}{outcome.seconds:6.2f} s{why}\n")
        elif self._how == "one line":
            shown = f"{said} {outcome.clause.id}\n" if outcome.status == "failed" else ""
            self._say(f"{_BACK}{shown}")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._how == "one line":
            self._say(_BACK)

    def _say(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
