"""A job's budget over its whole history, added up once more beside the fold.

The state says what was spent in the end. This says after every event whether the job was still
allowed what it did: nothing begun or reserved that did not fit (I4), and in every checkpoint the
sums of that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_core import events as e
from wrkr_core.budget import Amount, Overrun, Reservation, overrun_text, overruns, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Accounts:
    """What a job may use, has used and has set aside, as of the last event taken in."""

    def __init__(self, limits: Iterable[Amount]) -> None:
        """Begin with nothing used."""
        self._limits = {each.meter: each.amount for each in limits}
        self._spent: dict[str, int] = {}
        self._open: dict[str, Reservation] = {}
        self._under_way: set[e.StepRef] = set()
        self._counted: Mapping[type, Callable[[Any], None]] = {
            e.StepStarted: self._started,
            e.StepFinished: self._ended,
            e.StepFailed: self._ended,
            e.LeaseTaken: self._leased,
            e.LeaseReleased: self._leased,
            e.Charged: self._charged,
            e.BudgetReserved: self._set_aside,
            e.BudgetSettled: self._settled,
            e.BudgetRaised: self._raised,
        }

    @property
    def open(self) -> int:
        """How many reservations are not settled."""
        return len(self._open)

    def spent(self) -> tuple[Amount, ...]:
        """Return what was used, ascending by meter."""
        return tuple(
            Amount(meter=meter, amount=self._spent[meter]) for meter in sorted(self._spent)
        )

    def refusal(self, event: e.StepStarted | e.BudgetReserved) -> tuple[Overrun, ...]:
        """Return the meters on which ``event`` was not allowed when it happened; usually none."""
        if not self._open and isinstance(event, e.StepStarted) and self._is_well_within():
            return ()
        reserved = self._reserved()
        if isinstance(event, e.BudgetReserved):
            return refused(self._limits, self._spent, reserved, event.reservation.amounts)
        over = overruns(self._limits, self._spent, reserved)
        return over or refused(self._limits, self._spent, reserved, self._cost(event))

    def _is_well_within(self) -> bool:
        """Tell whether one more step or retry is within every limit: nearly always, and found fast."""
        for meter, limit in self._limits.items():  # noqa: SIM110  # four times as fast as all()
            if self._spent.get(meter, 0) >= limit:
                return False
        return True

    def is_over(self) -> bool:
        """Tell whether more is used and set aside than the limits allow."""
        if not self._open and self._is_well_within():
            return False
        return bool(overruns(self._limits, self._spent, self._reserved()))

    def misstated(self, meters: Iterable[Overrun]) -> str:
        """Return what is wrong with what is said to be over its limit, or nothing.

        Running time may be more than is recorded: what was used since then counts, too.
        """
        stated, reserved = tuple(meters), self._reserved()
        for each in stated:
            used = self._spent.get(each.meter, 0) + reserved.get(each.meter, 0)
            is_used = each.used >= used if each.meter == "wall" else each.used == used
            is_over = bool(
                overruns({each.meter: each.limit}, {each.meter: each.used + each.wanted}, {})
            )
            if not (is_used and is_over and each.limit == self._limits.get(each.meter)):
                return f"{overrun_text([each])} is not how the budget stood"
        return "" if stated else "it names no meter that is over its limit"

    def take_in(self, event: e.Event) -> None:
        """Count what ``event`` used, reserved, settled or raised."""
        count = self._counted.get(type(event))
        if count is not None:
            count(event)

    def _started(self, event: e.StepStarted) -> None:
        if event.attempt == 1 or event.step not in self._under_way:  # else it was interrupted
            meter = "steps" if event.attempt == 1 else "retries"
            self._spent[meter] = self._spent.get(meter, 0) + 1
        self._under_way.add(event.step)

    def _ended(self, event: e.StepFinished | e.StepFailed) -> None:
        self._under_way.discard(event.step)
        self._spend(event.usage)

    def _leased(self, event: e.LeaseTaken | e.LeaseReleased) -> None:
        self._spend(event.usage)

    def _charged(self, event: e.Charged) -> None:
        self._spend(event.amounts)

    def _set_aside(self, event: e.BudgetReserved) -> None:
        self._open[event.reservation.id] = event.reservation

    def _settled(self, event: e.BudgetSettled) -> None:
        self._open.pop(event.reservation, None)
        self._spend(event.amounts)

    def _raised(self, event: e.BudgetRaised) -> None:
        self._limits.update((each.meter, each.amount) for each in event.limits)

    def _cost(self, event: e.StepStarted) -> tuple[Amount, ...]:
        """Return what beginning the attempt uses: nothing when the one before was interrupted."""
        if event.attempt == 1:
            return _ONE_STEP
        return () if event.step in self._under_way else _ONE_RETRY

    def _spend(self, amounts: Iterable[Amount]) -> None:
        for each in amounts:
            self._spent[each.meter] = self._spent.get(each.meter, 0) + each.amount

    def _reserved(self) -> dict[str, int]:
        reserved: dict[str, int] = {}
        for reservation in self._open.values():
            for each in reservation.amounts:
                reserved[each.meter] = reserved.get(each.meter, 0) + each.amount
        return reserved


_ONE_STEP: Final = (Amount(meter="steps", amount=1),)
_ONE_RETRY: Final = (Amount(meter="retries", amount=1),)
