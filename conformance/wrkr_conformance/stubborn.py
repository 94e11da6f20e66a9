"""A caller who does what the contract says after an error: repeat the call, then open the store anew."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from wrkr_conformance.expect import head_of
from wrkr_conformance.judging import Finding
from wrkr_conformance.script import Begun, Done, Failed, Player
from wrkr_core.errors import (
    Busy,
    Conflict,
    Deleted,
    HandleClosed,
    NotSupported,
    StoreError,
    StoreUnavailable,
    Trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_conformance.script import Message, Saw, Step
    from wrkr_core.store import Store

NOTHING_WRITTEN: Final = (Busy, StoreUnavailable)  # what these say; others leave it open (A4)
OFF_THE_POINT: Final = (Conflict, Deleted, Trimmed, NotSupported, HandleClosed)


class StubbornPlayer:
    """Plays the script through faults. After each the same call is repeated until it is done (A3).

    Attributes:
        findings: What was wrong on the way.
        met: How many calls ended in an error.

    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        tell: Callable[[Message], None],
        relieve: Callable[[], None],
    ) -> None:
        """Play on handles of ``open_store``; ``relieve`` ends the fault once it was met."""
        self._open = open_store
        self._tell = tell
        self._relieve = relieve
        self._player: Player | None = None
        self.findings: list[Finding] = []
        self.met = 0

    def play(self, steps: Sequence[Step]) -> None:
        """Do every step, whatever it takes, until one cannot be done at all."""
        for step in steps:
            if not self._do(step):
                return
            self._look()

    def close(self) -> None:
        """Close the handle that is open."""
        if self._player is not None:
            with suppress(StoreError, OSError):
                self._player.store.close()
            self._player = None

    def _do(self, step: Step) -> bool:
        """Do one step: through the handle there is, again, and through a new one."""
        for attempt in range(4):
            self._tell(Begun(step.number))
            try:
                answer = self._handle().do(step)
            except Exception as error:  # noqa: BLE001  # which errors it raises is the question
                self._note(step, error, attempt)
                if attempt:
                    self.close()
            else:
                self._tell(Done(step.number, answer))
                return True
        self.findings.append(
            Finding("repeat", f"{step} cannot be repeated after the fault: it fails every time")
        )
        return False

    def _handle(self) -> Player:
        if self._player is None:
            self._player = Player(self._open(), self._tell)
        return self._player

    def _note(self, step: Step, error: Exception, attempt: int) -> None:
        """Take note of what a call raised, and see whether it was true."""
        self.met += 1
        self._relieve()
        what = f"{step}, the disk being at fault, raises {type(error).__name__}: {error}"
        if not isinstance(error, StoreError | OSError):
            self.findings.append(Finding("error", f"{what}, neither the contract's nor an OSError"))
        elif isinstance(error, OFF_THE_POINT) and self.met == 1:
            self.findings.append(Finding("error", f"{what}, which says something else"))
        is_written = not isinstance(error, NOTHING_WRITTEN)
        self._tell(Failed(step.number, is_written, str(error)))
        if not is_written and attempt == 0 and step.act == "append":
            with suppress(StoreError, OSError):
                other = self._open()
                if head_of(other, step.name) > step.expected:
                    self.findings.append(Finding("refused", f"{what}, and its records are there"))
                other.close()

    def _look(self) -> Saw | None:
        """Read on in the feed, as a consumer between two writes."""
        with suppress(StoreError, OSError):
            seen = self._handle().look()
            self._tell(seen)
            return seen
        self.close()
        return None
