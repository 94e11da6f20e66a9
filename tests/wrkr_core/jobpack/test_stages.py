"""Every stage of verification by itself: what it refuses, and what it says it found."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.stories import (
    BLOB,
    canceled_story,
    contents_of,
    lines_of,
    packed,
    repacked,
    resealed,
    small_story,
    whole_story,
)
from wrkr_core import events as e
from wrkr_core.canonical import digest_bytes, dumps, loads
from wrkr_core.errors import (
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.pack import Pack
from wrkr_core.jobpack.projections import Projections
from wrkr_core.jobpack.receipt import Receipt
from wrkr_core.jobpack.stages import STAGES, approvals_said
from wrkr_core.jobpack.verification import AnswersFound

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = packed(small_story())
WHOLE = packed(whole_story())
NAMES = [name for name, _ in STAGES]


def run(pack: bytes, through: str, **asked: Any) -> str:  # noqa: ANN401  # the fields of a pack
    """Run the stages up to one and return what that one said."""
    given = {"limits": Limits(), "receipt": None, "job_id": None, **asked}
    under = Pack(file=io.BytesIO(pack), **given)
    for name, stage in STAGES:
        said = stage(under)
        if name == through:
            return said
    raise AssertionError(through)


def refusal(pack: bytes, at: str, kind: type[VerifyError], **asked: Any) -> VerifyError:  # noqa: ANN401  # as above
    """Run the stages and return what the one named refuses; those before it must pass."""
    before = NAMES[: NAMES.index(at)]
    if before:
        run(pack, before[-1], **asked)
    with pytest.raises(kind) as caught:
        run(pack, at, **asked)
    return caught.value


def changed(pack: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the pack with one file changed and all digests made to fit."""
    contents = contents_of(pack)
    return repacked({**contents, name: change(contents[name])})


def test_the_stages_run_in_the_order_of_the_contract() -> None:
    assert NAMES == [
        "limits",
        "container",
        "manifest",
        "signatures",
        "files",
        "digests",
        "log",
        "history",
        "approvals",
        "expectations",
    ]


def test_every_stage_says_in_a_short_line_what_it_found() -> None:
    for name in NAMES:
        said = run(WHOLE, name)
        assert 0 < len(said) <= 62
        assert "\n" not in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"hello, world\n", "no zip archive"),
        (b'{"seq":1}\n' * 99, "no zip archive"),
        (b"PK\x05\x06" + b"\0" * 18, "no zip archive"),
    ],
)
def test_what_is_no_zip_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    assert said in refusal(data, "limits", VerifyMalformedError).message


def test_a_pipe_is_refused() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    pack = Pack(file=Pipe(SMALL), limits=Limits(), receipt=None, job_id=None)

    with pytest.raises(VerifyMalformedError, match="cannot be read twice"):
        STAGES[0][1](pack)


def test_a_file_larger_than_allowed_is_refused_and_the_limit_can_be_raised() -> None:
    size = len(SMALL)

    found = refusal(SMALL, "limits", VerifyMalformedError, limits=Limits(archive_bytes=size - 1))

    assert found.details["limit"] == size - 1
    assert "raise the limit" in found.hint
    assert run(SMALL, "limits", limits=Limits(archive_bytes=size)) == f"a file of {size} bytes"


@pytest.mark.parametrize(
    ("limits", "at"),
    [
        (Limits(entries=5), "container"),
        (Limits(entry_bytes=1000), "container"),
        (Limits(document_bytes=900), "manifest"),
    ],
)
def test_every_limit_is_kept(limits: Limits, at: str) -> None:
    assert refusal(SMALL, at, VerifyMalformedError, limits=limits).details["reason"] == "too_large"


def test_a_line_longer_than_a_document_may_be_is_refused() -> None:
    story = small_story()
    story.tell(e.LeaseReleased(worker="host-1", epoch=2, reason="x" * 3000, heartbeats=0))
    pack = packed(story)
    longest = max(len(line) for line in contents_of(pack)["events.jsonl"].split(b"\n"))

    assert run(pack, "log", limits=Limits(document_bytes=longest))
    found = refusal(pack, "log", VerifyMalformedError, limits=Limits(document_bytes=longest - 1))

    assert (found.details["entry"], found.details["line"]) == ("events.jsonl", 12)


def test_an_archive_without_a_manifest_is_no_jobpack() -> None:
    out = io.BytesIO()
    archive.write(out, [("readme.txt", b"hello")])

    assert "no manifest.json" in refusal(out.getvalue(), "container", VerifyMalformedError).message


def test_a_refused_archive_comes_with_a_hint() -> None:
    assert "another tool" in refusal(SMALL[:-1], "container", VerifyMalformedError).hint


@pytest.mark.parametrize("name", ["events.jsonl", "approvals.jsonl", "job.json"])
def test_a_listed_file_that_is_not_there_is_missed(name: str) -> None:
    contents = contents_of(SMALL)
    listed = loads(contents["manifest.json"])["files"]
    del contents[name]

    pack = repacked(contents, lambda manifest: manifest.update(files=listed))

    found = refusal(pack, "files", VerifyHashError)
    assert (found.details["entry"], "not in the jobpack" in found.message) == (name, True)


@pytest.mark.parametrize("name", ["notes.txt", "attestation/producer.0123456789abcdef.json"])
def test_a_file_that_is_not_listed_is_noticed(name: str) -> None:
    contents = contents_of(SMALL)
    listed = loads(contents["manifest.json"])["files"]

    pack = repacked({**contents, name: b"{}"}, lambda manifest: manifest.update(files=listed))

    assert refusal(pack, "files", VerifyHashError).details["entry"] == name


def test_a_file_of_another_size_is_noticed() -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][-1]["size"] += 1

    pack = repacked(contents_of(SMALL), change)

    assert "the manifest says" in refusal(pack, "files", VerifyHashError).message


@pytest.mark.parametrize("number", range(5))
def test_a_file_with_another_digest_is_noticed(number: int) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][number]["sha256"] = "ab" * 32

    pack = repacked(contents_of(SMALL), change)
    name = loads(contents_of(SMALL)["manifest.json"])["files"][number]["path"]

    assert refusal(pack, "digests", VerifyHashError).details["entry"] == name


def test_a_blob_under_a_name_that_is_not_its_digest_is_noticed() -> None:
    contents = contents_of(WHOLE)
    contents[f"blobs/{'ab' * 32}"] = contents.pop(f"blobs/{digest_bytes(BLOB)}")

    found = refusal(repacked(contents), "digests", VerifyHashError)

    assert found.details["entry"] == f"blobs/{'ab' * 32}"


def test_an_edited_line_is_found_by_entry_line_and_offset() -> None:
    log = contents_of(SMALL)["events.jsonl"]
    first = log.index(b"\n") + 1
    pack = changed(
        SMALL, "events.jsonl", lambda log: log.replace(b'"host-1","id"', b'"evil-1","id"')
    )

    found = refusal(pack, "log", VerifyHashError)

    assert found.details == {"entry": "events.jsonl", "line": 2, "offset": first}


def test_a_log_that_lost_its_last_event_has_another_count_than_stated() -> None:
    pack = changed(SMALL, "events.jsonl", lambda log: log[: log[:-1].rindex(b"\n") + 1])

    assert "number of events" in refusal(pack, "log", VerifyHashError).message


@pytest.mark.parametrize("field", ["head_hash", "events_root"])
def test_what_the_manifest_states_of_the_log_is_compared(field: str) -> None:
    pack = repacked(contents_of(SMALL), lambda manifest: manifest.update({field: "ab" * 32}))

    found = refusal(pack, "log", VerifyHashError)

    assert field in found.message
    assert found.details["expected"] == "ab" * 32


def restated(pack: bytes, log: bytes, **fields: Any) -> bytes:  # noqa: ANN401  # of the manifest
    """Return the pack with another log, and what the manifest states of it made to fit."""
    lines, tree = log.split(b"\n")[:-1], Tree()
    for line in lines:
        tree.append(line)
    stated = {
        "event_count": len(lines),
        "head_hash": loads(lines[-1])["_hash"],
        "events_root": tree.root().hex(),
        **fields,
    }
    return repacked(
        {**contents_of(pack), "events.jsonl": log}, lambda manifest: manifest.update(stated)
    )


def test_an_illegal_history_is_found_by_entry_line_and_offset() -> None:
    lines = lines_of(SMALL)
    lines[8]["payload"]["attempt"] = 2
    log = resealed(lines)

    found = refusal(restated(SMALL, log), "history", VerifyHistoryError)

    assert found.details["entry"] == "events.jsonl"
    assert found.details["line"] == 9
    offset = found.details["offset"]
    assert isinstance(offset, int)
    assert log[:offset].count(b"\n") == 8


def test_events_of_a_later_release_are_not_judged() -> None:
    lines = lines_of(SMALL)
    log = resealed([*lines, {**lines[-1], "type": "job_reopened/1", "payload": {"why": "x"}}])

    found = refusal(restated(SMALL, log), "history", VerifyHistoryError)

    assert "job_reopened/1" in found.message
    assert "verify it with the release" in found.hint


@pytest.mark.parametrize(
    "name", ["job.json", "checkpoints.jsonl", "approvals.jsonl", "artifacts_manifest.json"]
)
def test_a_document_that_says_otherwise_than_the_log_is_refused(name: str) -> None:
    pack = changed(WHOLE, name, lambda content: content.replace(b"port-utils", b"port-atils", 1))

    found = refusal(pack, "history", VerifyHistoryError)

    assert found.details["entry"] == name
    assert isinstance(found.details["offset"], int)


@pytest.mark.parametrize("name", ["checkpoints.jsonl", "approvals.jsonl"])
@pytest.mark.parametrize(("keep", "more"), [(-1, b""), (None, b"{}\n"), (0, b"")])
def test_a_document_that_says_less_or_more_is_refused(
    name: str, keep: int | None, more: bytes
) -> None:
    pack = changed(WHOLE, name, lambda content: content[:keep] + more)

    assert refusal(pack, "history", VerifyHistoryError).details["entry"] == name


def test_acceptance_that_never_ran_is_refused() -> None:
    contents = {**contents_of(SMALL), "accept/accept_result.json": b"{}"}

    assert "says nothing" in refusal(repacked(contents), "history", VerifyHistoryError).message


@pytest.mark.parametrize("name", ["accept/accept_result.json", f"blobs/{digest_bytes(BLOB)}"])
def test_a_file_the_log_speaks_of_is_missed(name: str) -> None:
    contents = contents_of(WHOLE)
    del contents[name]

    found = refusal(repacked(contents), "history", VerifyHistoryError)

    assert (found.details["entry"], "speaks of" in found.message) == (name, True)


def test_a_blob_the_log_does_not_speak_of_is_refused() -> None:
    contents = {**contents_of(SMALL), f"blobs/{digest_bytes(BLOB)}": BLOB}

    assert "says nothing" in refusal(repacked(contents), "history", VerifyHistoryError).message


@pytest.mark.parametrize(
    ("field", "value"), [("status", "canceled"), ("created_at", "2023-11-14T22:13:30Z")]
)
def test_what_the_manifest_states_of_the_job_is_compared(field: str, value: str) -> None:
    """I6."""
    pack = repacked(contents_of(SMALL), lambda manifest: manifest.update({field: value}))

    found = refusal(pack, "history", VerifyHistoryError)

    assert found.details["expected"] == value


def test_approvals_are_called_what_they_are_worth() -> None:
    assert run(WHOLE, "approvals") == "1 given, 1 refused; asserted, not signed"


def test_a_job_without_approvals_says_so() -> None:
    projections = Projections("j", checkpoints=len, approvals=len)

    assert approvals_said(projections, AnswersFound()) == "there are none"


def test_what_a_fork_took_over_is_said_not_to_be_shown_here() -> None:
    said = run(packed(canceled_story()), "history")

    assert said.startswith("a legal history, and every document says the same; it is a fork: ")
    assert "taken over from record 12 of job port-utils" in said
    assert "fork" not in run(SMALL, "history")


def test_a_jobpack_of_another_job_than_expected_is_refused() -> None:
    found = refusal(SMALL, "expectations", VerifyHistoryError, job_id="another-job")

    assert found.message == "the jobpack is of job port-utils, not of another-job"


def test_a_receipt_of_another_pack_is_refused() -> None:
    right = Receipt(job_id="port-utils", pack_id=digest_bytes(contents_of(SMALL)["manifest.json"]))

    said = run(SMALL, "expectations", receipt=right, job_id="port-utils")

    assert said == "the expected job and receipt"
    for wrong in ({"job_id": "port"}, {"pack_id": "ab" * 32}):
        refusal(SMALL, "expectations", VerifyHashError, receipt=attrs.evolve(right, **wrong))


def test_a_file_that_changes_under_the_verifier_is_noticed() -> None:
    file = io.BytesIO(SMALL)
    pack = Pack(file=file, limits=Limits(), receipt=None, job_id=None)
    for name, stage in STAGES:
        if name == "log":
            at = pack.entries["events.jsonl"].offset
            file.seek(at + 100)
            file.write(b"0" if SMALL[at + 100 : at + 101] != b"0" else b"1")
            with pytest.raises(VerifyError):
                stage(pack)
            return
        stage(pack)


def test_a_manifest_that_is_not_canonical_is_refused() -> None:
    contents = contents_of(SMALL)
    out = io.BytesIO()
    archive.write(
        out, sorted({**contents, "manifest.json": contents["manifest.json"] + b" "}.items())
    )

    refusal(out.getvalue(), "manifest", VerifyMalformedError)
    assert dumps(loads(contents["manifest.json"])) == contents["manifest.json"]
