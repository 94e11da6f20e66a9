"""Notebooks that say the wrong thing when something fails or is in the way (A3, A4)."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from tests.conformance.badstores.bad import Bad
from tests.conformance.badstores.notebook import MARK, Notebook, line_of
from wrkr_core.errors import Busy, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from wrkr_core.store import Appended, NewEvent


class ReportsUnknownAsBusy(Notebook):
    def take_back(self, size: int, error: OSError) -> None:
        self.is_closed = True
        self.file.close()
        raise Busy(f"try again: {error}") from error


class SaysNothingWasWritten(Notebook):
    def take_back(self, size: int, error: OSError) -> None:
        self.is_closed = True
        self.file.close()
        raise StoreUnavailable(f"the disk fails: {error}") from error


class RaisesItsOwnErrors(Notebook):
    def write(self, call: list[Any]) -> None:
        start, line = self.read_up_to, line_of(call)
        try:
            self.put_down(start, line)
            self.flush()
            self.put_down(start + len(line), MARK)
        except OSError as error:
            self.is_closed = True
            self.file.close()
            raise RuntimeError("notebook: write failed") from error
        self.read_up_to = start + len(line) + len(MARK)


class LocksItselfAway(Notebook):
    """Marks the store as damaged at the first error, and nobody takes the mark away."""

    def take_back(self, size: int, error: OSError) -> None:
        self.path.with_suffix(".damaged").touch()
        super().take_back(size, error)

    def repair(self) -> None:
        if self.path.with_suffix(".damaged").exists():
            raise StoreUnavailable("the notebook was damaged: call its author")
        super().repair()


class IsBusyAfterItHasWritten(Notebook):
    """Writes when its turn comes, but tells who had to wait for it that it gave up."""

    has_waited = False

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        done = super().append(stream, expected, events)
        if self.has_waited and not done.replayed:
            raise Busy("somebody else is writing")
        return done

    @contextmanager
    def alone(self) -> Generator[None]:
        self.check_usable()
        self.has_waited = True
        with suppress(OSError):
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.has_waited = False
        with super().alone():
            yield


BAD: Final = (
    Bad(ReportsUnknownAsBusy, "A4.3", "says Busy where it should say Unknown"),
    Bad(SaysNothingWasWritten, "A4.3", "says that nothing was written without taking it back"),
    Bad(IsBusyAfterItHasWritten, "A4.1", "says Busy after it has written"),
    Bad(RaisesItsOwnErrors, "A4.2", "raises RuntimeError for an error of the disk"),
    Bad(LocksItselfAway, "A3.5", "cannot be used again after an error of the disk"),
)
