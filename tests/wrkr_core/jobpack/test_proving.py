"""Proofs made of a job in a store hold against what its packs and receipts said before."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given

from tests.stories import (
    Story,
    contents_of,
    lines_of,
    packed,
    resealed,
    small_story,
    whole_story,
)
from tests.trying import HISTORIES
from wrkr_core.canonical import loads
from wrkr_core.errors import (
    InvalidInputError,
    NotFoundError,
    VerifyHashError,
    VerifyHistoryError,
)
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.proofs import PackState, read_proof
from wrkr_core.jobpack.proving import prove_event, prove_since
from wrkr_core.jobpack.receipt import Receipt, read_receipt
from wrkr_core.memory import MemoryStore
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from tests.histories import Journal
    from wrkr_core.store import Store

JOB: Final = "port-utils"


def stated(pack: bytes) -> PackState:
    return PackState.of(contents_of(pack)["manifest.json"])


def beginning(pack: bytes, count: int, *, by: str | None = None) -> Store:
    """Return a store with the first records of a pack; ``by`` rewrites who did the third."""
    lines = lines_of(pack)
    if by is not None:
        lines[2]["by"] = by
    store = MemoryStore()
    for seq, line in enumerate(resealed(lines).split(b"\n")[:count]):
        fields = loads(line)
        new = NewEvent(id=fields["id"], type=fields["type"], at=fields["at"], data=line)
        store.append(JOB, seq, [new])
    return store


@pytest.mark.parametrize("story", [small_story(), whole_story()], ids=["small", "whole"])
def test_every_record_of_a_job_can_be_proven(story: Story) -> None:
    pack = packed(story)

    for seq, line in enumerate(contents_of(pack)["events.jsonl"].split(b"\n")[:-1], 1):
        proof = read_proof(prove_event(story.store, JOB, seq).file_bytes())
        proof.check()
        assert proof == prove_event(story.store, JOB, seq)
        assert proof.packs == (stated(pack),)
        assert line.decode() == loads(proof.file_bytes())["line"]


@pytest.mark.parametrize("seq", [0, -1, 12])
def test_a_record_there_is_not_cannot_be_proven(seq: int) -> None:
    with pytest.raises(NotFoundError, match=f"no record {seq}; it has 1 to 11"):
        prove_event(small_story().store, JOB, seq)


def test_a_job_there_is_not_cannot_be_proven() -> None:
    with pytest.raises(NotFoundError):
        prove_event(MemoryStore(), "nothing", 1)
    with pytest.raises(NotFoundError):
        prove_since(MemoryStore(), "nothing", 1)


def test_a_job_that_went_on_is_proven_to_continue_its_pack_its_receipt_and_its_length() -> None:
    """Hard case: an earlier export and a later one."""
    story, out = small_story(), io.BytesIO()
    exported = export_pack(story.store, JOB, out)
    story.release(2)
    later = stated(packed(story))

    for since in (stated(out.getvalue()), read_receipt(exported.receipt), 11):
        proof = prove_since(story.store, JOB, since)
        read_proof(proof.file_bytes()).check()
        assert (proof.old.pack_id, proof.new) == (exported.pack_id, later)


@pytest.mark.parametrize("story", [small_story(), whole_story()], ids=["small", "whole"])
def test_a_receipt_of_any_state_the_job_was_in_is_found(story: Story) -> None:
    """Whatever the job had to pack by then: blobs, checkpoints, acceptance."""
    for count in range(1, story.seq + 1):
        of_count = prove_since(story.store, JOB, count).old
        receipt = Receipt(job_id=JOB, pack_id=of_count.pack_id)
        assert prove_since(story.store, JOB, receipt).old == of_count


@given(HISTORIES)
def test_whatever_the_rules_decide_is_proven_from_its_beginning(journal: Journal) -> None:
    store = MemoryStore()
    store.append(journal.job_id, 0, journal.stored)

    prove_since(store, journal.job_id, 1).check()
    prove_event(store, journal.job_id, len(journal.stored)).check()


def test_a_log_that_was_written_anew_is_a_fork() -> None:
    pack = packed(small_story())
    store = beginning(pack, 3, by="bob")

    with pytest.raises(VerifyHistoryError, match=r"^fork: ") as caught:
        prove_since(store, JOB, stated(packed_beginning(pack, 3)))

    assert caught.value.details["reason"] == "fork"


def test_a_log_that_lost_its_end_is_a_rollback() -> None:
    pack = packed(small_story())

    for since in (stated(pack), 11):
        with pytest.raises(VerifyHistoryError, match=r"^rollback: ") as caught:
            prove_since(beginning(pack, 4), JOB, since)
        assert caught.value.details["reason"] == "rollback"


def test_another_jobs_pack_is_no_earlier_state() -> None:
    other = stated(packed(small_story(job_id="another-job")))

    with pytest.raises(VerifyHistoryError, match="another-job") as caught:
        prove_since(small_story().store, JOB, other)

    assert caught.value.details["reason"] == "another_job"


@pytest.mark.parametrize("job_id", [JOB, "another-job"])
def test_a_receipt_of_no_state_is_refused_with_what_it_names(job_id: str) -> None:
    receipt = Receipt(job_id=job_id, pack_id="ab" * 32)

    with pytest.raises(VerifyHashError, match=f"none of the 11 .*{'ab' * 32} of job {job_id}"):
        prove_since(small_story().store, JOB, receipt)


def test_a_receipt_that_names_another_job_with_this_jobs_pack_is_refused() -> None:
    story = small_story()
    receipt = Receipt(job_id="another-job", pack_id=stated(packed(story)).pack_id)

    with pytest.raises(VerifyHashError, match="another-job"):
        prove_since(story.store, JOB, receipt)


def test_no_records_prove_nothing() -> None:
    with pytest.raises(InvalidInputError, match="0 records proves nothing"):
        prove_since(small_story().store, JOB, 0)


def packed_beginning(pack: bytes, count: int) -> bytes:
    out = io.BytesIO()
    export_pack(beginning(pack, count), JOB, out)
    return out.getvalue()
