"""Concurrent writers of one process share a flush.

A store's durable commit costs one flush however much is in it. So the first caller to arrive leads:
it commits its own request together with all that wait, and each caller gets its own result. While a
leader flushes, the next callers queue up; when it is done it hands the lead to the first of them, so
no caller serves others for longer than one commit. A lone caller finds the queue empty, leads at
once and pays for one uncontended lock, nothing more.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from wrkr_core.errors import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Request = TypeVar("Request")
Result = TypeVar("Result")

MOST_AT_ONCE: Final = 256  # keeps one transaction, and so one caller's wait, bounded


class _Ticket(Generic[Request, Result]):
    """One caller's place in the queue."""

    __slots__ = ("gate", "leads", "outcome", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.outcome: Result | BaseException | None = None
        self.leads = False
        self.gate: threading.Lock | None = None  # held by the waiter until it is called


class GroupCommit(Generic[Request, Result]):
    """Runs ``commit`` over the requests of all threads, one call at a time.

    ``commit`` gets one or more requests in the order they came and returns, for each, its result or
    the exception its caller shall see. When it raises instead, nobody knows what was written: every
    caller but the leader gets ``Unknown``, the leader gets what was raised. Thread-safe; not for use
    after ``fork()``.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Request]], Sequence[Result | BaseException]],
        *,
        most: int = MOST_AT_ONCE,
    ) -> None:
        """Use ``commit`` for at most ``most`` requests at a time."""
        self._commit = commit
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[Request, Result]] = deque()
        self._led = False

    def submit(self, request: Request) -> Result:
        """Return the result of ``request`` once it was committed, alone or with others'.

        Raises: what ``commit`` gave for this request; ``Unknown`` if a shared commit broke off.
        """
        ticket: _Ticket[Request, Result] = _Ticket(request)
        try:
            with self._lock:
                if self._led:
                    ticket.gate = threading.Lock()
                    ticket.gate.acquire()
                    self._waiting.append(ticket)
                else:
                    self._led = ticket.leads = True
            if ticket.gate is not None:
                self._wait(ticket)
            if ticket.leads:
                self._lead(ticket)
        except BaseException:  # Ctrl-C anywhere in here: leave without stopping the others
            self._leave(ticket)
            raise
        if isinstance(ticket.outcome, BaseException):
            raise ticket.outcome
        return ticket.outcome  # type: ignore[return-value]  # a result once it is not an exception

    def _wait(self, ticket: _Ticket[Request, Result]) -> None:
        """Block until the outcome or the lead has arrived."""
        if ticket.gate is not None:
            ticket.gate.acquire()

    def _leave(self, ticket: _Ticket[Request, Result]) -> None:
        """Take a ticket whose caller goes away out of the queue, or pass on the lead it still has."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            elif ticket.leads:
                self._hand_on()

    def _lead(self, mine: _Ticket[Request, Result]) -> None:
        """Commit what waits, ``mine`` first, then pass the lead on."""
        with self._lock:
            batch = [mine]
            while self._waiting and len(batch) < self._most:
                batch.append(self._waiting.popleft())
        try:
            outcomes = self._commit([ticket.request for ticket in batch])
            for ticket, outcome in zip(batch, outcomes, strict=True):
                ticket.outcome = outcome
        except BaseException as error:  # noqa: BLE001  # raised again in the leader, by submit
            for ticket in batch:
                ticket.outcome = Unknown(f"a shared commit broke off: {error}")
            mine.outcome = error
        finally:
            with self._lock:
                mine.leads = False
                self._hand_on()
            for ticket in batch[1:]:
                if ticket.gate is not None:
                    ticket.gate.release()

    def _hand_on(self) -> None:
        """Give the lead to the first who waits, or to nobody. Call with the lock held."""
        if not self._waiting:
            self._led = False
            return
        heir = self._waiting.popleft()
        heir.leads = True
        if heir.gate is not None:
            heir.gate.release()
