"""7: an edited snapshot and a deleted event are noticed, by status, export and verification."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.hard_cases.jobs import grow
from tests.worlds import error_of
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import Corrupt, VerifyError, VerifyHashError, VerifyHistoryError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.snapshot import EVERY, read_snapshot, snapshot_key
from wrkr_core.spec import JobSpec
from wrkr_core.upkeep import check_jobs

if TYPE_CHECKING:
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_core.jobpack.export import ExportResult
    from wrkr_core.ledger import Ledger


def paused_job(ledger: Ledger, *, records: int = 6) -> None:
    """Make a job of so many records, paused, with a snapshot."""
    ledger.submit(JobSpec(name="j"), job_id="j")
    with ledger.work("j"):
        pass
    grow(ledger, records - 1)
    ledger.pause("j", reason="lunch")
    assert ledger.store.get(snapshot_key("j")) is not None


def exported(ledger: Ledger) -> tuple[ExportResult, bytes]:
    out = io.BytesIO()
    return export_pack(ledger, "j", out), out.getvalue()


def edit_snapshot(ledger: Ledger, change: bytes, into: bytes) -> None:
    """Change a few bytes of the cell, as somebody with an editor would."""
    cell = ledger.store.get(snapshot_key("j"))
    assert cell is not None
    assert change in cell.data
    ledger.store.put(cell.key, cell.data.replace(change, into), cell.version)


def forge_snapshot(ledger: Ledger, change: bytes, into: bytes) -> None:
    """Change a few bytes of the cell and seal it anew, as somebody who can read this project."""
    cell = ledger.store.get(snapshot_key("j"))
    assert cell is not None
    sealed = msgspec.json.decode(cell.data, type=dict[str, msgspec.Raw])
    lie = bytes(sealed["state"]).replace(change, into)
    sealed |= {"state": msgspec.Raw(lie), "seal": msgspec.Raw(b'"%s"' % digest_bytes(lie).encode())}
    ledger.store.put(cell.key, msgspec.json.encode(sealed), cell.version)
    assert read_snapshot(msgspec.json.encode(sealed), "j") is not None


@pytest.mark.parametrize(
    ("change", "into"), [(b'"queued"', b'"completed"'), (b'"done":0', b'"done":9')]
)
def test_07_a_snapshot_edited_by_hand_is_believed_by_nobody(
    place: Place, change: bytes, into: bytes
) -> None:
    ledger = place.ledger()
    paused_job(ledger)
    truth, pack = ledger.state("j"), exported(ledger)[1]

    edit_snapshot(ledger, change, into)

    assert place.ledger().state("j") == truth
    assert [each.status for each in place.ledger().jobs()] == ["paused"]
    assert exported(ledger)[1] == pack
    assert verify_job(ledger, "j").status == "paused"
    ledger.resume("j", reason="back")
    assert place.ledger().state("j").status == "queued"


def test_07_export_and_verification_do_not_even_believe_a_snapshot_under_a_fresh_seal(
    place: Place,
) -> None:
    ledger = place.ledger()
    paused_job(ledger)
    pack = exported(ledger)[1]

    forge_snapshot(ledger, b'"done":0', b'"done":9')

    assert place.ledger().state("j").steps.done == 9
    assert exported(ledger)[1] == pack
    assert verify_pack(io.BytesIO(pack)).status == "paused"
    with pytest.raises(VerifyHistoryError, match="the snapshot of job j says otherwise"):
        verify_job(ledger, "j")


@pytest.mark.parametrize("seq", [1, 2, 5])
def test_07_a_deleted_event_is_noticed_by_status_export_and_verification(
    place: Place, seq: int
) -> None:
    paused_job(place.ledger())

    place.remove_record("j", seq)

    ledger = place.ledger()
    # Before 5 there is a snapshot of what came later, and status is true (see the next test).
    assert seq < 5 or isinstance(error_of(lambda: ledger.state("j")), Corrupt)
    assert isinstance(error_of(lambda: list(ledger.events("j"))), Corrupt)
    assert isinstance(error_of(lambda: exported(ledger)), Corrupt)
    assert isinstance(error_of(lambda: verify_job(ledger, "j")), VerifyError)
    assert [each.job_id for each in check_jobs(ledger)] == ["j"]


def test_07_a_status_from_a_snapshot_is_true_and_one_without_notices_what_is_gone(
    on_disk: Place,
) -> None:
    paused_job(on_disk.ledger(), records=EVERY + 20)
    truth = on_disk.ledger().state("j")
    on_disk.remove_record("j", 3)
    ledger = on_disk.ledger()
    assert ledger.state("j") == truth

    cell = ledger.store.get(snapshot_key("j"))
    assert cell is not None
    ledger.store.put(cell.key, None, cell.version)

    assert isinstance(error_of(lambda: ledger.state("j")), Corrupt)
    assert isinstance(error_of(lambda: ledger.state("j", at=EVERY)), Corrupt)
    assert isinstance(error_of(lambda: ledger.cancel("j", reason="x")), Corrupt)


def test_07_a_log_that_lost_its_end_does_not_match_the_receipt_it_gave(place: Place) -> None:
    paused_job(place.ledger())
    receipt = exported(place.ledger())[0].receipt
    assert verify_job(place.ledger(), "j", expect_receipt=receipt).ok

    place.remove_record("j", 6)

    with pytest.raises(VerifyHashError, match="the receipt is for"):
        verify_job(place.ledger(), "j", expect_receipt=receipt)


def test_07_a_log_that_lost_its_end_is_found_by_a_check_through_its_snapshot(place: Place) -> None:
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    with ledger.work("j") as job:
        job.complete()
    head = ledger.state("j").seq
    assert list(check_jobs(ledger)) == []

    place.remove_record("j", head)

    (found,) = check_jobs(place.ledger())
    assert f"knows {head} records and the log holds {head - 1}" in found.message


@pytest.mark.parametrize("command", ["status", "log", "export", "verify"])
def test_07_the_command_line_tells_of_a_deleted_event(
    on_disk: Place, command: str, wrkr_command: Wrkr
) -> None:
    paused_job(on_disk.ledger())
    on_disk.remove_record("j", 5)

    said = wrkr_command(command, "j", "--json", "--store", on_disk.url)

    code = "E_VERIFY_HASH_MISMATCH" if command == "verify" else "E_STORE_CORRUPT"
    assert (said.envelope["code"], said.code) == (code, 2 if command == "verify" else 1)
