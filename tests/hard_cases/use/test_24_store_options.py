"""24: every option of a store's URL does something, and one that there is not is refused."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.places import HOLDER, KINDS, Place
from tests.wrkr_store_sqlite.samples import program
from wrkr_core.errors import Busy, InvalidInputError, StoreUnavailable
from wrkr_core.spec import JobSpec
from wrkr_store_files import url as files_url
from wrkr_store_sqlite import opening as sqlite_url

if TYPE_CHECKING:
    from pathlib import Path


def test_24_the_options_tried_here_are_all_there_are() -> None:
    assert set(sqlite_url.KNOWN) == {"busy", "mode"}
    assert set(files_url.OPTIONS) == {"busy", "mode", "force"}


def test_24_a_store_opened_to_read_cannot_be_written_and_one_opened_to_write_can(
    on_disk: Place,
) -> None:
    on_disk.ledger("?mode=rw").submit(JobSpec(name="j"), job_id="j")

    reader = on_disk.ledger("?mode=ro")

    assert reader.state("j").status == "queued"
    with pytest.raises(StoreUnavailable):
        reader.pause("j", reason="x")


def test_24_busy_is_how_long_a_writer_waits_for_another(on_disk: Place) -> None:
    on_disk.ledger().submit(JobSpec(name="j"), job_id="j")
    with program(HOLDER, on_disk.url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy):
            on_disk.ledger("?busy=0").pause("j", reason="at once")
        patient = on_disk.ledger("?busy=600")
        pausing = threading.Thread(target=lambda: patient.pause("j", reason="in time"))
        pausing.start()
        pausing.join(0.1)
        assert pausing.is_alive()
        holder.communicate("")
        pausing.join(60)

    assert on_disk.ledger().state("j").summary.endswith("in time")


def test_24_force_is_what_opens_a_store_on_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place("files", tmp_path)
    monkeypatch.setattr("wrkr_store_files.place.file_system", lambda _path: "nfs")

    for options in ("", "?force=0"):
        with pytest.raises(StoreUnavailable, match="nfs"):
            place.open(options)

    place.ledger("?force=1").submit(JobSpec(name="j"), job_id="j")
    place.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options", ["?bussy=1", "?timeout=3", "?mode=rwc", "?busy=soon", "?busy=1&busy=2"]
)
def test_24_an_option_that_there_is_not_is_refused(kind: str, options: str, tmp_path: Path) -> None:
    place = Place(kind, tmp_path)

    with pytest.raises(InvalidInputError):
        place.open(options)

    assert place.size() == 0
