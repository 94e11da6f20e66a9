"""An open reservation, as the code that made it sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wrkr_core.budget import amounts
from wrkr_core.errors import Blocked
from wrkr_core.job.decide.spending import decide_settle

if TYPE_CHECKING:
    from wrkr_core.budget import Amount, Reservation
    from wrkr_core.work.holding import Holding


class Spending:
    """An open reservation; settle it with what was really used, or all of it counts."""

    def __init__(
        self, holding: Holding, reservation: Reservation, *, comes_again: bool = False
    ) -> None:
        """Made by ``Job.reserve``; ``comes_again`` says that a next run finds this reservation."""
        self._holding = holding
        self._reservation = reservation
        self._comes_again = comes_again
        self.is_settled = False

    def settle(self, **used: Any) -> None:  # noqa: ANN401  # the keywords of budget.amounts
        """Record the actual amounts, by the keywords of ``charge``; the first call counts.

        Raises: Blocked: they are over a limit.
        """
        self._settle(amounts(**used))
        self._holding.stop_unless_running()

    def settle_whole(self) -> None:
        """Count the whole reservation as used, unless it was settled. Raises: Blocked."""
        self._settle(self._reservation.amounts)
        self._holding.stop_unless_running()

    def leave(self, error: BaseException) -> None:
        """Settle what ``error`` leaves behind.

        A job that stops is stopped where its code asks, so what the code used by then it has said; a
        next run goes on with the reservation, or makes its own. Of any other end nobody knows what
        was used.
        """
        is_stopped = isinstance(error, Blocked)
        if (is_stopped or isinstance(error, KeyboardInterrupt)) and self._comes_again:
            return
        if not self._holding.lets_out(error):
            self._settle(() if is_stopped else self._reservation.amounts)

    def _settle(self, actual: tuple[Amount, ...]) -> None:
        if self.is_settled:
            return  # by the run before this one, or by an earlier call
        self.is_settled = True
        holding = self._holding
        holding.decide(
            lambda state, _at: decide_settle(
                state, epoch=holding.epoch, reservation_id=self._reservation.id, amounts=actual
            )
        )
