"""The records around one step: looking it up, starting, finishing and failing attempts."""

from __future__ import annotations

from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from wrkr_core import events as e
from wrkr_core.canonical import digest
from wrkr_core.checkpoint import CONFIRM_RERUN, RequiredAction
from wrkr_core.errors import (
    ApprovalRequiredError,
    Busy,
    Conflict,
    Corrupt,
    InvalidInputError,
    ResultNotStorableError,
    StepFailedError,
    StoreError,
    WrkrError,
)
from wrkr_core.job.decide.deciding import decide_ask
from wrkr_core.job.decide.working import decide_fail, decide_finish, decide_start
from wrkr_core.job.step_text import rerun_key, step_text
from wrkr_core.job_log import TRIES
from wrkr_core.results import Outcome, decode_result, encode_result, read_back
from wrkr_core.work.places import place_of

if TYPE_CHECKING:
    from wrkr_core.approval import Answer
    from wrkr_core.job.replay import PastStep
    from wrkr_core.store import Store
    from wrkr_core.work.holding import Holding

INLINE: Final = 64 * 1024  # bytes; larger results go into a blob
MOST_LOSSES: Final = 20  # workers lost in one step, one after the other, before a person is asked


@attrs.frozen(kw_only=True)
class Backoff:
    """How long to wait before attempt n + 1: ``first`` x ``factor`` ** (n - 1), at most ``longest``.

    Times in microseconds; ``factor`` is a whole number. No randomness: a retry is planned in the log.
    """

    first: int = 1_000_000
    factor: int = 2
    longest: int = 60_000_000

    def delay(self, failures: int) -> int:
        """Return the wait after the ``failures``-th failure (1 is the first)."""
        return int(min(self.longest, self.first * self.factor ** min(failures - 1, 62)))


@attrs.frozen(kw_only=True)
class StepOptions:
    """How a step is to be run; see ``Job.step``."""

    key: str | None = None
    retries: int = 0
    backoff: Backoff = Backoff()  # frozen, shared safely
    timeout: int | None = None
    at_most_once: bool = False
    gate: Answer | None = None
    supervised: bool = False


def blob_key(sha256_hex: str) -> str:
    """Return the key of the cell that holds the blob with this digest."""
    return f"blob/{sha256_hex}"


def keep_blob(store: Store, sha256_hex: str, data: bytes) -> None:
    """Have ``store`` hold the blob. One that is there already is written again.

    So its cell has a new version, and whoever was about to remove it as unused cannot.

    Raises: Busy, Unknown, StoreUnavailable.
    """
    version = 0
    for _ in range(TRIES):
        try:
            store.put(blob_key(sha256_hex), data, version)
        except Conflict as conflict:
            version = conflict.head
        else:
            return
    raise Busy(f"blob {sha256_hex} is written by too many at once; gave up after {TRIES} tries")


def input_digest(args: object, kwargs: object) -> str | None:
    """Return a digest over a step's arguments, None when they are not JSON values."""
    try:
        return digest([args, kwargs])
    except InvalidInputError:
        return None


def _failed(step: e.StepRef, said: str, recorded_code: str = "") -> StepFailedError:
    name = step_text(step)
    error = StepFailedError(f"step {name} failed: {said}", step=name, recorded_code=recorded_code)
    error.ref = step
    return error


class Attempts:
    """Writes and reads the records of steps for one holding. Thread-safe as the holding is."""

    def __init__(self, holding: Holding) -> None:
        """Work through ``holding``."""
        self._holding = holding
        self._occurrences: dict[str, int] = {}
        self._counting = Lock()

    def name(self, name: str, key: str | None) -> e.StepRef:
        """Return which step this is: the next occurrence of ``name``, or the one with ``key``.

        Raises: InvalidInputError: the name or key cannot be recorded.
        """
        if not name or len(name) > 200 or not name.isprintable():
            raise InvalidInputError(f"{name!r} cannot name a step: 1 to 200 printable characters")
        if key is not None:
            if not key or len(key) > 500:
                raise InvalidInputError(f"step {name}: the key must have 1 to 500 characters")
            return e.StepRef(name=name, occurrence=1, key=key)
        with self._counting:
            occurrence = self._occurrences[name] = self._occurrences.get(name, 0) + 1
        return e.StepRef(name=name, occurrence=occurrence)

    def visit(self, step: e.StepRef) -> PastStep | None:
        """Return what the log says of the step. Raises: NonDeterminismError, Blocked."""
        self._holding.stop_unless_running()
        return self._holding.replay.visit(step)

    def recall(self, past: PastStep) -> Any:  # noqa: ANN401  # it is what the step returned
        """Return the recorded result. Raises: Corrupt: its blob is missing."""
        log = self._holding.log
        try:
            finished = past.result or self._read(past.finished or 0)
            data = bytes(finished.result)
            if finished.result_blob is not None:
                data = log.payloads.opened_blob(self._blob(past.step, finished.result_blob))
        except StoreError as error:
            error.holding = self._holding.number
            raise
        return decode_result(data, finished.result_type)

    def _blob(self, step: e.StepRef, blob: str) -> bytes:
        cell = self._holding.store.get(blob_key(blob))
        if cell is None or sha256(cell.data).hexdigest() != blob:
            raise Corrupt(
                f"the recorded result of step {step_text(step)} is missing or damaged", blob=blob
            )
        return cell.data

    def _read(self, seq: int) -> e.StepFinished:
        for recorded in self._holding.log.records(seq - 1, seq):
            if isinstance(recorded.event, e.StepFinished):
                return recorded.event
        raise Corrupt(f"record {seq} of job {self._holding.log.job_id} is no step result", seq=seq)

    def failed_before(self, past: PastStep) -> StepFailedError:
        """Return the error of a step that is recorded as failed for good."""
        failure = past.failure
        said = failure.message if failure else "it failed"
        return _failed(past.step, said, recorded_code=failure.code if failure else "")

    def gave_up(self, step: e.StepRef, error: Exception) -> StepFailedError:
        """Return the error of a step that has no retry left after ``error``."""
        return _failed(step, str(error) or type(error).__name__)

    def not_allowed_again(self, past: PastStep) -> StepFailedError:
        """Return the error of an interrupted step that a person did not allow to run again."""
        return _failed(past.step, "it was interrupted, may have run, and may not run again")

    def require_survivable(self, past: PastStep) -> None:
        """Refuse a step in which one worker after the other was lost, as if it killed them.

        Raises: StepFailedError.
        """
        losses = self._holding.replay.losses(past)
        if losses >= MOST_LOSSES:
            raise _failed(past.step, f"{losses} workers were lost in it, one after the other")

    def confirm_rerun(self, past: PastStep) -> bool:
        """Tell whether a person allowed an at-most-once step to run again; ask if nobody did.

        Raises: Blocked: the question is open.
        """
        step, holding = past.step, self._holding
        key = rerun_key(step, past.attempts)
        asked = holding.replay.question(key)
        if (
            asked is not None
            and asked.answer is not None
            and holding.replay.is_usable(asked, holding.machine.now())
        ):
            return asked.answer.approved
        question = (
            f"Step {step_text(step)} was interrupted and may have run. Approve to run it again, "
            f"refuse to have it fail."
        )
        action = RequiredAction(
            kind=CONFIRM_RERUN, instructions=f"find out whether {step_text(step)} ran", key=key
        )
        holding.decide(
            lambda state, _at: decide_ask(
                state, question=question, action=action, data=e.NULL, epoch=holding.epoch
            )
        )
        holding.stop_unless_running()
        return False

    def start(
        self, step: e.StepRef, attempt: int, options: StepOptions, digest_of_input: str | None
    ) -> None:
        """Record that the attempt begins; when this returns it may run.

        Raises: LeaseConflictError, Blocked (also when the budget does not allow it, or the approval
        of a guarded step has expired, which is asked for again).
        """
        holding = self._holding
        resting = None if options.gate is not None else place_of(holding.number).approval

        def rule(state: Any, at: int) -> tuple[e.Event, ...]:  # noqa: ANN401  # a JobState
            allowed = resting is not None and (
                resting.expires_at is None or at < resting.expires_at
            )
            return decide_start(
                state,
                epoch=holding.epoch,
                step=step,
                attempt=attempt,
                input_digest=digest_of_input,
                at_most_once=options.at_most_once,
                gate=resting if allowed else options.gate,
                running=holding.lap(),
                now=at,
            )

        # A start lost with the power only means that the step begins anew as the same attempt, so it
        # needs no flush of its own; where a second run must never be silent, it does.
        try:
            holding.decide(rule, durable=options.at_most_once)
        except ApprovalRequiredError:
            self._ask_again(options.gate)
            raise
        holding.stop_unless_running()
        holding.check_if_slept()
        holding.replay.visit(step)

    def _ask_again(self, gate: Answer | None) -> None:
        """Ask anew what ``gate`` said yes to, until it expired. Raises: Blocked."""
        holding = self._holding
        past = holding.replay.question_of(gate.checkpoint_id) if gate is not None else None
        if gate is None or not gate.approved or past is None:
            return
        holding.decide(
            lambda state, _at: decide_ask(
                state,
                question=past.question,
                action=past.action,
                data=past.data,
                epoch=holding.epoch,
            )
        )
        holding.stop_unless_running()

    def finish(self, step: e.StepRef, attempt: int, value: object) -> Any:  # noqa: ANN401  # as given
        """Record the result and return it as a replay will.

        Raises:
            ResultNotStorableError: It cannot be recorded; the attempt is still open.
            LeaseConflictError: The job was taken over; the result is not recorded.

        """
        holding = self._holding
        outcome_of = value if isinstance(value, Outcome) else Outcome(value)
        value, artifacts = outcome_of.value, outcome_of.artifacts
        data, type_name = encode_result(value)
        masked = holding.log.masked_json(data)
        if masked is not data:  # what a replay would return must be returned now
            data = masked
            value = decode_result(data, type_name)
        blob = self._keep_blob(data) if len(data) > INLINE else None
        outcome = e.StepFinished(
            step=step,
            attempt=attempt,
            epoch=holding.epoch,
            result=e.NULL if blob else msgspec.Raw(data),
            result_blob=blob,
            result_type=type_name,
            artifacts=artifacts,
        )
        try:
            holding.decide(
                lambda state, _at: decide_finish(
                    state,
                    epoch=holding.epoch,
                    step=step,
                    attempt=attempt,
                    outcome=outcome,
                    ran=holding.end_lap(),
                ),
                ends_lap=True,
            )
        except InvalidInputError as error:  # too many files, or one that cannot be
            raise ResultNotStorableError(error.message, hint=error.hint) from error
        holding.stop_unless_running()
        return read_back(value, data, type_name)

    def _keep_blob(self, data: bytes) -> str:
        data = self._holding.log.payloads.sealed_blob(data)
        found = sha256(data).hexdigest()
        try:
            keep_blob(self._holding.store, found, data)
        except StoreError as error:
            error.holding = self._holding.number
            raise
        return found

    def fail(
        self,
        step: e.StepRef,
        attempt: int,
        error: BaseException,
        *,
        delay: int | None,
    ) -> None:
        """Record that the attempt failed and that the next may begin after ``delay`` µs, or never.

        Raises: LeaseConflictError.
        """
        holding = self._holding
        code = error.code if isinstance(error, WrkrError) else StepFailedError.code
        said = error.message if isinstance(error, WrkrError) else str(error)
        said = holding.log.masked(said)  # before it may be cut, in the middle of a secret

        def rule(state: Any, at: int) -> tuple[e.Event, ...]:  # noqa: ANN401  # a JobState
            return decide_fail(
                state,
                epoch=holding.epoch,
                step=step,
                attempt=attempt,
                code=code,
                error_type=type(error).__name__,
                message=said or type(error).__name__,
                retry_at=None if delay is None else at + delay,
                ran=holding.end_lap(),
            )

        holding.decide(rule, ends_lap=True)
