"""Errors: one class per thing a caller can react to, with a code and exit code that stay."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import TYPE_CHECKING

import pytest

from wrkr_core import errors
from wrkr_core.errors import (
    Blocked,
    Conflict,
    Deleted,
    InvalidInputError,
    Trimmed,
    WrkrError,
    check_whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# Golden: class, code and exit code are a contract with scripts.
CONTRACT = """
    AcceptanceTestError E_ACCEPT_TEST_FAIL 5
    ApprovalRequiredError E_CHECKPOINT_APPROVAL_REQUIRED 4
    BudgetExceededError E_BUDGET_EXCEEDED 1
    Busy E_STORE_BUSY 1
    Conflict E_STORE_CONFLICT 1
    Corrupt E_STORE_CORRUPT 1
    Deleted E_STORE_DELETED 1
    EnvironmentMismatchError E_ENV_FINGERPRINT_MISMATCH 1
    ErasureUnfinishedError E_ERASURE_UNFINISHED 1
    HandleClosed E_STORE_CLOSED 1
    InterruptedByUserError E_INTERRUPTED 130
    InvalidInputError E_INVALID_INPUT_SCHEMA 6
    JobExistsError E_JOB_EXISTS 6
    LeaseConflictError E_LEASE_CONFLICT 1
    MissingArtifactError E_ACCEPT_MISSING_ARTIFACT 5
    MoveNotAllowedError E_INVALID_STATE_TRANSITION 1
    NonDeterminismError E_NON_DETERMINISM 1
    NotFoundError E_NOT_FOUND 1
    NotSupported E_NOT_SUPPORTED 1
    NotSupportedHereError E_NOT_SUPPORTED 1
    PayloadsSealedError E_PAYLOADS_SEALED 1
    ResultNotStorableError E_RESULT_NOT_STORABLE 1
    StepFailedError E_ADAPTER_FAIL 1
    StepTimeoutError E_STEP_TIMEOUT 1
    StoreError E_STORE_IO 1
    StoreTooNew E_STORE_TOO_NEW 1
    StoreUnavailable E_STORE_UNAVAILABLE 1
    Trimmed E_STORE_TRIMMED 1
    Unknown E_STORE_UNKNOWN 1
    UnknownEventError E_UNKNOWN_EVENT 1
    UnsafeOperationError E_UNSAFE_OPERATION 8
    VerifyError E_VERIFY_HASH_MISMATCH 2
    VerifyHashError E_VERIFY_HASH_MISMATCH 2
    VerifyHistoryError E_VERIFY_HISTORY 2
    VerifyMalformedError E_VERIFY_MALFORMED 6
    VerifySignatureError E_VERIFY_SIGNATURE 2
    WrkrError E_GENERIC_FAILURE 1
    WrongPassphraseError E_WRONG_PASSPHRASE 6
"""
CLASSES = sorted(
    (cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, WrkrError)),
    key=lambda cls: cls.__name__,
)


def pickled(protocol: int, error: BaseException) -> BaseException:
    """Return what another process would get."""
    found: BaseException = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own
    return found


PROTOCOLS = [partial(pickled, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]


def test_every_code_and_exit_code_stays_what_it_is() -> None:
    found = [f"{cls.__name__} {cls.code} {cls.exit_code}" for cls in CLASSES]

    assert found == [line.strip() for line in CONTRACT.strip().split("\n")]


def test_the_reason_codes_of_the_contract_are_all_there() -> None:
    codes = {cls.code for cls in CLASSES}

    assert codes >= {
        "E_BUDGET_EXCEEDED",
        "E_ADAPTER_FAIL",
        "E_CHECKPOINT_APPROVAL_REQUIRED",
        "E_ACCEPT_MISSING_ARTIFACT",
        "E_ACCEPT_TEST_FAIL",
        "E_VERIFY_HASH_MISMATCH",
        "E_STORE_CORRUPT",
        "E_ENV_FINGERPRINT_MISMATCH",
        "E_LEASE_CONFLICT",
        "E_INVALID_STATE_TRANSITION",
        "E_INVALID_INPUT_SCHEMA",
        "E_UNSAFE_OPERATION",
    }


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_carries_its_message_hint_and_facts(cls: type[WrkrError]) -> None:
    if cls in (Conflict, Trimmed):
        return

    error = cls("it is wrong", hint="do it right", job_id="j_7", seq=3)

    assert str(error) == error.message == "it is wrong"
    assert error.hint == "do it right"
    assert error.details == {"job_id": "j_7", "seq": 3}
    assert (cls("it is wrong").hint != "") == (cls is Deleted)


def test_a_conflict_carries_the_real_head() -> None:
    error = Conflict("j_7", 4, 6)

    assert str(error) == "j_7: expected 4, but it is at 6"
    assert (error.stream, error.expected, error.head) == ("j_7", 4, 6)
    assert error.details == {"stream": "j_7", "expected": 4, "head": 6}


def test_what_was_trimmed_says_where_reading_can_start() -> None:
    error = Trimmed("j_7", 100)

    assert str(error) == "j_7: records before 100 were trimmed"
    assert error.first == error.details["first"] == 100


def test_invalid_input_lists_every_single_problem() -> None:
    error = InvalidInputError("2 mistakes", problems=["line 1: a", "line 2: b"])

    assert error.problems == ("line 1: a", "line 2: b")
    assert error.details == {"problems": ["line 1: a", "line 2: b"]}
    assert InvalidInputError("wrong").details == {}


def made(cls: type[BaseException]) -> BaseException:
    """Return an error of this class with all its facts."""
    if cls is Conflict:
        return Conflict("j_7", 4, 6)
    if cls is Trimmed:
        return Trimmed("j_7", 100)
    if cls is Blocked:
        return Blocked("j_7", "blocked_decision", "merge?")
    if cls is InvalidInputError:
        return InvalidInputError("2 mistakes", problems=["a", "b"], hint="look", line=3)
    error = cls("it is wrong", hint="do it right", job_id="j_7", seq=3)  # type: ignore[call-arg]  # a WrkrError
    error.add_note("seen in a test")
    return error


@pytest.mark.parametrize("carry", [copy.copy, copy.deepcopy, *PROTOCOLS])
@pytest.mark.parametrize("cls", [*CLASSES, Blocked], ids=lambda cls: cls.__name__)
def test_an_error_comes_whole_out_of_another_process_and_out_of_a_copy(
    cls: type[BaseException], carry: Callable[[BaseException], BaseException]
) -> None:
    error = made(cls)

    carried = carry(error)

    assert type(carried) is cls
    assert (str(carried), carried.args, vars(carried)) == (str(error), error.args, vars(error))
    assert carried is not error


@pytest.mark.parametrize(("value", "least"), [(0, 1), (-1, 0), (1.5, 0), ("3", 0), (True, 0)])
def test_what_is_no_whole_number_from_the_least_up_is_refused_by_name(
    value: int, least: int
) -> None:
    check_whole("limit", least, least)

    with pytest.raises(InvalidInputError) as caught:
        check_whole("limit", value, least)

    assert str(caught.value) == f"limit is {value!r}; it must be a whole number from {least} up"
    assert caught.value.details == {"argument": "limit", "least": least}


def test_a_step_that_swallows_every_exception_does_not_swallow_blocked() -> None:
    blocked = Blocked("j_7", "blocked_decision", "merge?")

    assert not isinstance(blocked, Exception)
    assert str(blocked) == "job j_7 is blocked_decision: merge?"
    assert (blocked.job_id, blocked.status, blocked.summary) == (
        "j_7",
        "blocked_decision",
        "merge?",
    )
