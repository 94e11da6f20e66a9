"""Erasing the content of an erasable job: recording it, then removing the job's key.

In this order, so that a crash between the two leaves an erasure that anybody can see and finish by
asking for it again, and never a job whose content is gone and whose log does not say why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from wrkr_core.errors import Corrupt, NotFoundError, PayloadsSealedError
from wrkr_core.job.decide.lifecycle import decide_erase
from wrkr_core.job_log import JobLog, no_job
from wrkr_core.payloads.key import find_key, key_name, remove_key
from wrkr_core.watching import load_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core import events as e
    from wrkr_core.job.state import JobState
    from wrkr_core.machine import Machine
    from wrkr_core.store import Store


def erase_job(log: JobLog, store: Store, machine: Machine, *, reason: str, by: str) -> JobState:
    """Carry out ``Ledger.erase`` of the job ``log``."""
    job_id = log.job_id
    log.load()

    def rule(state: JobState | None, _at: int) -> tuple[e.Event, ...]:
        if state is None:
            raise no_job(job_id)
        events = decide_erase(state, reason=reason)
        if events and find_key(store, job_id) is None:
            raise PayloadsSealedError(
                f"the content of job {job_id} is sealed, and its key is not in this store: there is "
                f"nothing here to erase",
                hint="erase it in the store where it was submitted; whoever has the key can read it",
                job_id=job_id,
                payloads="sealed",
            )
        return events

    log.decide(rule, by=by)
    remove_key(store, machine, job_id)
    return load_state(store, machine, job_id)


def unfinished(store: Store, machine: Machine) -> Iterator[JobState]:
    """Yield each job of the store whose erasure is unfinished; one that is damaged is passed over."""
    after, prefix = "", key_name("")
    while keys := store.keys(prefix=prefix, after=after):
        for key in keys:
            after = key
            try:
                state = JobLog(store, machine, key.removeprefix(prefix)).load()
            except (Corrupt, NotFoundError):
                continue
            if state is not None and state.payloads == "erased":
                yield state


def is_unfinished(store: Store, state: JobState) -> bool:
    """Tell whether an erasure is recorded, and the key it is about is still in the store."""
    return state.payloads == "erased" and find_key(store, state.job_id) is not None


def unfinished_text(state: JobState) -> str:
    """Return what is wrong with a job whose erasure is unfinished."""
    return (
        f"the payloads of job {state.job_id} are recorded as erased, but its key is still in the "
        f"store; finish it: wrkr job erase {state.job_id} --reason …"
    )


def payloads_text(state: JobState) -> Literal["plain", "sealed", "erased"]:
    """Return how the payloads of a job stand: ``plain``, ``sealed`` or ``erased``."""
    return "plain" if state.payloads is msgspec.UNSET else state.payloads
