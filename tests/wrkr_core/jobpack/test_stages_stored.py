"""Every problem of a job in its store, and the stages one by one where they differ from a pack's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.signers import BEA, TRUST, answered_story
from tests.stories import BLOB, Story, small_story, whole_story
from wrkr_core import events as e
from wrkr_core import snapshot
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.stages_stored import NEEDS, STAGES
from wrkr_core.jobpack.verify import find_problems_of_job, verify_job
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.jobpack.problems import Findings
    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.store import Event

RECEIPT = f"WRKR job_id=port-utils manifest=sha256:{'ab' * 32}"


def kept(story: Story) -> list[Event]:
    """Return the records in the store, to be tampered with."""
    assert isinstance(story.store, MemoryStore)
    return story.store._contents.streams[story.job_id].records


def edit(story: Story, seq: int, old: bytes, new: bytes) -> None:
    record = kept(story)[seq - 1]
    assert old in record.data
    kept(story)[seq - 1] = replace(record, data=record.data.replace(old, new))


def agree(story: Story, **asked: Any) -> Findings:  # noqa: ANN401  # as verify_job
    """Return what was found; its first problem must be what verification raises, or there is none."""
    findings = find_problems_of_job(Ledger(story.store), story.job_id, **asked)
    verified = tried(story, **asked)
    if isinstance(verified, VerifyError):
        first = findings.problems[0]
        assert (type(first), first.message) == (type(verified), verified.message)
        assert first.hint == verified.hint
        assert {"job_id": story.job_id, **first.details} == verified.details
    else:
        assert findings.verification == verified
    return findings


def tried(story: Story, **asked: Any) -> Verification | VerifyError:  # noqa: ANN401  # as verify_job
    try:
        return verify_job(story.store, story.job_id, **asked)
    except VerifyError as error:
        return error


def outcomes(findings: Findings) -> dict[str, str]:
    return {each.stage: each.outcome for each in findings.stages}


def seqs(findings: Findings) -> list[object]:
    return [each.details.get("seq") for each in findings.problems]


def test_of_an_honest_job_every_stage_is_ok() -> None:
    findings = agree(whole_story())

    assert set(outcomes(findings).values()) == {"ok"}
    assert (findings.format, findings.job_id, findings.pack_id) == ("store", "port-utils", None)


def test_every_record_that_is_wrong_is_listed() -> None:
    story = whole_story()
    edit(story, 3, b'"by":"', b'"by":"x')
    kept(story)[6] = replace(kept(story)[6], at=7)
    edit(story, 12, b'"seq":12', b'"seq":13')

    findings = agree(story)

    assert seqs(findings) == [3, 7, 12]
    assert outcomes(findings) == {
        "log": "failed",
        **dict.fromkeys(NEEDS, "not judged"),
    }


def test_an_event_that_is_not_legal_does_not_hide_a_record_that_is_wrong() -> None:
    story = small_story()
    story.tell(e.AcceptanceRecorded(checks_run=1, passed=2, failures=(), config_digest=""))
    story.release(2)
    edit(story, 13, b'"by":"', b'"by":"x')

    assert seqs(agree(story)) == [13]


def test_records_that_are_missing_end_the_log() -> None:
    story = small_story()
    del kept(story)[4]

    findings = agree(story)

    assert outcomes(findings)["log"] == "failed"
    assert findings.count == 1


def test_an_event_that_is_not_legal_is_a_problem_of_the_history() -> None:
    story = small_story()
    story.tell(e.AcceptanceRecorded(checks_run=1, passed=2, failures=(), config_digest=""))

    findings = agree(story)

    assert outcomes(findings) == {
        "log": "ok",
        "history": "failed",
        **dict.fromkeys(list(NEEDS)[1:], "not judged"),
    }


def test_what_lies_beside_the_log_is_judged_thing_by_thing() -> None:
    story = whole_story()
    story.store.put(f"blob/{digest_bytes(BLOB)}", b"!", 1)
    state = story.log.state
    assert state is not None
    forged = snapshot.write_snapshot(replace(state, status="canceled"))
    key = snapshot.snapshot_key(story.job_id)
    cell = story.store.get(key)
    story.store.put(key, forged, cell.version if cell is not None else 0)

    findings = agree(story)

    assert [each.details["stage"] for each in findings.problems] == ["blobs", "snapshot"]
    assert outcomes(findings)["expectations"] == "not judged"


def test_every_answer_that_is_wrongly_signed_is_listed() -> None:
    story = answered_story(BEA, signed={"reason": "something else"})

    findings = agree(story, trust=TRUST)

    assert [each.details["stage"] for each in findings.problems] == ["approvals"]
    assert outcomes(findings)["blobs"] == "ok"


def test_whatever_was_expected_in_vain_is_listed() -> None:
    findings = agree(small_story(), expect_receipt=RECEIPT, require_signature=True)

    assert [each.code for each in findings.problems] == [
        "E_VERIFY_HASH_MISMATCH",
        "E_VERIFY_SIGNATURE",
    ]


@pytest.mark.parametrize("tell", [small_story, whole_story])
def test_an_edited_byte_of_any_record_is_listed_with_its_seq(tell: Callable[[], Story]) -> None:
    for seq in range(1, tell().seq + 1):
        story = tell()
        edit(story, seq, b'"at":1', b'"at":2')

        assert seqs(agree(story)) == [seq]


def test_each_stage_needs_only_stages_before_it() -> None:
    names = [name for name, _ in STAGES]

    assert set(NEEDS) == set(names[1:])
    for stage, needed in NEEDS.items():
        assert all(names.index(each) < names.index(stage) for each in needed)
