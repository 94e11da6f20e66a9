"""An imported job is the job: record by record, in any store, however often the import was cut off."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories import (
    BLOB,
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
from wrkr_core import events as e
from wrkr_core.canonical import digest_bytes, loads
from wrkr_core.errors import (
    Deleted,
    JobExistsError,
    Unknown,
    VerifyError,
    VerifyHashError,
    VerifyMalformedError,
)
from wrkr_core.finding import open_store
from wrkr_core.jobpack import importing
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec
from wrkr_core.store import Appended, NewEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.store import Store

WHOLE = packed(whole_story())
KEY = f"blob/{digest_bytes(BLOB)}"


def imported(pack: bytes, store: Store, limits: Limits | None = None) -> tuple[str, bool]:
    return import_pack(io.BytesIO(pack), store, limits=limits)


def exported(store: Store, job_id: str = "port-utils") -> bytes:
    out = io.BytesIO()
    export_pack(store, job_id, out)
    return out.getvalue()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a batch so small that the whole story takes many."""
    monkeypatch.setattr(importing, "BATCH_BYTES", 2000)


@pytest.mark.parametrize("tell", [small_story, whole_story, canceled_story])
def test_a_job_goes_through_every_store_and_comes_out_as_the_same_bytes(
    tell: Callable[[], Story], tmp_path: Path
) -> None:
    """I10: memory, pack, sqlite, pack, files, pack, memory, pack."""
    story = tell()
    first = pack = packed(story)
    for url in (f"sqlite:///{tmp_path}/wrkr.db", f"files:///{tmp_path}/jobs", "memory://"):
        store = open_store(url)
        try:
            assert imported(pack, store) == (story.job_id, True)
            assert Ledger(store).state(story.job_id) == story.log.state
            assert verify_job(store, story.job_id).events == story.seq
            pack = exported(store, story.job_id)
        finally:
            store.close()

        assert pack == first


def test_importing_twice_changes_nothing() -> None:
    store = MemoryStore()
    imported(WHOLE, store)
    before = store.read("port-utils"), store.keys(), store.get(KEY)

    assert imported(WHOLE, store) == ("port-utils", False)
    assert (store.read("port-utils"), store.keys(), store.get(KEY)) == before


def test_importing_into_the_store_it_came_from_changes_nothing() -> None:
    story = whole_story()

    assert imported(packed(story), story.store) == ("port-utils", False)


def test_a_job_that_has_gone_on_since_is_left_as_it_is() -> None:
    story = small_story()
    pack = packed(story)
    story.release(2)

    assert imported(pack, story.store) == ("port-utils", False)
    assert story.store.read("port-utils")[-1].type == "lease_released/1"


def test_a_job_of_which_the_beginning_is_there_gets_the_rest() -> None:
    story, store = small_story(), MemoryStore()
    imported(packed(story), store)
    story.release(2)

    assert imported(packed(story), store) == ("port-utils", True)
    assert exported(store) == packed(story)


def test_a_job_with_another_history_is_never_touched() -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    before = story.store.read("port-utils")

    with pytest.raises(JobExistsError, match="another history"):
        imported(WHOLE, story.store)

    assert story.store.read("port-utils") == before
    assert story.store.get(KEY) is None


def test_a_history_that_branches_off_late_is_another_one() -> None:
    story, other = Story(), Story()
    for each in (story, other):
        each.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.tell(e.JobPaused(reason="lunch"), by="ann")
    other.tell(e.JobPaused(reason="tea"), by="ann")

    with pytest.raises(JobExistsError, match="record 2 is another one"):
        imported(packed(story), other.store)


def test_a_job_that_was_deleted_is_not_brought_back() -> None:
    story = whole_story()
    story.store.delete("port-utils")

    with pytest.raises(Deleted):
        imported(WHOLE, story.store)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_nothing_of_a_pack_that_does_not_verify_is_written(at: int, flip: int) -> None:
    store = MemoryStore()

    with pytest.raises(VerifyError):
        imported(WHOLE[:at] + bytes([WHOLE[at] ^ flip]) + WHOLE[at + 1 :], store)

    assert store.streams() == []
    assert store.keys() == []


def test_limits_are_kept() -> None:
    with pytest.raises(VerifyMalformedError):
        imported(WHOLE, MemoryStore(), Limits(entries=1))


def test_a_missing_or_damaged_blob_is_put_right() -> None:
    story = whole_story()
    for content in (None, b"damaged"):
        cell = story.store.get(KEY)
        story.store.put(KEY, content, cell.version if cell else 0)

        imported(WHOLE, story.store)

        cell = story.store.get(KEY)
        assert cell is not None
        assert cell.data == BLOB


def swapped(pack: bytes, other: bytes, store: Store, patch: pytest.MonkeyPatch) -> None:
    """Import ``pack``, which turns into ``other`` as soon as it was verified."""
    file = io.BytesIO(pack)

    def verify_then_swap(given: IO[bytes], *, limits: Limits) -> Verification:
        found = verify_pack(given, limits=limits)
        file.seek(0)
        file.truncate()
        file.write(other)
        return found

    patch.setattr(importing, "verify_pack", verify_then_swap)
    import_pack(file, store)


def test_a_file_that_is_exchanged_after_it_was_verified_is_not_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    shorter = packed(story)
    story.tell(e.JobPaused(reason="lunch"), by="ann")
    longer = packed(story)
    contents = contents_of(WHOLE)
    damaged = repacked({**contents, f"blobs/{digest_bytes(BLOB)}": BLOB + b"!"})
    edited = repacked(
        {**contents, "events.jsonl": contents["events.jsonl"].replace(b"bea", b"bob")}
    )

    for pack, other in ((longer, shorter), (WHOLE, damaged), (WHOLE, edited)):
        store = MemoryStore()
        with pytest.raises(VerifyHashError, match="while it was imported"):
            swapped(pack, other, store, monkeypatch)
        assert store.streams() == []


class Dying(MemoryStore):
    """A store whose process is killed before one of the writes."""

    def __init__(self, name: str, lives: int) -> None:
        super().__init__(name)
        self.lives = lives
        self.batches = 0

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        if self.batches == self.lives:
            raise KeyboardInterrupt
        self.batches += 1
        return super().append(stream, expected, events, durable=durable)


@pytest.mark.usefixtures("small_batches")
def test_an_import_that_died_anywhere_goes_on_where_it_stopped() -> None:
    lives = 0
    while True:
        dying = Dying(f"dying-{lives}", lives)
        try:
            imported(WHOLE, dying)
        except KeyboardInterrupt:
            survivor = MemoryStore(f"dying-{lives}")
            begun = survivor.stream("port-utils")
            assert (begun is None) == (lives == 0)
            assert imported(WHOLE, survivor) == ("port-utils", True)
            assert exported(survivor) == WHOLE
        else:
            break
        lives += 1

    assert lives > 5


def test_most_jobs_come_in_all_at_once() -> None:
    store = Dying("", 1)

    imported(WHOLE, store)

    assert store.batches == 1


class Unsure(MemoryStore):
    """A store that writes, and every other time cannot say whether it has."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.is_hopeless = False

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        done = super().append(stream, expected, events, durable=durable)
        self._perhaps()
        return done

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected, durable=durable)
        self._perhaps()
        return version

    def _perhaps(self) -> None:
        self.calls += 1
        if self.calls % 2 or self.is_hopeless:
            raise Unknown("no answer")


@pytest.mark.usefixtures("small_batches")
def test_an_unknown_outcome_is_asked_again_until_it_is_known() -> None:
    store = Unsure()

    assert imported(WHOLE, store) == ("port-utils", True)
    assert exported(store) == WHOLE


def test_an_outcome_that_stays_unknown_is_said_to_be() -> None:
    store = Unsure()
    store.is_hopeless = True

    with pytest.raises(Unknown, match="stayed unknown"):
        imported(WHOLE, store)

    store.is_hopeless = False
    imported(WHOLE, store)
    assert exported(store) == WHOLE


class Blobless(MemoryStore):
    """A store that never keeps a cell and never says so."""

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        raise Unknown("no answer")


def test_no_log_is_imported_whose_blobs_cannot_be_kept() -> None:
    store = Blobless()

    with pytest.raises(Unknown, match="whether blob"):
        imported(WHOLE, store)

    assert store.streams() == []


class Shared(MemoryStore):
    """A store in which somebody else appends just before we do."""

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        super().append(stream, expected, [NewEvent("x", "x/1", 1, b"x")], durable=durable)
        return super().append(stream, expected, events, durable=durable)


def test_a_job_that_somebody_else_begins_meanwhile_is_not_overwritten() -> None:
    store = Shared()

    with pytest.raises(JobExistsError, match="meanwhile"):
        imported(WHOLE, store)

    assert [each.id for each in store.read("port-utils")] == ["x"]


def test_a_log_with_one_id_twice_fits_no_store_and_is_refused() -> None:
    lines = lines_of(packed(canceled_story()))
    lines[1]["id"] = lines[0]["id"]
    origin, store = MemoryStore(), MemoryStore()
    for seq, data in enumerate(resealed(lines).split(b"\n")[:-1]):
        fields = loads(data)
        new = NewEvent(id=fields["id"], type=fields["type"], at=fields["at"], data=data)
        origin.append("port-utils-again", seq, [new])

    with pytest.raises(VerifyMalformedError, match="same id"):
        imported(exported(origin, "port-utils-again"), store)

    assert store.streams() == []


def test_an_imported_job_can_be_worked_on() -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    store = MemoryStore()
    imported(packed(story), store)
    ledger = Ledger(store, machine=story.machine)

    with ledger.work("port-utils", worker="host-9") as job:
        job.complete("done here")

    assert verify_job(store, "port-utils").status == "completed"
