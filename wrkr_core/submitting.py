"""Submitting a job, once: the same spec under the same id again changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from wrkr_core._version import __version__
from wrkr_core.errors import JobExistsError
from wrkr_core.job.decide.lifecycle import decide_submit
from wrkr_core.redaction.specs import allowed_secrets, with_allowance
from wrkr_core.spec import spec_digest

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.job_log import JobLog
    from wrkr_core.redaction.mask import Secrets
    from wrkr_core.spec import JobSpec
    from wrkr_core.store import Store


def submit_job(
    store: Store,
    log: JobLog,
    spec: JobSpec,
    *,
    by: str,
    redact: Secrets | None,
    allow_secrets: bool,
) -> bool:
    """Record that the job of an unread log exists; tell whether it is new. See ``Ledger.submit``."""
    allowed = allowed_secrets(spec, redact, allow=allow_secrets)
    if spec.erasable and store.stream(log.job_id) is not None:
        log.load()  # or a job that is here without its key would get another one
    recorded = log.decide(
        lambda _state, _at: with_allowance(
            decide_submit(as_submitted(log), job_id=log.job_id, spec=spec, engine=__version__),
            allowed,
        ),
        by=by,
    )
    return bool(recorded)


def as_submitted(log: JobLog) -> JobState | None:
    """Return a log's state with the digest of the spec that was handed in, not of the sealed one.

    Raises: JobExistsError: there is a job, and its spec cannot be read here.
    """
    state = log.state
    if state is None or state.payloads is msgspec.UNSET:
        return state
    if not log.payloads.opens():
        raise JobExistsError(
            f"job {log.job_id} exists already; its content cannot be read here, so whether it has "
            f"the same spec cannot be told",
            hint="leave the id out to get a new one, or choose another",
            job_id=log.job_id,
        )
    return replace(state, spec_digest=spec_digest(log.spec()))
