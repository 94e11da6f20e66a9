"""An export is a function of the log and the release, and of nothing else."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from typing import IO, TYPE_CHECKING, cast

import pytest
from msgspec.structs import replace

from tests.fakes import FakeMachine
from tests.signers import opened, signed
from tests.stories import (
    BLOB,
    MERGE,
    Story,
    canceled_story,
    contents_of,
    packed,
    small_story,
    submitted,
    whole_story,
)
from wrkr_core import chain, codec
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.canonical import digest_bytes
from wrkr_core.chain import hash_of
from wrkr_core.errors import (
    Corrupt,
    InvalidInputError,
    NotFoundError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.manifest import read_manifest
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.jobpack.manifest import Manifest
    from wrkr_core.store import Event


class WriteOnly(io.RawIOBase):
    """A file that can be written and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        chunk = bytes(cast("bytes", data))
        self.written += chunk
        return len(chunk)


def beginning(count: int) -> Story:
    """Return the small story as it was after ``count`` records."""
    whole, story = small_story(), Story()
    records = whole.store.read(whole.job_id, 0, count)
    story.store.append(
        story.job_id, 0, [NewEvent(each.id, each.type, each.at, each.data) for each in records]
    )
    story.log.load()
    return story


@pytest.mark.parametrize("tell", [small_story, whole_story, canceled_story])
def test_two_exports_of_one_job_are_the_same_bytes(tell: Callable[[], Story]) -> None:
    """I7; hard case 19."""
    story = tell()

    assert packed(story) == packed(story) == packed(tell())


def test_an_export_does_not_depend_on_where_or_when() -> None:
    """I7: another store, another clock, with a snapshot and without one."""
    story = whole_story()
    before = packed(story)
    story.log.keep_snapshot()
    other = MemoryStore()
    other.put(f"blob/{digest_bytes(BLOB)}", BLOB, 0)
    for each in story.store.read(story.job_id):
        other.append(story.job_id, each.seq - 1, [NewEvent(each.id, each.type, each.at, each.data)])
    out = io.BytesIO()
    export_pack(Ledger(other, machine=FakeMachine(at=1)), story.job_id, out)

    assert out.getvalue() == before == packed(story)


def test_an_export_is_only_written_to_never_sought() -> None:
    story, out = small_story(), WriteOnly()

    result = export_pack(story.store, story.job_id, cast("IO[bytes]", out))

    assert bytes(out.written) == packed(story)
    assert result.size == len(out.written)


def test_an_export_changes_nothing() -> None:
    story = whole_story()
    before = story.store.read(story.job_id), story.store.keys()

    packed(story)

    assert (story.store.read(story.job_id), story.store.keys()) == before


def test_the_log_is_copied_line_by_line_unchanged() -> None:
    story = whole_story()

    log = contents_of(packed(story))["events.jsonl"]

    assert log == b"".join(each.data + b"\n" for each in story.store.read(story.job_id))


def test_the_result_says_what_was_written() -> None:
    story, out, tree = whole_story(), io.BytesIO(), Tree()

    result = export_pack(story.store, story.job_id, out)

    lines = contents_of(out.getvalue())["events.jsonl"].split(b"\n")[:-1]
    for line in lines:
        tree.append(line)
    manifest = contents_of(out.getvalue())["manifest.json"]
    assert result.job_id == "port-utils"
    assert result.pack_id == sha256(manifest).hexdigest()
    assert result.receipt == receipt_line("port-utils", result.pack_id)
    assert (result.events, result.head_hash) == (48, hash_of(lines[-1]))
    assert result.events_root == tree.root().hex()
    assert result.size == len(out.getvalue())


def test_the_manifest_states_the_time_of_the_last_event() -> None:
    story = small_story()

    manifest = read_manifest(contents_of(packed(story))["manifest.json"])

    assert story.log.state is not None
    assert manifest.created_at == story.log.state.at
    assert manifest.status == "completed"


def test_a_blob_lies_in_the_pack_under_its_digest() -> None:
    assert contents_of(packed(whole_story()))[f"blobs/{digest_bytes(BLOB)}"] == BLOB


def test_any_zip_tool_reads_a_jobpack() -> None:
    pack = packed(whole_story())

    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents_of(pack)


def test_a_job_that_another_worker_is_working_on_is_exported_as_it_stands() -> None:
    ledger = Ledger(MemoryStore(), machine=FakeMachine(), actor="ann")
    job_id = ledger.submit(JobSpec(name="busy"), job_id="busy")
    with ledger.work(job_id, worker="host-1") as job:
        job.step("one", len, "abc")
        out = io.BytesIO()

        export_pack(ledger, job_id, out)

        assert verify_pack(io.BytesIO(out.getvalue())).status == "running"
        job.complete()
    assert ledger.state(job_id).status == "completed"


def test_a_job_that_goes_on_meanwhile_is_exported_as_of_the_beginning() -> None:
    story = beginning(8)
    before = packed(story)

    class Listening(io.BytesIO):
        """A file to which something happens as soon as it is written."""

        def write(self, data: object, /) -> int:
            if not self.tell():
                story.tell(e.StepFinished(step=MERGE, attempt=1, epoch=2))
            return super().write(cast("bytes", data))

    out = Listening()
    export_pack(story.store, story.job_id, out)

    assert out.getvalue() == before
    assert packed(story) != before


@pytest.mark.parametrize("at", [1, 5, 11])
def test_an_edited_event_is_not_exported(at: int) -> None:
    """Hard case 7."""
    story = small_story()
    edit(story, at, lambda data: data.replace(b'"by":"', b'"by":"x'))

    with pytest.raises(Corrupt) as caught:
        packed(story)

    assert caught.value.details["seq"] == at


def kept(story: Story) -> list[Event]:
    """Return the records in the store, to be tampered with."""
    assert isinstance(story.store, MemoryStore)
    return story.store._contents.streams[story.job_id].records


def edit(story: Story, seq: int, change: Callable[[bytes], bytes]) -> None:
    """Change a record behind the store's back."""
    records = kept(story)
    records[seq - 1] = replace(records[seq - 1], data=change(records[seq - 1].data))


@pytest.mark.parametrize("seq", [1, 5, 10])
def test_a_deleted_event_is_missed(seq: int) -> None:
    """Hard case 7."""
    story = small_story()
    del kept(story)[seq - 1]

    with pytest.raises(Corrupt):
        packed(story)


@pytest.mark.parametrize("content", [None, b"", BLOB[:-1]])
def test_a_missing_or_damaged_blob_is_not_exported(content: bytes | None) -> None:
    story = whole_story()
    story.store.put(f"blob/{digest_bytes(BLOB)}", content, 1)

    with pytest.raises(Corrupt):
        packed(story)


def test_an_illegal_history_is_not_exported() -> None:
    story = small_story()
    story.tell(e.AcceptanceRecorded(checks_run=1, passed=2, failures=(), config_digest="ab" * 32))

    with pytest.raises(VerifyHistoryError):
        packed(story)


def test_there_is_nothing_to_export_of_a_job_that_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        export_pack(MemoryStore(), "nobody", io.BytesIO())


def test_a_stream_whose_name_is_no_job_id_is_not_exported() -> None:
    with pytest.raises(InvalidInputError):
        packed(small_story(job_id="Not-A-Job"))


def test_a_later_export_does_not_void_an_earlier_receipt() -> None:
    """Hard case 19."""
    story = beginning(4)
    first, second = io.BytesIO(), io.BytesIO()
    receipt = export_pack(story.store, story.job_id, first).receipt
    story.tell(e.JobCanceled(reason="wrong"), by="ann")
    later = export_pack(story.store, story.job_id, second).receipt

    assert receipt != later
    assert verify_pack(first, expect_receipt=receipt).status == "blocked_decision"
    assert verify_pack(second, expect_receipt=later).status == "canceled"


def test_signatures_are_put_in_and_the_pack_keeps_its_id() -> None:
    story, unsigned, out = small_story(), io.BytesIO(), io.BytesIO()
    shown: list[tuple[Manifest, str]] = []

    def attest(manifest: Manifest, pack_id: str) -> dict[str, bytes]:
        shown.append((manifest, pack_id))
        return opened(signed(unsigned.getvalue())).attestations()

    before = export_pack(story.store, story.job_id, unsigned)
    found = export_pack(story.store, story.job_id, out, attest=attest)

    stated = read_manifest(contents_of(unsigned.getvalue())["manifest.json"])
    assert shown == [(stated, before.pack_id)]
    assert out.getvalue() == signed(unsigned.getvalue())
    assert (found.pack_id, found.receipt) == (before.pack_id, before.receipt)
    assert before.attestations == ()
    assert len(found.attestations) == 1


@pytest.mark.parametrize("name", ["attestations/boss.0123456789abcdef.json", "notes.txt"])
def test_what_is_no_attestation_is_not_put_in(name: str) -> None:
    story = small_story()

    with pytest.raises(VerifyMalformedError):
        export_pack(story.store, story.job_id, io.BytesIO(), attest=lambda *_: {name: b"{}"})


def test_what_its_schema_forbids_is_not_put_in_as_an_attestation() -> None:
    story = small_story()
    right = opened(signed(packed(story))).attestations()
    (name, content), *_ = right.items()
    other = f"attestations/producer.{'0' * 16}.json"

    for wrong in ({name: b"{}"}, {name: content + b" "}, {other: content}):
        with pytest.raises(VerifyMalformedError) as caught:
            export_pack(story.store, story.job_id, io.BytesIO(), attest=lambda *_: wrong)  # noqa: B023  # called at once
        assert caught.value.details["entry"] in wrong


def test_a_pack_larger_than_usual_says_what_a_reader_has_to_allow() -> None:
    story = Story(job_id="j")
    story.tell(submitted(JobSpec(name="j")))
    few = export_pack(story.store, story.job_id, io.BytesIO())
    for number in range(4000):
        artifact = Artifact(path=f"{'p' * 200}/{number}", sha256="0" * 64, size=1)
        story.tell(e.ArtifactRecorded(artifact=artifact))
    out = io.BytesIO()

    many = export_pack(story.store, story.job_id, out)

    assert few.limits == Limits()
    size = len(contents_of(out.getvalue())["artifacts_manifest.json"])
    assert many.limits == Limits(document_bytes=size)
    with pytest.raises(VerifyMalformedError, match=f"artifacts_manifest.json has {size} bytes"):
        verify_pack(out)
    assert verify_pack(out, limits=many.limits).ok


def with_a_long_line(size: int) -> Story:
    """Return a job with a record longer than any that this release writes; others may."""
    story = small_story()
    assert story.log.state is not None
    _, line = chain.seal(
        prev=story.log.state.hash,
        at=story.log.state.at,
        by="host-1",
        id="long",
        job=story.job_id,
        payload=codec.encode(
            e.LeaseReleased(worker="host-1", epoch=2, reason="w" * size, heartbeats=0)
        )[1],
        seq=12,
        type="lease_released/1",
    )
    new = NewEvent(id="long", type="lease_released/1", at=story.log.state.at, data=line)
    story.store.append(story.job_id, 11, [new])
    return story


def test_a_pack_that_needs_larger_limits_says_which() -> None:
    story, out = with_a_long_line(2**20), io.BytesIO()

    needs = export_pack(story.store, story.job_id, out).limits

    assert needs == Limits(document_bytes=needs.document_bytes)
    with pytest.raises(VerifyMalformedError, match="more than the 1048576"):
        verify_pack(out)
    with pytest.raises(VerifyMalformedError):
        verify_pack(out, limits=Limits(document_bytes=needs.document_bytes - 1))
    assert verify_pack(out, limits=needs).events == 12
