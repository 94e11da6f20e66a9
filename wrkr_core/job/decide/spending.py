"""Charging, reserving, settling and raising a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core import events as e
from wrkr_core.budget import (
    LARGEST,
    Amount,
    Overrun,
    Reservation,
    overrun_text,
    overruns,
    refused,
)
from wrkr_core.checkpoint import storable
from wrkr_core.errors import BudgetExceededError, InvalidInputError
from wrkr_core.job.decide.guard import (
    require_holder,
    require_known,
    require_move,
    require_room,
)
from wrkr_core.job.decide.lifecycle import require_open

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core.job.state import JobState

CODE = BudgetExceededError.code


def block_on_budget(state: JobState, over: tuple[Overrun, ...]) -> tuple[e.Event, ...]:
    """Return the events that say the budget is exceeded and block the job, from ``state.seq`` on."""
    return _block(state.seq, state.spent, over)


def _block(seq: int, spent: tuple[Amount, ...], over: tuple[Overrun, ...]) -> tuple[e.Event, ...]:
    summary = storable(f"budget exceeded: {overrun_text(over)}")
    return (
        e.BudgetExceeded(meters=over),
        e.CheckpointRecorded(
            checkpoint_id=f"cp_{seq + 2}",
            kind="blocked",
            summary=summary,
            budget=spent,
            reason_codes=(CODE,),
        ),
        e.JobBlocked(status="blocked_budget", summary=summary, reason_codes=(CODE,)),
    )


def decide_charge(
    state: JobState,
    *,
    epoch: int,
    amounts: tuple[Amount, ...],
    step: e.StepRef | None = None,
    mark: str = "",
) -> tuple[e.Event, ...]:
    """Decide that something was used; when that is over a limit, also that the job blocks.

    Raises: LeaseConflictError, MoveNotAllowedError.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "charged")
    if not amounts:
        raise InvalidInputError("nothing is charged", hint="name a meter: tool_calls=1")
    charged = e.Charged(amounts=amounts, step=step, mark=mark)
    return _after_spending(state, charged, amounts, state.reserved_by_meter())


def decide_reserve(state: JobState, *, epoch: int, reservation: Reservation) -> tuple[e.Event, ...]:
    """Decide that amounts are set aside, or, when they do not fit, that the job blocks.

    Raises: LeaseConflictError, MoveNotAllowedError; InvalidInputError: nothing is named, or too much
    is set aside already.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "budget_reserved")
    if not reservation.amounts:
        raise InvalidInputError("nothing is reserved", hint="name a meter: cost='0.10'")
    require_room(
        state,
        len(state.reservations),
        "reservations",
        hint="settle each right after the act: spending.settle(…), inside `with job.reserve(…)`",
    )
    limits, spent = state.limit_by_meter(), state.spent_by_meter()
    over = refused(limits, spent, state.reserved_by_meter(), reservation.amounts)
    if over:
        return block_on_budget(state, over)
    return (e.BudgetReserved(reservation=reservation),)


def decide_settle(
    state: JobState, *, epoch: int, reservation_id: str, amounts: tuple[Amount, ...]
) -> tuple[e.Event, ...]:
    """Decide what a reservation really came to; when that is over a limit, the job blocks.

    Raises: LeaseConflictError; InvalidInputError: no such reservation is open.
    """
    require_known(state)
    require_holder(state, epoch)
    require_move(state, "budget_settled")
    remaining = [each for each in state.reservations if each.id != reservation_id]
    if len(remaining) == len(state.reservations):
        raise InvalidInputError(f"reservation {reservation_id} of job {state.job_id} is not open")
    reserved: dict[str, int] = {}
    for each in remaining:
        for amount in each.amounts:
            reserved[amount.meter] = reserved.get(amount.meter, 0) + amount.amount
    settled = e.BudgetSettled(reservation=reservation_id, amounts=amounts)
    return _after_spending(state, settled, amounts, reserved)


def _after_spending(
    state: JobState, event: e.Event, amounts: tuple[Amount, ...], reserved: Mapping[str, int]
) -> tuple[e.Event, ...]:
    """Return ``event``, and the blocking ones behind it if it puts a running job over a limit."""
    spent = state.spent_by_meter()
    for each in amounts:
        spent[each.meter] = spent.get(each.meter, 0) + each.amount
    for meter, amount in spent.items():
        if amount + reserved.get(meter, 0) > LARGEST:
            raise InvalidInputError(f"more {meter} than can be counted: {amount}")
    over = overruns(state.limit_by_meter(), spent, reserved)
    if not over or state.status != "running":
        return (event,)
    after = tuple(Amount(meter=meter, amount=spent[meter]) for meter in sorted(spent))
    return (event, *_block(state.seq + 1, after, over))


def decide_budget_check(state: JobState, *, epoch: int, running: int) -> tuple[e.Event, ...]:
    """Decide that the job blocks if it is over a limit; ``running`` µs are not recorded yet.

    Raises: LeaseConflictError.
    """
    require_known(state)
    require_holder(state, epoch)
    if not state.limits:
        return ()
    spent = state.spent_by_meter()
    spent["wall"] = spent.get("wall", 0) + running
    over = overruns(state.limit_by_meter(), spent, state.reserved_by_meter())
    if not over or state.status != "running":
        return ()
    return block_on_budget(state, over)


def decide_raise(
    state: JobState, *, limits: tuple[Amount, ...], reason: str
) -> tuple[e.Event, ...]:
    """Decide new limits; a job that is then within all of them may be worked on again.

    Nothing is run again by it. A limit may also be lowered, but not below what was spent.

    Raises:
        InvalidInputError: No limit is named, or one is below what was spent already.
        MoveNotAllowedError: The job is over.

    """
    require_open(state, "budget_raised")
    if not reason.strip():
        raise InvalidInputError("a new limit needs a reason", hint="--reason 'worth it'")
    if not limits:
        raise InvalidInputError("no limit is named", hint="for instance --cost 10 or --steps 40")
    spent, reserved = state.spent_by_meter(), state.reserved_by_meter()
    now = {each.meter: each.amount for each in limits}
    over = overruns(now, spent, reserved)
    if over:
        raise InvalidInputError(
            f"the new limit is not above what was used: {overrun_text(over)}",
            job_id=state.job_id,
        )
    raised = e.BudgetRaised(limits=limits, reason=reason)
    still_over = overruns({**state.limit_by_meter(), **now}, spent, reserved)
    if state.status == "blocked_budget" and not still_over:
        return (raised, e.JobResumed(reason=f"budget raised: {reason}"))
    return (raised,)
