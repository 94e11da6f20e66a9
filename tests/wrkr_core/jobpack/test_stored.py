"""Reading a job for export: every record up to one head, or an error that says which is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories import BLOB, small_story, whole_story
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import Corrupt, InvalidInputError, NotFoundError, Trimmed
from wrkr_core.jobpack.stored import PAGE, PAGE_BYTES, StoredJob, store_of, stored_job
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from wrkr_core.store import Event


def test_a_ledger_stands_for_its_store() -> None:
    store = MemoryStore()

    assert store_of(store) is store
    assert store_of(Ledger(store)) is store


def test_all_records_come_in_order_page_by_page_and_again() -> None:
    store = MemoryStore()
    many = [NewEvent(id=str(i), type="t/1", at=i, data=b"x") for i in range(2 * PAGE + 1)]
    store.append("j", 0, many)
    job = stored_job(store, "j")

    for _ in range(2):
        pages = list(job.pages())
        assert [len(page) for page in pages] == [8, 32, PAGE, 2 * PAGE + 1 - 140]
        assert [record.id for page in pages for record in page] == [each.id for each in many]


def test_a_page_is_small_where_records_are_large() -> None:
    store = MemoryStore()
    large, many = b"x" * (PAGE_BYTES // 4), 40
    contents = [*[large] * many, *[b"x"] * 300]
    new = [NewEvent(str(i), "t/1", i, content) for i, content in enumerate(contents)]
    store.append("j", 0, new)

    pages = list(stored_job(store, "j").pages())

    assert [record.seq for page in pages for record in page] == list(range(1, many + 301))
    assert [len(page) for page in pages][:10] == [8, *[3] * 9]
    assert len(pages[-2]) == PAGE


def test_records_appended_later_are_not_read() -> None:
    story = small_story()
    job = stored_job(story.store, story.job_id)
    story.release(2)

    assert sum(len(page) for page in job.pages()) == 11


def test_there_is_no_job_by_another_name() -> None:
    with pytest.raises(NotFoundError):
        stored_job(MemoryStore(), "nobody")
    for name in ("", "a" * 256):
        with pytest.raises(InvalidInputError, match="allowed are 1 to 255"):
            stored_job(MemoryStore(), name)


def test_a_deleted_job_is_said_to_be_deleted() -> None:
    story = small_story()
    story.store.delete(story.job_id)

    with pytest.raises(NotFoundError, match="was deleted"):
        stored_job(story.store, story.job_id)


class Gappy(MemoryStore):
    """A store that has lost record 5."""

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return [each for each in super().read(stream, after, limit) if each.seq != 5]


class Short(MemoryStore):
    """A store that has lost the end."""

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return [each for each in super().read(stream, after, limit) if each.seq < 5]


@pytest.mark.parametrize("kind", [Gappy, Short])
def test_a_missing_record_is_never_passed_over(kind: type[MemoryStore]) -> None:
    story = small_story(MemoryStore())
    store = kind()
    store.append(
        story.job_id,
        0,
        [
            NewEvent(each.id, each.type, each.at, each.data)
            for each in story.store.read(story.job_id)
        ],
    )

    with pytest.raises(Corrupt, match="is missing"):
        list(StoredJob(store=store, job_id=story.job_id, head=11).pages())


def test_a_trimmed_job_is_not_taken_for_a_whole_one() -> None:
    story = small_story()
    story.store.trim(story.job_id, 3)

    with pytest.raises(Trimmed):
        list(stored_job(story.store, story.job_id).pages())


def test_a_blob_is_what_its_digest_says_or_corrupt() -> None:
    story, digest = whole_story(), digest_bytes(BLOB)
    job = stored_job(story.store, story.job_id)
    key = f"blob/{digest}"

    assert job.blob(digest) == BLOB
    story.store.put(key, BLOB + b"!", 1)
    with pytest.raises(Corrupt, match="damaged"):
        job.blob(digest)
    story.store.put(key, None, 2)
    with pytest.raises(Corrupt, match="missing"):
        job.blob(digest)
