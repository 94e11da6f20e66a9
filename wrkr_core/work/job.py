"""The job as the code that works on it sees it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from wrkr_core import events as e
from wrkr_core.budget import Reservation, amounts, duration
from wrkr_core.canonical import dumps
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.errors import Blocked, InvalidInputError
from wrkr_core.instants import to_text
from wrkr_core.job.decide.deciding import (
    decide_ask,
    decide_block_on_decisions,
    decide_checkpoint,
)
from wrkr_core.job.decide.lifecycle import decide_block_on_error, decide_complete
from wrkr_core.job.decide.spending import decide_charge, decide_reserve
from wrkr_core.job.decide.working import (
    decide_acceptance,
    decide_artifact,
    decide_sleep,
    reserved_inside,
)
from wrkr_core.work.attempts import Attempts, Backoff, StepOptions
from wrkr_core.work.calling import call_within
from wrkr_core.work.places import mark, place_of, rest_on
from wrkr_core.work.spending import Spending
from wrkr_core.work.steps import Call, Do, Wait, step_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from wrkr_core.approval import Answer
    from wrkr_core.artifact import Artifact
    from wrkr_core.job.state import JobState
    from wrkr_core.spec import JobSpec
    from wrkr_core.work.holding import Holding

DEFAULT_BACKOFF = Backoff()


class Job:
    """A job under this worker's lease. Made by ``Ledger.work``. Thread-safe.

    Every method may raise ``LeaseConflictError`` when the job was taken over, and ``Blocked`` when it
    was paused, canceled or is over its budget; after either, nothing of it may be done any more.

    Attributes:
        id: The job's id.
        spec: What was asked for.

    """

    def __init__(self, holding: Holding, spec: JobSpec) -> None:
        """Work on the job held by ``holding``."""
        self.id = holding.log.job_id
        self.spec = spec
        self.holding = holding
        self.attempts = Attempts(holding)

    @property
    def state(self) -> JobState:
        """The job as of the last record this worker knows."""
        return self.holding.state

    @property
    def inputs(self) -> dict[str, Any]:
        """The spec's inputs, as a new dict."""
        return self.spec.input_values

    def step(  # each is a promise of its own
        self,
        name: str,
        function: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401  # whatever the function takes
        key: str | None = None,
        retries: int = 0,
        backoff: Backoff = DEFAULT_BACKOFF,
        timeout: str | int | None = None,
        at_most_once: bool = False,
        gate: Answer | None = None,
        **kwargs: Any,  # noqa: ANN401  # whatever the function takes
    ) -> Any:  # noqa: ANN401  # whatever the function returns
        """Run ``function(*args, **kwargs)`` once and for all, and return its result.

        The step is known by ``name`` and ``key``, or, without a key, by how often the name came up.
        When it is recorded as finished the result is returned and nothing runs. A crash inside runs
        it again as the next attempt; with ``at_most_once`` it asks a person instead.

        Args:
            name: What the step is called.
            function: What it does. It returns JSON values, a registered type, or an ``Outcome``.
            args: Handed to the function.
            key: Tells steps of one name apart, in any order.
            retries: How many failed attempts are tried again.
            backoff: How long to wait between them.
            timeout: How long one attempt may take ("30s", or seconds).
            at_most_once: Never run again unless a person allows it.
            gate: The answer that allowed this step; it is recorded with it.
            kwargs: Handed to the function.

        Raises:
            StepFailedError: It failed and has no retry left; the function's error is the cause.
            NonDeterminismError: Another step is recorded at this place.
            LeaseConflictError: The job was taken over.
            Blocked: The job stops here for now.

        """
        options = self.options(
            key=key,
            retries=retries,
            backoff=backoff,
            timeout=timeout,
            at_most_once=at_most_once,
            gate=gate,
        )
        return self.step_with(options, name, function, *args, **kwargs)

    @staticmethod
    def options(  # as step
        *,
        key: str | None = None,
        retries: int = 0,
        backoff: Backoff = DEFAULT_BACKOFF,
        timeout: str | int | None = None,
        at_most_once: bool = False,
        gate: Answer | None = None,
    ) -> StepOptions:
        """Return the options of ``step`` as one value. Raises: InvalidInputError."""
        if type(retries) is not int or retries < 0:
            raise InvalidInputError(f"retries is {retries!r}; it must be 0 or more")
        return StepOptions(
            key=key,
            retries=retries,
            backoff=backoff,
            timeout=None if timeout is None else duration(timeout),
            at_most_once=at_most_once,
            gate=gate,
        )

    def step_with(
        self,
        options: StepOptions,
        name: str,
        function: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401  # as in step
        **kwargs: Any,  # noqa: ANN401  # as in step
    ) -> Any:  # noqa: ANN401  # as in step
        """Run a step as ``step`` does, with all its options in one value."""
        step = self.attempts.name(name, options.key)
        return self._carry_out(
            step_plan(self.holding, self.attempts, step, function, args, kwargs, options)
        )

    def _carry_out(self, plan: Generator[Do | Call | Wait, Any, Any]) -> Any:  # noqa: ANN401  # the step's result
        """Do what the plan says, in this thread."""
        try:
            wanted = next(plan)
            while True:
                try:
                    outcome = self._perform(wanted)
                except Exception as error:  # noqa: BLE001  # the plan decides what an error means
                    wanted = plan.throw(error)
                else:
                    wanted = plan.send(outcome)
        except StopIteration as done:
            return done.value

    def _perform(self, wanted: Do | Call | Wait) -> Any:  # noqa: ANN401  # whatever it yields
        if isinstance(wanted, Do):
            return wanted.function(*wanted.args)
        if isinstance(wanted, Wait):
            return self.holding.machine.sleep(wanted.duration)
        if wanted.limit is None:
            return wanted.function(*wanted.args, **wanted.kwargs)
        return call_within(wanted.function, wanted.args, wanted.kwargs, wanted.limit)

    def ask(
        self,
        question: str,
        *,
        choices: Sequence[str] = (),
        key: str | None = None,
        instructions: str = "",
        data: object = None,
    ) -> Answer:
        """Return what a person decided.

        The first time, the question is recorded, the lease is let go and ``Blocked`` is raised; when
        the code comes by again after the decision, the answer is returned. An approval that expired
        before it was acted upon is asked for again. Known by ``key``, or by its order.

        Raises: Blocked, InvalidInputError: the question is empty or too long.
        """
        holding = self.holding
        name = f"ask:{key}" if key is not None else mark(holding.number, "ask")
        if not name:
            raise InvalidInputError("inside a step, a question needs a key", hint="ask(…, key='…')")
        holding.stop_unless_running()
        past, now = holding.replay.question(name), holding.machine.now()
        if past is not None:
            past.require(question, holding.log.masked(question))
        if past is not None and past.answer is not None and holding.replay.is_usable(past, now):
            rest_on(holding.number, past.answer)
            return past.answer
        action = RequiredAction(
            kind="choice" if choices else "approval",
            instructions=instructions or question,
            key=name,
            choices=tuple(choices),
        )
        raw = _raw(data)
        holding.decide(
            lambda state, _at: decide_ask(
                state, question=question, action=action, data=raw, epoch=holding.epoch
            )
        )
        holding.stop_unless_running()
        raise InvalidInputError(f"the question {question!r} did not block job {self.id}")

    def sleep(self, time: str | int, *, key: str | None = None) -> None:
        """Let go of the job for ``time`` ("2h", or seconds) and return when it is over.

        Durable: the first time it records when to wake and raises ``Blocked``; any worker goes on
        from there. Known by ``key``, or by its order.
        """
        holding = self.holding
        name = f"sleep:{key}" if key is not None else mark(holding.number, "sleep")
        if not name:
            raise InvalidInputError("inside a step, a sleep needs a key", hint="sleep(…, key='…')")
        holding.stop_unless_running()
        wake_at = holding.replay.timer(name)
        if wake_at is None:
            span = duration(time)
            holding.decide(
                lambda state, at: decide_sleep(
                    state, epoch=holding.epoch, key=name, wake_at=at + span
                )
            )
            wake_at = holding.replay.timer(name) or 0
        if holding.machine.now() < wake_at:
            holding.decide(
                lambda state, _at: (
                    decide_sleep(state, epoch=holding.epoch, key=name, wake_at=wake_at)
                    if state.wake_at is None
                    else ()
                )
            )
            raise _asleep(self.state)

    def charge(self, **used: Any) -> None:  # noqa: ANN401  # the keywords of budget.amounts
        """Record that something was used: ``tool_calls=1, tokens=1234, cost="0.012"``, any meter.

        Durable when it returns. Raises: Blocked: the budget is exceeded by it.
        """
        actual = amounts(**used)
        holding = self.holding
        here, step = mark(holding.number, "charge"), place_of(holding.number).step
        if not holding.replay.has_mark(here):
            holding.decide(
                lambda state, _at: decide_charge(
                    state, epoch=holding.epoch, amounts=actual, step=step, mark=here
                )
            )
        holding.stop_unless_running()

    @contextmanager
    def reserve(self, **wanted: Any) -> Generator[Spending]:  # noqa: ANN401  # the keywords of budget.amounts
        """Set amounts aside before the act; use as ``with job.reserve(cost="0.10") as spending:``.

        Refused, with ``Blocked``, when spent + reserved + wanted is over a limit. Settle it right
        after the act, inside, with ``spending.settle(cost="0.08")``; otherwise all of it counts. When
        the job stops inside, with ``Blocked``, nothing more of it counts: in a step the next attempt
        reserves anew, elsewhere the code comes by again and finds it still set aside.
        """
        holding = self.holding
        here, step = mark(holding.number, "reserve"), place_of(holding.number).step
        inside = "" if step is None or here else reserved_inside(step) + holding.machine.new_id()
        reservation = Reservation(id=here or inside, amounts=amounts(**wanted))
        if not holding.replay.has_mark(reservation.id):
            holding.decide(
                lambda state, _at: decide_reserve(
                    state, epoch=holding.epoch, reservation=reservation
                )
            )
        spending = Spending(holding, reservation, comes_again=bool(here))
        spending.is_settled = all(each.id != reservation.id for each in self.state.reservations)
        try:
            holding.stop_unless_running()
            yield spending
        except BaseException as error:
            spending.leave(error)
            raise
        spending.settle_whole()

    def checkpoint(  # a checkpoint is made of these
        self,
        kind: str,
        summary: str,
        *,
        added: Sequence[str] = (),
        changed: Sequence[str] = (),
        removed: Sequence[str] = (),
        data: object = None,
    ) -> None:
        """Record where the job stands (``plan`` or ``progress``).

        Raises: InvalidInputError: the summary is empty or longer than 2000 characters.
        """
        holding = self.holding
        raw = _raw(data)
        artifacts = ArtifactChanges(
            added=tuple(added), changed=tuple(changed), removed=tuple(removed)
        )
        here = mark(holding.number, "checkpoint")
        if not holding.replay.has_mark(here):
            holding.decide(
                lambda state, _at: decide_checkpoint(
                    state,
                    kind=kind,
                    summary=summary,
                    artifacts=artifacts,
                    data=raw,
                    epoch=holding.epoch,
                    mark=here,
                )
            )

    def artifact(self, artifact: Artifact) -> None:
        """Record a file as it is now."""
        holding = self.holding
        here = mark(holding.number, "artifact")
        if not holding.replay.has_mark(here):
            holding.decide(
                lambda state, _at: decide_artifact(
                    state, epoch=holding.epoch, artifact=artifact, mark=here
                )
            )

    def acceptance(self, outcome: e.AcceptanceRecorded) -> None:
        """Record how the acceptance checks came out."""
        holding = self.holding
        holding.decide(
            lambda state, _at: decide_acceptance(state, epoch=holding.epoch, outcome=outcome)
        )

    def complete(self, summary: str = "done") -> None:
        """Record that the job is done; it is final when this returns.

        Raises: InvalidInputError (see ``decide_complete``); Blocked: a decision was opened meanwhile.
        """
        holding = self.holding
        holding.decide(
            lambda state, _at: (
                decide_block_on_decisions(state, epoch=holding.epoch)
                or decide_complete(state, epoch=holding.epoch, summary=summary)
            )
        )
        if self.state.status != "completed":
            holding.stop_unless_running()

    def block(self, summary: str, *, reason_codes: Sequence[str], step: object = None) -> None:
        """Record that the job cannot go on until somebody looks."""
        holding = self.holding
        said = holding.log.masked(summary)  # before it may be cut, in the middle of a secret
        ref = step if isinstance(step, e.StepRef) else None
        holding.decide(
            lambda state, _at: decide_block_on_error(
                state,
                epoch=holding.epoch,
                summary=said,
                reason_codes=tuple(reason_codes),
                step=ref,
            )
        )

    def check(self) -> None:
        """Look whether the job may go on; for code that works long between steps."""
        self.holding.check()


def _raw(data: object) -> msgspec.Raw:
    return e.NULL if data is None else msgspec.Raw(dumps(data))


def _asleep(state: JobState) -> Blocked:
    until = to_text(state.wake_at) if state.wake_at is not None else "?"
    return Blocked(state.job_id, state.status, f"sleeps until {until}")
