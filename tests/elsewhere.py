"""Work that goes on in a thread of its own while a test interferes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.worlds import TOO_LONG
from wrkr_run.foreground import work_on
from wrkr_run.supervision import Surroundings

if TYPE_CHECKING:
    from wrkr_core.ledger import Ledger
    from wrkr_run.foreground import RunResult

QUICK = Surroundings(grace=50_000)
ENDLESS = 100_000  # more steps than any test lets it do


class Elsewhere:
    """Works on the job ``j``."""

    def __init__(self, ledger: Ledger, surroundings: Surroundings = QUICK) -> None:
        self._results: list[RunResult] = []
        self._thread = threading.Thread(
            target=lambda: self._results.append(work_on(ledger, "j", surroundings=surroundings))
        )
        self._thread.start()

    def result(self) -> RunResult:
        self._thread.join(TOO_LONG)
        (result,) = self._results
        return result


class BusyWorker:
    """A worker that does step after step of a job, charges for each, and may complete it at last."""

    def __init__(
        self, worker: Ledger, job_id: str, *, steps: int = ENDLESS, completes: bool = False
    ) -> None:
        self.ran = 0
        self.errors: list[BaseException] = []
        self._worker, self._job_id, self._steps = worker, job_id, steps
        self._completes = completes
        self._moved = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            with self._worker.work(self._job_id) as job:
                for number in range(self._steps):
                    job.step("edit", self._move, key=str(number))
                    job.charge(tokens=1)
                if self._completes:
                    job.complete()
        except Exception as error:  # noqa: BLE001  # whatever it was, the test tells
            self.errors.append(error)
        finally:
            with self._moved:
                self._is_over = True
                self._moved.notify_all()

    def _move(self) -> None:
        with self._moved:
            self.ran += 1
            self._moved.notify_all()

    def wait_for(self, ran: int) -> None:
        with self._moved:
            assert self._moved.wait_for(lambda: self.ran >= ran or self._is_over, TOO_LONG)

    def join(self) -> None:
        self._thread.join(TOO_LONG)
        assert not self._thread.is_alive()
        assert self.errors == []
