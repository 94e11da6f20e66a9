"""Verifying a job in its store: nothing that was changed by hand goes unnoticed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.signers import TRUST
from tests.stories import BLOB, Story, canceled_story, packed, small_story, whole_story
from wrkr_core import events as e
from wrkr_core import snapshot
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import (
    Corrupt,
    InvalidInputError,
    NotFoundError,
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifySignatureError,
)
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.verify import verify_job
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.store import Event


def kept(story: Story) -> list[Event]:
    """Return the records in the store, to be tampered with."""
    assert isinstance(story.store, MemoryStore)
    return story.store._contents.streams[story.job_id].records


def state_of(story: Story) -> JobState:
    assert story.log.state is not None
    return story.log.state


def verified(story: Story, receipt: str | None = None) -> Verification:
    return verify_job(story.store, story.job_id, expect_receipt=receipt)


def said(found: Verification, stage: str) -> str:
    return next(each.said for each in found.checks if each.stage == stage)


@pytest.mark.parametrize("tell", [small_story, whole_story, canceled_story])
def test_an_honest_job_verifies_where_it_is(tell: Callable[[], Story]) -> None:
    story = tell()

    found = verified(story)

    assert found == verify_job(Ledger(story.store), story.job_id)
    assert (found.format, found.pack_id, found.assurance) == ("store", None, "unsigned")
    assert (found.status, found.events) == (state_of(story).status, story.seq)
    assert found.head_hash == state_of(story).hash


def test_there_is_nothing_to_verify_of_a_job_that_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        verify_job(MemoryStore(), "nobody")


@pytest.mark.parametrize("seq", [1, 5, 11])
def test_an_edited_event_is_noticed_by_status_and_verification(seq: int) -> None:
    """Hard case 7."""
    story = small_story()
    record = kept(story)[seq - 1]
    kept(story)[seq - 1] = replace(record, data=record.data.replace(b'"by":"', b'"by":"x'))

    with pytest.raises(Corrupt):
        Ledger(story.store).state(story.job_id)
    with pytest.raises(VerifyHashError, match="was changed") as caught:
        verified(story)
    assert caught.value.details["seq"] == seq
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("seq", [1, 5, 10])
def test_a_deleted_event_is_noticed_by_status_and_verification(seq: int) -> None:
    """Hard case 7."""
    story = small_story()
    del kept(story)[seq - 1]

    with pytest.raises(Corrupt):
        Ledger(story.store).state(story.job_id)
    with pytest.raises(VerifyError):
        verified(story)


@pytest.mark.parametrize("column", [{"id": "other"}, {"at": 7}, {"type": "job_paused/1"}])
def test_columns_that_disagree_with_their_record_are_noticed(column: dict[str, object]) -> None:
    story = small_story()
    kept(story)[4] = replace(kept(story)[4], **column)

    with pytest.raises(VerifyHashError, match="columns") as caught:
        verified(story)
    assert caught.value.details["seq"] == 5


def test_a_history_that_is_not_legal_is_noticed() -> None:
    story = small_story()
    story.tell(e.AcceptanceRecorded(checks_run=1, passed=2, failures=(), config_digest=""))

    with pytest.raises(VerifyHistoryError, match="cannot have passed"):
        verified(story)


def test_events_of_a_later_release_are_not_judged() -> None:
    story = small_story()
    story.tell(e.UnknownEvent(type="job_reopened/1", payload=e.NULL))

    with pytest.raises(VerifyHistoryError, match="job_reopened/1"):
        verified(story)


@pytest.mark.parametrize("content", [None, b"", BLOB[:-1]])
def test_a_missing_or_damaged_blob_is_noticed(content: bytes | None) -> None:
    story = whole_story()
    story.store.put(f"blob/{digest_bytes(BLOB)}", content, 1)

    with pytest.raises(VerifyHashError, match="blob"):
        verified(story)


def keep(story: Story, state: JobState) -> None:
    """Put a sealed snapshot of any state into the job's cell."""
    key = snapshot.snapshot_key(story.job_id)
    cell = story.store.get(key)
    story.store.put(key, snapshot.write_snapshot(state), cell.version if cell else 0)


@pytest.mark.parametrize("through", [1, 6, 11])
def test_a_snapshot_that_says_what_the_log_says_is_no_matter(through: int) -> None:
    story = small_story()
    keep(story, Ledger(story.store).state(story.job_id, at=through))

    found = verified(story)

    assert said(found, "snapshot") == f"says what the log says at record {through}"
    assert found.events == 11


def test_a_snapshot_edited_by_hand_is_believed_by_nobody() -> None:
    """Hard case 7."""
    story, before = small_story(), packed(small_story())
    keep(story, state_of(story))
    key = snapshot.snapshot_key(story.job_id)
    cell = story.store.get(key)
    assert cell is not None
    story.store.put(key, cell.data.replace(b"completed", b"canceled"), cell.version)

    assert Ledger(story.store).state(story.job_id).status == "completed"
    assert packed(story) == before
    assert said(verified(story), "snapshot") == "there is none"


def test_a_snapshot_sealed_afresh_by_a_forger_is_noticed_by_verification() -> None:
    """Hard case 7: its own seal cannot tell, so the log does; an export never looks at it."""
    story, before = small_story(), packed(small_story())
    keep(story, replace(state_of(story), status="canceled"))

    assert packed(story) == before
    with pytest.raises(VerifyHistoryError, match="snapshot") as caught:
        verified(story)
    assert caught.value.details["cell"] == "snapshot/port-utils"


@pytest.mark.parametrize("change", [{"hash": "ab" * 32}, {"seq": 99}])
def test_a_snapshot_of_no_record_of_this_job_is_never_believed(change: dict[str, object]) -> None:
    story = small_story()
    keep(story, replace(state_of(story), **change))

    assert "never believed" in said(verified(story), "snapshot")
    assert Ledger(story.store).state(story.job_id).status == "completed"


def test_the_receipt_of_the_job_as_it_is_now_is_recognised() -> None:
    story = small_story()
    receipt = export_pack(story.store, story.job_id, io.BytesIO()).receipt

    assert said(verified(story, receipt), "expectations") == "the expected receipt"
    story.release(2)
    with pytest.raises(VerifyHashError, match="as it is now"):
        verified(story, receipt)
    with pytest.raises(InvalidInputError):
        verified(story, "no receipt")


def test_a_job_in_a_store_is_signed_by_nobody_and_its_jobpack_may_be() -> None:
    story = small_story()

    found = verify_job(story.store, story.job_id, trust=TRUST)
    assert (found.assurance, found.signed_by, found.signatures) == ("unsigned", (), ())
    with pytest.raises(VerifySignatureError, match="signed by nobody") as caught:
        verify_job(story.store, story.job_id, trust=TRUST, require_signature=True)
    assert "--sign" in caught.value.hint
