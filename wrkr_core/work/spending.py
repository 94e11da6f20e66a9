"""An open reservation, as the code that made it sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wrkr_core.budget import amounts
from wrkr_core.job.decide.spending import decide_settle

if TYPE_CHECKING:
    from wrkr_core.budget import Amount, Reservation
    from wrkr_core.work.holding import Holding


class Spending:
    """An open reservation; settle it with what was really used, or all of it counts."""

    def __init__(self, holding: Holding, reservation: Reservation) -> None:
        """Made by ``Job.reserve``."""
        self._holding = holding
        self._reservation = reservation
        self.is_settled = False

    def settle(self, **used: Any) -> None:  # noqa: ANN401  # the keywords of budget.amounts
        """Record the actual amounts, by the keywords of ``charge``; the first call counts.

        Raises: Blocked: they are over a limit.
        """
        self._settle(amounts(**used))

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
        holding.stop_unless_running()

    def settle_whole(self) -> None:
        """Count the whole reservation as used, unless it was settled."""
        self._settle(self._reservation.amounts)
