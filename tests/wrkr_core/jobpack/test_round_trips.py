"""What a job was comes out of a jobpack whole, at its largest and while others tidy up."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tests.stories import BLOB, packed, whole_story
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.record import LONGEST_LINE
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent, Store

WHOLE = packed(whole_story())
KEY = f"blob/{digest_bytes(BLOB)}"


def imported(pack: bytes, store: Store) -> tuple[str, bool]:
    return import_pack(io.BytesIO(pack), store)


def exported(store: Store, job_id: str = "port-utils") -> bytes:
    pack = io.BytesIO()
    export_pack(store, job_id, pack)
    return pack.getvalue()


def test_the_longest_line_that_can_be_recorded_goes_through_export_verification_and_import() -> (
    None
):
    ledger = Ledger(MemoryStore(), actor="ann")
    job_id = ledger.submit(JobSpec(name="j"), job_id="j")
    size = LONGEST_LINE
    while True:
        try:
            ledger.emit(job_id, "progress", "so far", data="x" * size)
            break
        except InvalidInputError as error:
            size -= int(str(error.details["size"])) - LONGEST_LINE
    longest = max(len(each.data) for each in ledger.store.read(job_id))
    pack = exported(ledger.store, job_id)

    assert longest == LONGEST_LINE
    assert verify_pack(io.BytesIO(pack)).events == 2
    elsewhere = MemoryStore()
    assert imported(pack, elsewhere) == (job_id, True)
    assert exported(elsewhere, job_id) == pack


class Pruned(MemoryStore):
    """A store from which somebody removes every blob that nothing refers to yet."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        cell = self.get(KEY)
        assert cell is not None
        self.put(KEY, None, cell.version)
        return super().append(stream, expected, events, durable=durable)


def test_a_blob_that_is_removed_before_the_log_refers_to_it_is_put_back() -> None:
    store = Pruned()

    imported(WHOLE, store)

    assert exported(store) == WHOLE
