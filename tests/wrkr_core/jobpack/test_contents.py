"""What is long is measured when it goes by and read again when it is written."""

from __future__ import annotations

import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories import BLOB, contents_of, packed, whole_story
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import Corrupt
from wrkr_core.jobpack import contents
from wrkr_core.jobpack.contents import Blob, LogLines, Sums, ToldLines
from wrkr_core.jobpack.stored import stored_job

WHOLE = whole_story()
JOB = stored_job(WHOLE.store, WHOLE.job_id)
PACK = contents_of(packed(WHOLE))


@given(st.lists(st.binary(max_size=9)))
def test_sums_are_those_of_all_that_went_by(chunks: list[bytes]) -> None:
    sums, whole = Sums(), b"".join(chunks)
    for chunk in chunks:
        sums.add(chunk)

    file, stream = sums.file("job.json"), sums.stream(chunks)

    assert (file.path, file.size, file.sha256) == ("job.json", len(whole), digest_bytes(whole))
    assert (stream.size, stream.crc32, stream.chunks) == (len(whole), zlib.crc32(whole), chunks)


@pytest.mark.parametrize("name", ["checkpoints.jsonl", "approvals.jsonl"])
@pytest.mark.parametrize("most", [0, 10**6])
def test_lines_are_the_same_from_memory_and_told_anew(
    name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_KEPT", most)
    told = ToldLines(JOB, name)
    for line in PACK[name].splitlines(keepends=True):
        told.take_in(line)

    assert b"".join(told) == PACK[name] == b"".join(told)
    assert told.sums.file(name).sha256 == sha256(PACK[name]).hexdigest()


def test_lines_beyond_what_is_kept_are_not_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_KEPT", 10)
    told = ToldLines(JOB, "checkpoints.jsonl")
    for _ in range(3):
        told.take_in(b"12345678\n")

    assert len(told._kept) == 0


def test_a_pack_does_not_depend_on_what_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = packed(WHOLE)
    monkeypatch.setattr(contents, "MOST_KEPT", 0)
    monkeypatch.setattr(contents, "MOST_LOG_KEPT", 0)

    assert packed(WHOLE) == before


@pytest.mark.parametrize("most", [0, 1, 3000, 10**6])
def test_the_lines_of_a_log_are_those_in_the_store_kept_or_read_again(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_LOG_KEPT", most)
    log = LogLines(JOB)
    for page in JOB.pages():
        log.take_in([record.data for record in page])

    assert b"".join(log) == PACK["events.jsonl"] == b"".join(log)
    assert sum(map(len, log._kept)) <= most
    assert log.sums.file("events.jsonl").sha256 == sha256(PACK["events.jsonl"]).hexdigest()


def test_a_blob_is_read_again_and_must_be_whole() -> None:
    story = whole_story()
    job = stored_job(story.store, story.job_id)
    blob = Blob.of(job, digest_bytes(BLOB))

    assert (blob.size, blob.crc32, b"".join(blob)) == (len(BLOB), zlib.crc32(BLOB), BLOB)
    story.store.put(f"blob/{digest_bytes(BLOB)}", None, 1)
    with pytest.raises(Corrupt):
        list(blob)
