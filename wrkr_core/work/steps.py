"""How a step runs, as a plan that both the blocking and the async face carry out.

``step_plan`` is a generator: it yields what has to be done (``Do``: talk to the store, ``Call``: run
the function, ``Wait``: let time pass) and is sent the outcome. So the rule is written once and does
not know whether its caller blocks a thread or awaits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from wrkr_core.errors import ResultNotStorableError, StepTimeoutError
from wrkr_core.job.step_text import step_text
from wrkr_core.work.attempts import input_digest
from wrkr_core.work.calling import StillRunningError
from wrkr_core.work.places import Place, move_to

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from threading import Thread

    from wrkr_core.events import StepRef
    from wrkr_core.job.replay import PastStep
    from wrkr_core.work.attempts import Attempts, StepOptions
    from wrkr_core.work.holding import Holding

_left_behind: Final[dict[tuple[str, str], Thread]] = {}  # functions that could not be stopped
LOOK_EVERY: Final = 500_000  # µs between looks at the stream while waiting for a retry


@attrs.define
class Do:
    """Run this with the store; it may block."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()


@attrs.define
class Call:
    """Run the step's own function, for at most ``limit`` µs (None: no limit)."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    limit: int | None


@attrs.define
class Wait:
    """Let ``duration`` µs pass."""

    duration: int


def step_plan(  # noqa: C901, PLR0912, PLR0917  # a step is made of these; one loop over its attempts
    holding: Holding,
    attempts: Attempts,
    step: StepRef,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    options: StepOptions,
) -> Generator[Do | Call | Wait, Any, Any]:
    """Yield what running ``step`` takes; return its result.

    Raises:
        StepFailedError: It failed and has no retry left; the cause is chained.
        NonDeterminismError, LeaseConflictError, Blocked: see ``Job.step``.
        StoreError: The job's store failed, also when the function met it; the attempt stays open.

    """
    past = yield Do(attempts.visit, (step,))
    if past is not None:
        move_to(holding.number, Place(step, inside=False))
    if past is not None and past.finished is not None:
        return (yield Do(attempts.recall, (past,)))
    if past is not None and past.gave_up:
        raise attempts.failed_before(past)
    attempt, failures = 1, 0
    if past is not None:
        attempt, failures = past.attempts + 1, past.failures
        if past.is_open:
            attempts.require_survivable(past)
            if past.at_most_once:
                yield from _confirm_rerun(attempts, past)
        elif past.failure is not None and past.failure.retry_at is not None:
            yield from _wait_until(holding, past.failure.retry_at)
    given = input_digest(args, kwargs)
    while True:
        _refuse_if_running(holding, step)
        yield Do(attempts.start, (step, attempt, options, given))
        limit, by_wall = _limit(holding, options)
        failure: Exception
        move_to(holding.number, Place(step, inside=True))
        try:
            value = yield Call(function, args, kwargs, limit)
        except Exception as error:  # noqa: BLE001  # a step function may raise anything
            failure = error
        else:
            move_to(holding.number, Place(step, inside=False))
            try:
                return (yield Do(attempts.finish, (step, attempt, value)))
            except ResultNotStorableError as error:
                failure = error
        move_to(holding.number, Place(step, inside=False))
        if holding.lets_out(failure):
            raise failure
        if isinstance(failure, StillRunningError) and failure.thread is not None:
            _left_behind[_name(holding, step)] = failure.thread
        if by_wall and isinstance(failure, StepTimeoutError):
            delay = yield from _out_of_time(holding, attempts, step, failure)
        else:
            failures += 1
            delay = yield from _failed(holding, attempts, step, attempt, failure, failures, options)
        yield from _wait_until(holding, holding.machine.now() + delay)
        attempt += 1


def _name(holding: Holding, step: StepRef) -> tuple[str, str]:
    return holding.log.job_id, step_text(step)


def _refuse_if_running(holding: Holding, step: StepRef) -> None:
    """Refuse a second run while the function that could not be stopped still runs in this process.

    Raises: StillRunningError.
    """
    name = _name(holding, step)
    thread = _left_behind.get(name)
    if thread is None:
        return
    if thread.is_alive():
        raise StillRunningError(
            f"step {name[1]} is still running in this process; it could not be stopped", thread
        )
    del _left_behind[name]


def _confirm_rerun(attempts: Attempts, past: PastStep) -> Generator[Do, Any, None]:
    """Go on if a person allowed an interrupted step that may run only once to run again.

    Raises: Blocked: nobody was asked, or has answered; StepFailedError: it was refused.
    """
    if not (yield Do(attempts.confirm_rerun, (past,))):
        raise attempts.not_allowed_again(past)


def _out_of_time(
    holding: Holding, attempts: Attempts, step: StepRef, failure: StepTimeoutError
) -> Generator[Do, Any, int]:
    """Stop for the wall limit, which ended the attempt: it is interrupted, not failed.

    Raises: Blocked, unless the limit was raised meanwhile; then the attempt is made again.
    """
    yield Do(holding.check)
    if isinstance(failure, StillRunningError):
        raise attempts.gave_up(step, failure) from failure
    past = yield Do(attempts.visit, (step,))
    if past.at_most_once:
        yield from _confirm_rerun(attempts, past)
    return 0


def _failed(  # noqa: PLR0917  # one failure is made of these
    holding: Holding,
    attempts: Attempts,
    step: StepRef,
    attempt: int,
    error: Exception,
    failures: int,
    options: StepOptions,
) -> Generator[Do, Any, int]:
    """Record the failure and return the wait before the next attempt.

    Raises: StepFailedError when there is none.
    """
    final = isinstance(error, ResultNotStorableError | StillRunningError)
    retry = failures <= options.retries and not final
    delay = options.backoff.delay(failures) if retry else None
    yield Do(lambda: attempts.fail(step, attempt, error, delay=delay))
    yield Do(holding.stop_unless_running)
    if delay is None:
        raise attempts.gave_up(step, error) from error
    return delay


def _limit(holding: Holding, options: StepOptions) -> tuple[int | None, bool]:
    """Return how long the function may run, and whether that is what the wall limit leaves."""
    if options.supervised:
        return None, False
    wall = holding.wall_left()
    if wall is None or (options.timeout is not None and options.timeout <= wall):
        return options.timeout, False
    return wall, True


def _wait_until(holding: Holding, instant: int) -> Generator[Do | Wait, Any, None]:
    """Let time pass until ``instant``, looking now and then whether the job may go on."""
    while (left := instant - holding.machine.now()) > 0:
        yield Wait(min(left, LOOK_EVERY))
        yield Do(holding.check)
