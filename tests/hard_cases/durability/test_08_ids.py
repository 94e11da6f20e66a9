"""8: an id names one job for ever, whoever uses it again, and however."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import events_of
from tests.hard_cases.places import append_raw
from wrkr_core import events as e
from wrkr_core.errors import Corrupt, Deleted, JobExistsError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.spec import JobSpec, spec_digest
from wrkr_core.upkeep import prune

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hard_cases.places import Place
    from wrkr_core.ledger import Ledger

SPEC = JobSpec(name="j", objective="Port utils")
OTHER = JobSpec(name="j", objective="Port all")


def finished_job(ledger: Ledger) -> None:
    ledger.submit(SPEC, job_id="j")
    with ledger.work("j") as job:
        job.step("edit", abs, -1)
        job.complete("done")


def log_of(place: Place, job_id: str = "j") -> list[bytes]:
    return [each.data for each in place.open().read(job_id)]


def import_another(ledger: Ledger, place: Place) -> None:
    source = place.ledger()
    source.submit(OTHER, job_id="j")
    pack = io.BytesIO()
    export_pack(source, "j", pack)
    import_pack(pack, ledger.store)


def fork_onto(ledger: Ledger, _place: Place) -> None:
    ledger.submit(OTHER, job_id="origin")
    ledger.fork("origin", at=1, new_id="j")


AGAIN: dict[str, Callable[[Ledger, Place], object]] = {
    "submit": lambda ledger, _place: ledger.submit(OTHER, job_id="j"),
    "fork": fork_onto,
    "import": import_another,
}


@pytest.mark.parametrize("way", AGAIN)
def test_08_an_id_used_again_is_refused_and_the_finished_job_stays_as_it_is(
    place: Place, in_memory: Place, way: str
) -> None:
    ledger = place.ledger()
    finished_job(ledger)
    before = log_of(place)

    with pytest.raises(JobExistsError) as caught:
        AGAIN[way](ledger, in_memory)

    assert (caught.value.code, caught.value.exit_code) == ("E_JOB_EXISTS", 6)
    assert log_of(place) == before
    assert place.ledger().state("j").status == "completed"


def test_08_the_same_job_submitted_again_begins_nothing_anew(place: Place) -> None:
    finished_job(place.ledger())
    before = log_of(place)

    assert place.ledger().submitted(SPEC, job_id="j", by="bob") == ("j", False)

    assert log_of(place) == before


def test_08_of_many_who_submit_under_one_id_at_once_one_makes_the_job(place: Place) -> None:
    together = threading.Barrier(4)
    outcomes: list[object] = []
    ledgers = [place.ledger() for _ in range(4)]

    def submit(number: int) -> None:
        together.wait()
        spec = JobSpec(name="j", objective=f"number {number}")
        try:
            outcomes.append(ledgers[number].submitted(spec, job_id="j"))
        except JobExistsError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes, key=str) == [("j", True), *["E_JOB_EXISTS"] * 3]
    assert len(events_of(place.ledger(), e.JobSubmitted)) == 1


def test_08_a_second_beginning_in_a_log_is_damage_and_begins_nothing(place: Place) -> None:
    finished_job(place.ledger())
    again = e.JobSubmitted(spec=OTHER, spec_digest=spec_digest(OTHER), engine="0.1.0")
    append_raw(place.open(), "j", again)

    with pytest.raises(Corrupt, match="not a legal history"):
        place.ledger().state("j")
    with pytest.raises(Corrupt):
        place.ledger().work("j").__enter__()


def test_08_the_id_of_a_job_that_was_removed_is_not_given_again(
    place: Place, in_memory: Place
) -> None:
    ledger = place.ledger()
    finished_job(ledger)
    prune(ledger, before=ledger.machine.now() + 1, dry_run=False)

    with pytest.raises((Deleted, JobExistsError)):
        ledger.submit(OTHER, job_id="j")
    with pytest.raises(Deleted):
        import_another(ledger, in_memory)
    assert ledger.jobs() == []
