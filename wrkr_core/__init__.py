"""wrkr: an agent's work made durable, bounded, reviewable and provable.

What is listed in ``__all__`` is supported. Names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_core._version import __version__ as __version__
    from wrkr_core.aio import AsyncLedger as AsyncLedger
    from wrkr_core.approval import Answer as Answer
    from wrkr_core.artifact import Artifact as Artifact
    from wrkr_core.async_job import AsyncJob as AsyncJob
    from wrkr_core.budget import Budget as Budget
    from wrkr_core.errors import ApprovalRequiredError as ApprovalRequiredError
    from wrkr_core.errors import Blocked as Blocked
    from wrkr_core.errors import BudgetExceededError as BudgetExceededError
    from wrkr_core.errors import EnvironmentMismatchError as EnvironmentMismatchError
    from wrkr_core.errors import InvalidInputError as InvalidInputError
    from wrkr_core.errors import JobExistsError as JobExistsError
    from wrkr_core.errors import LeaseConflictError as LeaseConflictError
    from wrkr_core.errors import MoveNotAllowedError as MoveNotAllowedError
    from wrkr_core.errors import NonDeterminismError as NonDeterminismError
    from wrkr_core.errors import NotFoundError as NotFoundError
    from wrkr_core.errors import ResultNotStorableError as ResultNotStorableError
    from wrkr_core.errors import StepFailedError as StepFailedError
    from wrkr_core.errors import StepTimeoutError as StepTimeoutError
    from wrkr_core.errors import StoreError as StoreError
    from wrkr_core.errors import UnsafeOperationError as UnsafeOperationError
    from wrkr_core.errors import VerifyError as VerifyError
    from wrkr_core.errors import WrkrError as WrkrError
    from wrkr_core.events import RecordedEvent as RecordedEvent
    from wrkr_core.finding import open_store as open_store
    from wrkr_core.job.state import JobState as JobState
    from wrkr_core.ledger import Ledger as Ledger
    from wrkr_core.redaction.mask import Secrets as Secrets
    from wrkr_core.results import Outcome as Outcome
    from wrkr_core.results import register_result as register_result
    from wrkr_core.spec import Check as Check
    from wrkr_core.spec import CheckpointPolicy as CheckpointPolicy
    from wrkr_core.spec import Command as Command
    from wrkr_core.spec import JobSpec as JobSpec
    from wrkr_core.spec import StepSpec as StepSpec
    from wrkr_core.spec import Variable as Variable
    from wrkr_core.store import Store as Store
    from wrkr_core.work.attempts import Backoff as Backoff
    from wrkr_core.work.job import Job as Job

_HOMES: Final = {
    "__version__": "_version",
    "Answer": "approval",
    "ApprovalRequiredError": "errors",
    "Artifact": "artifact",
    "AsyncJob": "async_job",
    "AsyncLedger": "aio",
    "Backoff": "work.attempts",
    "Blocked": "errors",
    "Budget": "budget",
    "BudgetExceededError": "errors",
    "Check": "spec",
    "CheckpointPolicy": "spec",
    "Command": "spec",
    "EnvironmentMismatchError": "errors",
    "InvalidInputError": "errors",
    "Job": "work.job",
    "JobExistsError": "errors",
    "JobSpec": "spec",
    "JobState": "job.state",
    "LeaseConflictError": "errors",
    "Ledger": "ledger",
    "MoveNotAllowedError": "errors",
    "NonDeterminismError": "errors",
    "NotFoundError": "errors",
    "Outcome": "results",
    "RecordedEvent": "events",
    "ResultNotStorableError": "errors",
    "Secrets": "redaction.mask",
    "StepFailedError": "errors",
    "StepSpec": "spec",
    "StepTimeoutError": "errors",
    "Store": "store",
    "StoreError": "errors",
    "UnsafeOperationError": "errors",
    "Variable": "spec",
    "VerifyError": "errors",
    "WrkrError": "errors",
    "open_store": "finding",
    "register_result": "results",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'wrkr_core' has no attribute {name!r}")
    value: object = getattr(import_module(f"wrkr_core.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
