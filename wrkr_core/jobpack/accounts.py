"""A job's budget over its whole history, added up once more beside the fold.

The state says what was spent in the end. This says after every event whether the job was still
allowed what it did: nothing begun or reserved that did not fit (I4), and in every checkpoint the
sums of that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core import events as e
from wrkr_core.budget import Amount, Overrun, Reservation, overruns, refused

if TYPE_CHECKING:
    from collections.abc import Iterable


class Accounts:
    """What a job may use, has used and has set aside, as of the last event taken in."""

    def __init__(self, limits: Iterable[Amount]) -> None:
        """Begin with nothing used."""
        self._limits = {each.meter: each.amount for each in limits}
        self._spent: dict[str, int] = {}
        self._open: dict[str, Reservation] = {}
        self._under_way: set[e.StepRef] = set()

    def spent(self) -> tuple[Amount, ...]:
        """Return what was used, ascending by meter."""
        return tuple(
            Amount(meter=meter, amount=self._spent[meter]) for meter in sorted(self._spent)
        )

    def refusal(self, event: e.StepStarted | e.BudgetReserved) -> tuple[Overrun, ...]:
        """Return the meters on which ``event`` was not allowed when it happened; usually none."""
        reserved = self._reserved()
        if isinstance(event, e.BudgetReserved):
            return refused(self._limits, self._spent, reserved, event.reservation.amounts)
        over = overruns(self._limits, self._spent, reserved)
        return over or refused(self._limits, self._spent, reserved, self._cost(event))

    def take_in(self, event: e.Event) -> None:
        """Count what ``event`` used, reserved, settled or raised."""
        match event:
            case e.StepStarted():
                self._spend(self._cost(event))
                self._under_way.add(event.step)
            case e.StepFinished() | e.StepFailed():
                self._under_way.discard(event.step)
                self._spend(event.usage)
            case e.LeaseTaken() | e.LeaseReleased():
                self._spend(event.usage)
            case e.Charged():
                self._spend(event.amounts)
            case e.BudgetReserved():
                self._open[event.reservation.id] = event.reservation
            case e.BudgetSettled():
                self._open.pop(event.reservation, None)
                self._spend(event.amounts)
            case e.BudgetRaised():
                self._limits.update((each.meter, each.amount) for each in event.limits)
            case _:
                return

    def _cost(self, event: e.StepStarted) -> tuple[Amount, ...]:
        """Return what beginning the attempt uses: nothing when the one before was interrupted."""
        if event.attempt > 1 and event.step in self._under_way:
            return ()
        return (Amount(meter="steps" if event.attempt == 1 else "retries", amount=1),)

    def _spend(self, amounts: Iterable[Amount]) -> None:
        for each in amounts:
            self._spent[each.meter] = self._spent.get(each.meter, 0) + each.amount

    def _reserved(self) -> dict[str, int]:
        reserved: dict[str, int] = {}
        for reservation in self._open.values():
            for each in reservation.amounts:
                reserved[each.meter] = reserved.get(each.meter, 0) + each.amount
        return reserved
