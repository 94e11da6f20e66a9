"""The key a job has for itself: 32 bytes in a cell of its store, which no jobpack carries.

Under it are the keyed hashes made that a log may hold of secrets: equal ones can be told to be equal,
and nothing else about them. An erasable job's content is sealed under keys derived from it; who
removes the cell has erased that content.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import Conflict, ErasureUnfinishedError, StoreError, Unknown

if TYPE_CHECKING:
    from wrkr_core.machine import Machine
    from wrkr_core.store import Store

TRIES: Final = 16
LONGEST_BACK_OFF: Final = 50_000  # µs


def key_name(job_id: str) -> str:
    """Return the key of the cell that holds the job's key."""
    return f"key/{job_id}"


def find_key(store: Store, job_id: str) -> bytes | None:
    """Return the job's key, None if it is not in this store."""
    cell = store.get(key_name(job_id))
    return None if cell is None else cell.data


def job_key(store: Store, machine: Machine, job_id: str) -> bytes:
    """Return the 32 bytes of key that belong to the job, made once by whoever comes first."""
    while (key := find_key(store, job_id)) is None:
        # Four ids hold 320 random bits; there is no other door to randomness.
        drawn = "".join(machine.new_id() for _ in range(4))
        try:
            store.put(key_name(job_id), sha256(drawn.encode("ascii")).digest(), 0)
        except Conflict:
            continue  # somebody else made it: theirs counts
    return key


def remove_key(store: Store, machine: Machine, job_id: str) -> None:
    """Remove the job's key for good; when this returns it is gone also from what lay below it.

    Raises: ErasureUnfinishedError: the store could not; it may be called again.
    """
    name = key_name(job_id)
    failure: StoreError | None = None
    for _ in range(TRIES):
        cell = store.get(name)
        try:
            # Also when it is gone: an earlier try may have left its bytes in a file.
            store.put(name, None, 0 if cell is None else cell.version)
        except (Conflict, Unknown) as error:
            failure = error
            machine.sleep(machine.jitter(LONGEST_BACK_OFF))
        except StoreError as error:
            failure = error
            break
        else:
            return
    raise ErasureUnfinishedError(
        f"the erasure of job {job_id} is recorded, but its key could not be removed: {failure}",
        hint=f"repeat it: wrkr job erase {job_id} --reason …",
        job_id=job_id,
    ) from failure
