"""Hard case 19: exports that differ though the job does not, receipts that void each other."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.hard_cases.forgeries import refusal
from tests.hard_cases.jobs import ROOT
from tests.stories import packed, whole_story
from wrkr_core.jobpack.export import Survey, export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.stored import stored_job
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.places import Place
    from wrkr_core.store import Store

JOB: Final = "port-utils"
WHOLE: Final = packed(whole_story())
ELSEWHERE: Final[dict[str, str]] = {
    "PYTHONHASHSEED": "7",
    "TZ": "Pacific/Kiritimati",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "USER": "somebody-else",
}


def pack_of(store: Store, job_id: str = JOB) -> bytes:
    out = io.BytesIO()
    export_pack(store, job_id, out)
    return out.getvalue()


def receipt_of(store: Store, job_id: str = JOB) -> str:
    return receipt_line(job_id, Survey(stored_job(store, job_id)).manifest()[1])


def test_19_two_exports_of_one_unchanged_job_are_the_same_bytes(place: Place) -> None:
    import_pack(io.BytesIO(WHOLE), place.open())

    assert pack_of(place.open()) == pack_of(place.open()) == WHOLE


def test_19_reading_verifying_and_telling_of_a_job_do_not_change_its_export(place: Place) -> None:
    import_pack(io.BytesIO(WHOLE), place.open())
    ledger = place.ledger()
    ledger.state(JOB)
    verify_job(ledger, JOB)
    receipt_of(ledger.store)
    list(ledger.events(JOB))

    assert pack_of(ledger.store) == WHOLE


@pytest.mark.parametrize("hours", [0, 1, 24 * 400])
def test_19_the_day_of_the_export_is_nowhere_in_it(hours: int) -> None:
    story = whole_story()
    story.machine.advance(hours * 3_600_000_000)

    assert pack_of(story.store) == WHOLE


def test_19_another_process_under_other_settings_exports_the_same_bytes(
    on_disk: Place, tmp_path: Path
) -> None:
    import_pack(io.BytesIO(WHOLE), on_disk.open())
    on_disk.close()
    for number, settings in enumerate(({}, ELSEWHERE)):
        folder = tmp_path / f"elsewhere-{number}"
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "wrkr_cli", "export", JOB, "--store", on_disk.url],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        written = folder / "wrkr-out" / "jobpacks" / f"jobpack_{JOB}.zip"
        assert written.read_bytes() == WHOLE


def test_19_a_receipt_leaves_every_receipt_before_it_good(place: Place) -> None:
    """Each names its own pack for ever, however often receipts are made and the job goes on."""
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    kept: list[tuple[bytes, str]] = []
    for number in range(4):
        ledger.emit("j", "progress", f"the {number}. time")
        kept.append((pack_of(ledger.store, "j"), receipt_of(ledger.store, "j")))
        assert receipt_of(ledger.store, "j") == kept[-1][1]

    for pack, receipt in kept:
        assert verify_pack(io.BytesIO(pack), expect_receipt=receipt).ok
        for _, other in kept:
            assert (refusal(pack, expect_receipt=other) is None) == (other == receipt)


def test_19_making_a_receipt_records_nothing(place: Place) -> None:
    import_pack(io.BytesIO(WHOLE), place.open())
    store = place.open()
    before = store.stream(JOB), store.keys()

    assert receipt_of(store) == receipt_of(store)
    assert (store.stream(JOB), store.keys()) == before
