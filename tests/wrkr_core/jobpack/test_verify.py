"""Verifying a jobpack as a stranger does: what was honest passes, what was forged does not.

One forgery cannot be told without signatures: a whole history that was invented, is legal, and was
sealed afresh. The last tests say so, and what a receipt adds.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories import (
    Story,
    canceled_story,
    contents_of,
    lines_of,
    packed,
    repacked,
    resealed,
    small_story,
    submitted,
    whole_story,
)
from tests.trying import HISTORIES
from wrkr_core.canonical import loads
from wrkr_core.chain import hash_of
from wrkr_core.errors import (
    InvalidInputError,
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.stages import STAGES
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.histories import Journal
    from wrkr_core.jobpack.verification import Verification

SMALL: Final = packed(small_story())
WHOLE: Final = packed(whole_story())
Lines = list[dict[str, Any]]


def verified(pack: bytes, **asked: Any) -> Verification:  # noqa: ANN401  # as verify_pack
    return verify_pack(io.BytesIO(pack), **asked)


def is_refused(pack: bytes) -> bool:
    try:
        verified(pack)
    except VerifyError:
        return True
    return False


def forged(change: Callable[[Lines], object], *, pack: bytes = SMALL, **stated: Any) -> bytes:  # noqa: ANN401  # of the manifest
    """Return a pack with another log, all hashes, numbers and digests sealed afresh."""
    lines = lines_of(pack)
    change(lines)
    log = resealed(lines)
    tree = Tree()
    for line in log.split(b"\n")[:-1]:
        tree.append(line)
    fields = {
        "event_count": len(lines),
        "head_hash": loads(log.split(b"\n")[-2])["_hash"] if lines else "00" * 32,
        "events_root": tree.root().hex(),
        **stated,
    }
    return repacked(
        {**contents_of(pack), "events.jsonl": log}, lambda manifest: manifest.update(fields)
    )


@pytest.mark.parametrize("tell", [small_story, whole_story, canceled_story])
def test_an_honest_pack_verifies_and_states_its_job(tell: Callable[[], Story]) -> None:
    """I6."""
    story, out = tell(), io.BytesIO()
    exported = export_pack(story.store, story.job_id, out)
    assert story.log.state is not None

    found = verify_pack(out, expect_receipt=exported.receipt, expect_job=story.job_id)

    assert found.ok
    assert (found.job_id, found.pack_id) == (story.job_id, exported.pack_id)
    assert (found.status, found.events) == (story.log.state.status, story.seq)
    assert (found.format, found.head_hash) == ("v2", exported.head_hash)
    assert (found.integrity, found.assurance, found.signed_by) == ("verified", "unsigned", ())
    assert [each.stage for each in found.checks] == [name for name, _ in STAGES]


@given(HISTORIES)
def test_whatever_the_rules_decide_is_exported_as_a_pack_that_verifies(journal: Journal) -> None:
    """I6."""
    store, out = MemoryStore(), io.BytesIO()
    store.append(journal.job_id, 0, journal.stored)

    export_pack(store, journal.job_id, out)

    assert verify_pack(out).status == journal.now.status


def test_an_error_says_at_which_stage_it_was_found() -> None:
    with pytest.raises(VerifyMalformedError) as caught:
        verified(b"")
    assert caught.value.details["stage"] == "limits"
    assert caught.value.exit_code == 6

    with pytest.raises(VerifyHistoryError) as found:
        verified(SMALL, expect_job="another-job")
    assert found.value.details["stage"] == "expectations"
    assert found.value.exit_code == 2


def test_what_is_no_receipt_is_no_failure_of_the_pack() -> None:
    with pytest.raises(InvalidInputError):
        verified(SMALL, expect_receipt="manifest=sha256:0")


def test_limits_are_handed_on() -> None:
    with pytest.raises(VerifyMalformedError):
        verified(SMALL, limits=Limits(entries=1))


def test_a_pack_with_any_bit_flipped_is_refused() -> None:
    """Every byte of a small pack, one bit each; the example below flips all bits of larger ones."""
    story = Story(job_id="j")
    story.tell(submitted(JobSpec(name="j")), by="a")
    pack = packed(story)
    assert verified(pack).ok

    accepted = [
        at
        for at in range(len(pack))
        if not is_refused(pack[:at] + bytes([pack[at] ^ 1 << at % 8]) + pack[at + 1 :])
    ]

    assert accepted == []


@given(st.sampled_from([SMALL, WHOLE]), st.data())
def test_a_pack_with_any_byte_changed_is_refused(pack: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(pack) - 1))
    other = pack[at] ^ data.draw(st.integers(1, 255))

    assert is_refused(pack[:at] + bytes([other]) + pack[at + 1 :])


def test_a_pack_that_was_cut_off_anywhere_is_refused() -> None:
    assert [size for size in range(len(SMALL)) if not is_refused(SMALL[:size])] == []


@given(st.binary(min_size=1, max_size=40), st.sampled_from([SMALL, WHOLE]))
def test_a_pack_with_junk_before_or_behind_it_is_refused(junk: bytes, pack: bytes) -> None:
    """Hard case 20."""
    assert is_refused(junk + pack)
    assert is_refused(pack + junk)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_and_never_crash(data: bytes) -> None:
    assert is_refused(data)
    assert is_refused(b"PK\x03\x04" + data)


# Hard case 17: self-consistency only. Each forgery is sealed afresh with right hashes throughout.


def test_a_forged_approver_in_the_documents_is_refused() -> None:
    contents = contents_of(SMALL)
    contents["approvals.jsonl"] = contents["approvals.jsonl"].replace(b'"by":"ann"', b'"by":"bob"')

    with pytest.raises(VerifyHistoryError, match="approvals"):
        verified(repacked(contents))


def test_a_forged_approval_that_the_log_does_not_hold_is_refused() -> None:
    contents = contents_of(SMALL)
    contents["approvals.jsonl"] *= 2

    with pytest.raises(VerifyHistoryError, match="approvals"):
        verified(repacked(contents))


def test_a_forged_status_is_refused() -> None:
    def complete(manifest: dict[str, Any]) -> None:
        manifest["status"] = "canceled"

    contents = contents_of(SMALL)
    with pytest.raises(VerifyHistoryError, match="status"):
        verified(repacked(contents, complete))

    contents["job.json"] = contents["job.json"].replace(b'"completed"', b'"canceled"')
    with pytest.raises(VerifyHistoryError, match=r"job\.json"):
        verified(repacked(contents, complete))


@pytest.mark.parametrize("at", range(11))
def test_a_dropped_event_is_missed_though_all_was_sealed_afresh(at: int) -> None:
    with pytest.raises((VerifyHistoryError, VerifyHashError)):
        verified(forged(lambda lines: lines.pop(at)))


def test_a_foreign_job_id_is_refused() -> None:
    def rename(lines: Lines) -> None:
        for line in lines:
            line["job"] = "another-job"

    for pack in (
        repacked(contents_of(SMALL), lambda manifest: manifest.update(job_id="another-job")),
        forged(rename),
        forged(rename, job_id="another-job"),
        forged(lambda lines: lines[3].update(job="another-job")),
    ):
        with pytest.raises(VerifyHistoryError):
            verified(pack)


def test_an_empty_list_of_files_is_refused() -> None:
    with pytest.raises(VerifyMalformedError, match="does not list"):
        verified(repacked(contents_of(SMALL), lambda manifest: manifest.update(files=[])))


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(VerifyError):
        verified(forged(lambda lines: lines.clear()))
    with pytest.raises(VerifyMalformedError, match="at least one event"):
        verified(forged(lambda lines: lines.clear(), event_count=0))


@pytest.mark.parametrize("name", [b"../b.json", b"/ob.json", b"job.jso\x00", b"a/../b.js"])
def test_a_name_that_leads_elsewhere_is_refused(name: bytes) -> None:
    pack = SMALL.replace(b"job.json", name[:8].ljust(8, b"x"))

    with pytest.raises(VerifyMalformedError):
        verified(pack)


def test_two_entries_of_one_name_are_refused() -> None:
    pack = SMALL.replace(b"checkpoints.jsonl", b"approvals.jsonl\0\0")

    with pytest.raises(VerifyMalformedError):
        verified(pack)


def test_a_file_listed_twice_is_refused() -> None:
    def twice(manifest: dict[str, Any]) -> None:
        manifest["files"].insert(0, manifest["files"][0])

    with pytest.raises(VerifyMalformedError, match="listed twice"):
        verified(repacked(contents_of(SMALL), twice))


@pytest.mark.parametrize(
    "text",
    [
        b'"a\\u2028b"',
        b"-0",
        b"1e21",
        b"9007199254740992",
        b'"\\ud800"',
        b'{"a":1,"a":2}',
        b"1.0",
        b" 1",
    ],
)
def test_json_that_has_another_legal_form_is_refused_inside_a_line(text: bytes) -> None:
    """Hard case 23; the hashes are right, the bytes are not the one legal form."""
    lines = lines_of(SMALL)
    log = resealed([{**lines[0], "payload": {**lines[0]["payload"], "zz": 1}}])
    line = log[:-1].replace(b'"zz":1', b'"zz":' + text)
    line = line[:10] + hash_of(line).encode() + line[74:]

    with pytest.raises(VerifyMalformedError, match=r"canonical|not JSON"):
        verified(
            repacked(
                {**contents_of(SMALL), "events.jsonl": line + b"\n"},
                lambda manifest: manifest.update(event_count=1),
            )
        )


def test_a_line_separator_as_it_is_in_a_text_is_read() -> None:
    """Hard case 23: it is legal in JSON, and no end of a line."""
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils", objective="a\u2028b\u2029c\x85d")))

    assert verified(packed(story)).ok


def test_an_invented_history_that_is_legal_verifies_and_is_told_only_by_its_receipt() -> None:
    """What a hash chain cannot do. Not a promise to keep: what signatures are for."""
    out, forgery = io.BytesIO(), io.BytesIO()
    story = small_story()
    receipt = export_pack(story.store, story.job_id, out).receipt
    lines = lines_of(out.getvalue())
    lines[4]["by"] = lines[5]["by"] = "bob"
    invented = Story()
    for each in resealed(lines).split(b"\n")[:-1]:
        append(invented, each)
    export_pack(invented.store, story.job_id, forgery)

    found = verify_pack(forgery)

    assert found.ok
    assert found.assurance == "unsigned"
    with pytest.raises(VerifyHashError, match="the receipt is for"):
        verify_pack(forgery, expect_receipt=receipt)


def test_an_approval_cannot_be_kept_when_what_came_before_it_is_forged() -> None:
    lines = lines_of(SMALL)
    lines[0]["by"] = "bob"
    invented = Story()
    for each in resealed(lines).split(b"\n")[:-1]:
        append(invented, each)

    with pytest.raises(VerifyHistoryError, match="cp_3 is not an open decision"):
        packed(invented)


def append(story: Story, line: bytes) -> None:
    """Put a sealed line into the story's store."""
    fields = loads(line)
    new = NewEvent(id=fields["id"], type=fields["type"], at=fields["at"], data=line)
    story.store.append(story.job_id, fields["seq"] - 1, [new])


MEMORY: Final = """
import io, sys, tracemalloc
from tests.stories import FETCH, Story, submitted, packed
from wrkr_core import events as e
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.spec import JobSpec
import msgspec

story = Story(job_id="large")
story.tell(submitted(JobSpec(name="large")))
story.take(1)
result = msgspec.Raw(b'"' + b"x" * 60_000 + b'"')
for key in range(int(sys.argv[1])):
    step = e.StepRef(name="edit", occurrence=1, key=str(key))
    story.tell(
        e.StepStarted(step=step, attempt=1, epoch=1),
        e.StepFinished(step=step, attempt=1, epoch=1, result=result),
    )
pack = packed(story)
del story, result
file = io.BytesIO(pack)
tracemalloc.start()
assert verify_pack(file).events == 2 + 2 * int(sys.argv[1])
print(len(pack), tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.slow
def test_a_pack_of_fifty_megabytes_is_verified_in_the_memory_of_a_small_one() -> None:
    """Hard case 20."""
    sizes = {}
    for steps in (80, 850):
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(steps)],
            cwd=Path(__file__).resolve().parents[3],
            capture_output=True,
            check=True,
            text=True,
        )
        size, peak = map(int, done.stdout.split())
        sizes[size] = peak

    (small, small_peak), (large, large_peak) = sorted(sizes.items())
    assert large > 50_000_000 > 9 * small
    assert large_peak < 8_000_000
    assert large_peak < 2 * small_peak
