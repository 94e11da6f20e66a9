"""The key a job has for itself, in a cell that no jobpack carries.

Under it, and under nothing else, are the keyed hashes made that a log may hold of secrets: equal ones
can be told to be equal, and nothing else about them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from wrkr_core.errors import Conflict

if TYPE_CHECKING:
    from wrkr_core.machine import Machine
    from wrkr_core.store import Store


def job_key(store: Store, machine: Machine, job_id: str) -> bytes:
    """Return the 32 bytes of key that belong to the job, made once by whoever comes first."""
    name = f"key/{job_id}"
    while (cell := store.get(name)) is None:
        # Four ids hold 320 random bits; there is no other door to randomness.
        drawn = "".join(machine.new_id() for _ in range(4))
        try:
            store.put(name, sha256(drawn.encode("ascii")).digest(), 0)
        except Conflict:
            continue  # somebody else made it: theirs counts
    return cell.data
