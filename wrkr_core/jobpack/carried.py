"""The attestations an imported jobpack had, kept in a cell beside its job.

They are of that jobpack: as long as exporting the job gives the same one, with the same id, they are
put in again. Once the job has gone on they are of an earlier one, and stay in the file they came in.
Keeping them judges nothing; they are judged where the job or its jobpack is verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import msgspec

from wrkr_core.canonical import dumps, loads, loads_strict
from wrkr_core.decoding import decode_as
from wrkr_core.errors import (
    Conflict,
    Corrupt,
    InvalidInputError,
    Unknown,
    VerifyError,
)
from wrkr_core.jobpack.attestations import MOST, check_contents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core.store import Cell, Store

TRIES: Final = 16


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cell as its bytes hold it: each attestation is the JSON it is."""

    attestations: dict[str, msgspec.Raw]
    pack_id: str


@attrs.frozen(kw_only=True)
class Carried:
    """The attestations of the jobpack ``pack_id``, by the names of their entries."""

    pack_id: str
    attestations: Mapping[str, bytes]

    def cell(self) -> bytes:
        """Return what is kept of them, canonical JSON."""
        said = {name: loads(content) for name, content in self.attestations.items()}
        return dumps({"attestations": said, "pack_id": self.pack_id})

    def with_more(self, other: Carried | None) -> Carried:
        """Return these and those of ``other`` that are of the same jobpack; these go first.

        Raises: InvalidInputError: a jobpack cannot have so many.
        """
        before: Mapping[str, bytes] = {}
        if other is not None and other.pack_id == self.pack_id:
            before = other.attestations
        merged = {**before, **self.attestations}
        if len(merged) > MOST:
            raise InvalidInputError(
                f"the store has {len(before)} attestations of this jobpack; with those of the file "
                f"there would be {len(merged)}, and a jobpack has at most {MOST}",
                limit=MOST,
            )
        return attrs.evolve(self, attestations=merged)


def carried_key(job_id: str) -> str:
    """Return the key of the cell that holds a job's attestations."""
    return f"attestations/{job_id}"


def carried(store: Store, job_id: str) -> Carried | None:
    """Return the attestations that are kept beside a job, None if there are none.

    Raises: Corrupt: the cell is damaged.
    """
    cell = store.get(carried_key(job_id))
    return None if cell is None else _read(cell, job_id)


def carried_by(store: Store, job_id: str, pack_id: str) -> Mapping[str, bytes]:
    """Return those that are of the jobpack ``pack_id``, by name. Raises: Corrupt."""
    found = carried(store, job_id)
    return found.attestations if found is not None and found.pack_id == pack_id else {}


def carry(store: Store, job_id: str, wanted: Carried) -> None:
    """Keep attestations beside a job, with those of the same jobpack that are there. Durable.

    What the same key said before in the same role is replaced, as is a cell that is damaged.

    Raises: InvalidInputError: there would be too many. Unknown, Busy, StoreUnavailable.
    """
    for _ in range(TRIES):
        cell = store.get(carried_key(job_id))
        data = wanted.with_more(carried_or_none(store, job_id)).cell()
        if cell is not None and cell.data == data:
            return
        try:
            store.put(carried_key(job_id), data, cell.version if cell is not None else 0)
        except (Conflict, Unknown):
            continue
        return
    raise Unknown(
        f"whether the attestations of job {job_id} were written stayed unknown",
        hint="import again",
        job_id=job_id,
    )


def carried_or_none(store: Store, job_id: str) -> Carried | None:
    """Return the attestations that are kept beside a job, None also where the cell is damaged."""
    try:
        return carried(store, job_id)
    except Corrupt:
        return None


def _read(cell: Cell, job_id: str) -> Carried:
    try:
        loads_strict(cell.data)
        written = decode_as(_Written, cell.data)
        found = {name: bytes(content) for name, content in written.attestations.items()}
        check_contents(found)
    except (InvalidInputError, msgspec.MsgspecError, VerifyError) as error:
        raise Corrupt(
            f"the attestations kept beside job {job_id} are damaged: {error}",
            hint="import the signed jobpack again; it puts them right",
            job_id=job_id,
            cell=cell.key,
        ) from error
    return Carried(pack_id=written.pack_id, attestations=found)
