"""Everything that can go wrong, by name.

Each error carries a ``code`` that never changes once released, the ``exit_code`` the command line
ends with, the facts as attributes and in ``details``, and a ``hint`` where the next step is known.
A caller matches on the class or the code, never on the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _rebuilt(
    cls: type[BaseException], args: tuple[object, ...], state: dict[str, object]
) -> BaseException:
    """Return an error as it was when it was pickled or copied, whatever its class takes."""
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class WrkrError(Exception):
    """Base of every error this project raises on purpose.

    Attributes:
        details: The facts, as JSON values, for programs.
        hint: What to do next, one sentence, or empty.

    """

    code: ClassVar[str] = "E_GENERIC_FAILURE"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", **details: object) -> None:
        """Say what is wrong, with the value, in one sentence."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: Mapping[str, object] = details

    def __reduce__(self) -> tuple[object, ...]:
        """Return what pickling and copying need; the message is made once, not a second time."""
        return _rebuilt, (type(self), self.args, self.__getstate__())

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy has of this."""
        return self.__dict__


class Blocked(BaseException):  # not an error: the job waits, and says for what
    """Work on the job stops here for now; ``Ledger.work`` turns it into a clean exit.

    Not an ``Exception``, so that a step's ``except Exception`` cannot swallow it.

    Attributes:
        job_id: The job that waits.
        status: Its status now.
        summary: What it waits for.

    """

    def __init__(self, job_id: str, status: str, summary: str) -> None:
        """Say what the job waits for."""
        super().__init__(f"job {job_id} is {status}: {summary}")
        self.job_id = job_id
        self.status = status
        self.summary = summary

    def __reduce__(self) -> tuple[object, ...]:
        """Return what pickling and copying need."""
        return _rebuilt, (type(self), self.args, self.__dict__)


class InvalidInputError(WrkrError):
    """Something a person or a program handed in can never be right.

    Attributes:
        problems: Every mistake found, each with its place; never empty for a file.

    """

    code = "E_INVALID_INPUT_SCHEMA"
    exit_code = 6

    def __init__(
        self, message: str, *, problems: Sequence[str] = (), hint: str = "", **details: object
    ) -> None:
        """Say what is wrong; ``problems`` lists the single mistakes of a whole file."""
        if problems:
            details["problems"] = list(problems)
        super().__init__(message, hint=hint, **details)
        self.problems = tuple(problems)


def check_whole(argument: str, value: int, least: int) -> None:
    """Refuse what is no whole number, or below ``least``. Raises: InvalidInputError."""
    if type(value) is not int or value < least:
        raise InvalidInputError(
            f"{argument} is {value!r}; it must be a whole number from {least} up",
            argument=argument,
            least=least,
        )


class NotFoundError(WrkrError):
    """No job, checkpoint or file by that name."""

    code = "E_NOT_FOUND"


class JobExistsError(WrkrError):
    """A job with this id was submitted before, with another spec."""

    code = "E_JOB_EXISTS"
    exit_code = 6


class MoveNotAllowedError(WrkrError):
    """The job's status does not allow this event (see ``job/moves.py``)."""

    code = "E_INVALID_STATE_TRANSITION"


class LeaseConflictError(WrkrError):
    """Another worker holds the job, or has taken it over."""

    code = "E_LEASE_CONFLICT"


class BudgetExceededError(WrkrError):
    """A limit of the job's budget was reached."""

    code = "E_BUDGET_EXCEEDED"


class ApprovalRequiredError(WrkrError):
    """The job waits for a person."""

    code = "E_CHECKPOINT_APPROVAL_REQUIRED"
    exit_code = 4


class EnvironmentMismatchError(WrkrError):
    """This machine is not the environment the job was started in."""

    code = "E_ENV_FINGERPRINT_MISMATCH"


class NonDeterminismError(WrkrError):
    """The code asks for another step than the one recorded at this place."""

    code = "E_NON_DETERMINISM"


class StepFailedError(WrkrError):
    """A step failed and has no attempt left; the original error is the cause.

    Attributes:
        ref: The step (an ``events.StepRef``), where the ledger raised this.

    """

    code = "E_ADAPTER_FAIL"
    ref: object = None


class StepTimeoutError(WrkrError):
    """A step ran longer than its time limit."""

    code = "E_STEP_TIMEOUT"


class ResultNotStorableError(WrkrError):
    """A step returned something that is neither JSON nor of a registered type."""

    code = "E_RESULT_NOT_STORABLE"


class UnknownEventError(WrkrError):
    """The log holds an event this release does not know, so it will not decide anything."""

    code = "E_UNKNOWN_EVENT"


class PayloadsSealedError(WrkrError):
    """The job's content is sealed, and its key is not in this store, or was erased."""

    code = "E_PAYLOADS_SEALED"


class ErasureUnfinishedError(WrkrError):
    """An erasure is recorded, but the key it is about could not be removed yet."""

    code = "E_ERASURE_UNFINISHED"


class WrongPassphraseError(WrkrError):
    """A private key does not open with this passphrase."""

    code = "E_WRONG_PASSPHRASE"
    exit_code = 6


class UnsafeOperationError(WrkrError):
    """Allowed only when asked for explicitly."""

    code = "E_UNSAFE_OPERATION"
    exit_code = 8


class NotSupportedHereError(WrkrError):
    """This platform or installation cannot do it."""

    code = "E_NOT_SUPPORTED"


class InterruptedByUserError(WrkrError):
    """Ctrl-C or SIGTERM; the job stays resumable."""

    code = "E_INTERRUPTED"
    exit_code = 130


class MissingArtifactError(WrkrError):
    """A file the job promised does not exist."""

    code = "E_ACCEPT_MISSING_ARTIFACT"
    exit_code = 5


class AcceptanceTestError(WrkrError):
    """An acceptance command failed."""

    code = "E_ACCEPT_TEST_FAIL"
    exit_code = 5


class VerifyError(WrkrError):
    """Base of what verification can find; ``details`` holds entry, line and offset where known."""

    code = "E_VERIFY_HASH_MISMATCH"
    exit_code = 2


class VerifyHashError(VerifyError):
    """Bytes do not have the digest that was stated for them."""


class VerifyHistoryError(VerifyError):
    """The log does not fold to what the pack states, or is not a legal history."""

    code = "E_VERIFY_HISTORY"


class VerifySignatureError(VerifyError):
    """A signature is missing, bad, about something else, or of nobody who is trusted for it."""

    code = "E_VERIFY_SIGNATURE"


class VerifyMalformedError(VerifyError):
    """Not a jobpack, or bytes that are not the one legal form."""

    code = "E_VERIFY_MALFORMED"
    exit_code = 6


class StoreError(WrkrError):
    """Base of what a store raises (contract ``wrkr.store/1``).

    Attributes:
        holding: Which claim on a job it was raised under (``Holding.number``), where it was one.

    """

    code = "E_STORE_IO"
    holding: int | None = None


class Conflict(StoreError):
    """The stream or cell has moved on; nothing was written (A2, C1).

    Attributes:
        stream: The stream or cell key.
        expected: What the caller believed the head (or version) to be.
        head: What it is.

    """

    code = "E_STORE_CONFLICT"

    def __init__(self, stream: str, expected: int, head: int) -> None:
        """Carry the real head, so that the caller can decide again."""
        super().__init__(
            f"{stream}: expected {expected}, but it is at {head}",
            stream=stream,
            expected=expected,
            head=head,
        )
        self.stream = stream
        self.expected = expected
        self.head = head


class Deleted(StoreError):
    """The stream was deleted; its name cannot be used again (T1)."""

    code = "E_STORE_DELETED"

    def __init__(self, message: str, *, hint: str = "", **details: object) -> None:
        """Say what was deleted."""
        way_out = "a deleted name cannot be used again: choose another, or leave the id out"
        super().__init__(message, hint=hint or way_out, **details)


class Trimmed(StoreError):
    """Records before ``first`` were trimmed away (T2).

    Attributes:
        first: The oldest seq that can still be read.

    """

    code = "E_STORE_TRIMMED"

    def __init__(self, stream: str, first: int) -> None:
        """Say where reading can start."""
        super().__init__(
            f"{stream}: records before {first} were trimmed", stream=stream, first=first
        )
        self.first = first


class Busy(StoreError):
    """The store could not be locked in time; nothing was written (A4)."""

    code = "E_STORE_BUSY"


class Unknown(StoreError):
    """The write may or may not have happened: repeat the same call (A3, A4)."""

    code = "E_STORE_UNKNOWN"


class Corrupt(StoreError):
    """The store holds bytes that cannot be its own (X1)."""

    code = "E_STORE_CORRUPT"


class NotSupported(StoreError):
    """The store does not declare the capability this needs (N1)."""

    code = "E_NOT_SUPPORTED"


class HandleClosed(StoreError):
    """The store handle was closed, or carried over a ``fork()``: open a new one (N2)."""

    code = "E_STORE_CLOSED"


class StoreUnavailable(StoreError):
    """The store cannot be opened or written: wrong path, no permission, disk full."""

    code = "E_STORE_UNAVAILABLE"


class StoreTooNew(StoreUnavailable):
    """A newer release wrote this store; it was not touched."""

    code = "E_STORE_TOO_NEW"
