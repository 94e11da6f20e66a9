"""Exporting jobs as v1 packs: whatever happened, the contract holds and nothing else decides bytes."""

from __future__ import annotations

import io
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pytest
from hypothesis import given

from tests.stories import Story, canceled_story, small_story, submitted, whole_story
from tests.trying import HISTORIES
from tests.worlds import damage
from tests.wrkr_core.jobpack.v1 import contract_check
from tests.wrkr_core.jobpack.v1.forging import contents_of
from wrkr_core import __version__
from wrkr_core import events as e
from wrkr_core.budget import amounts
from wrkr_core.errors import Corrupt, NotFoundError, UnknownEventError, VerifyHistoryError
from wrkr_core.jobpack.v1.export import export_v1
from wrkr_core.jobpack.v1.verify import verify_v1
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec
from wrkr_store_files import open_store as open_files
from wrkr_store_sqlite import open_store as open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.histories import Journal

ROOT: Final = Path(__file__).parents[4]
# A job that waits for a worker again has no status of its own in v1.
IN_V1: Final = {"queued": ("queued", "running")}


def exported(story: Story) -> bytes:
    out = io.BytesIO()
    export_v1(story.store, story.job_id, out)
    return out.getvalue()


@pytest.mark.parametrize("tell", [small_story, whole_story, canceled_story])
def test_an_exported_job_satisfies_the_contract_and_verifies(tell: Callable[[], Story]) -> None:
    story, out = tell(), io.BytesIO()

    said = export_v1(Ledger(story.store, machine=story.machine), story.job_id, out)

    job = contract_check.check(out.getvalue())
    found = verify_v1(out, expect_receipt=said.receipt, expect_job=story.job_id)
    assert said.size == len(out.getvalue())
    assert (found.pack_id, found.events, found.status) == (said.pack_id, said.events, said.status)
    assert (job["job_id"], job["status"]) == (story.job_id, said.status)
    assert story.log.state is not None
    assert said.status == story.log.state.status


@given(HISTORIES)
def test_whatever_the_rules_decide_is_told_in_words_that_v1_accepts(journal: Journal) -> None:
    store, out = MemoryStore(), io.BytesIO()
    store.append(journal.job_id, 0, journal.stored)

    said = export_v1(store, journal.job_id, out)

    job = contract_check.check(out.getvalue())
    found = verify_v1(out)
    assert found.status == said.status == job["status"]
    assert said.status in IN_V1.get(journal.now.status, (journal.now.status,))
    spent = journal.now.spent_by_meter()
    assert job["budgets"] == {
        "retry_count": spent.get("retries", 0),
        "step_count": spent.get("steps", 0),
        "tool_call_count": spent.get("tool_calls", 0),
    }


@pytest.mark.parametrize(
    ("tell", "golden"),
    [
        (small_story, "acae101b218aaea967e2bf635669bd3ec36567e3abb21aeef43266eeceec65af"),
        (whole_story, "4c3bce0bf73a9f6b5cf05e22f7ab54121b4928e815eec1c9348f7b533fbea506"),
    ],
)
def test_the_files_of_a_story_stay_what_they_are(tell: Callable[[], Story], golden: str) -> None:
    # A change of these is a change of what v1's programs are given to read.
    files = contents_of(exported(tell()))
    del files["manifest.json"]  # all digests, and those change with the release
    release = f'"producer_version":"{__version__}"'.encode()

    text = b"".join(files[name].replace(release, b"") for name in sorted(files))

    assert sha256(text).hexdigest() == golden


def test_a_job_gives_the_same_bytes_from_every_store(tmp_path: Path) -> None:
    first = exported(whole_story())

    for store in (open_sqlite(f"sqlite:///{tmp_path}/j.db"), open_files(f"files:///{tmp_path}/f")):
        assert exported(whole_story(store)) == first
        store.close()


@pytest.mark.slow
def test_another_order_of_hashing_gives_the_same_bytes() -> None:
    code = (
        "import io, hashlib; from tests.stories import whole_story;"
        "from wrkr_core.jobpack.v1.export import export_v1;"
        "story, out = whole_story(), io.BytesIO(); export_v1(story.store, story.job_id, out);"
        "print(hashlib.sha256(out.getvalue()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(said) == 1


def test_a_job_that_is_not_there_cannot_be_exported() -> None:
    with pytest.raises(NotFoundError):
        export_v1(MemoryStore(), "j", io.BytesIO())


def test_a_damaged_record_is_found() -> None:
    store = MemoryStore()
    story = small_story(store)
    damage(store, story.job_id, 4, lambda data: data.replace(b"Merge", b"Purge"))

    with pytest.raises(Corrupt, match="record 4"):
        exported(story)


def test_a_log_that_is_no_legal_history_is_refused() -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.take(1)
    told = story.checkpoint("progress", "so far")
    story.tell(msgspec.structs.replace(told, budget=amounts(steps=7)))

    with pytest.raises(VerifyHistoryError, match="record 3"):
        exported(story)


def test_an_event_of_a_later_release_cannot_be_told() -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")), by="ann")
    story.tell(e.UnknownEvent(type="job_dreamed/1", payload=msgspec.Raw(b"{}")))

    with pytest.raises(UnknownEventError, match="job_dreamed/1") as caught:
        exported(story)

    assert caught.value.hint
