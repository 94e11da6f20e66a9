"""14: a resume in another environment is refused there, and a job that runs elsewhere never notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.elsewhere import Elsewhere
from tests.hard_cases.jobs import effects, events_of, step, submit
from wrkr_core import events as e
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import EnvironmentMismatchError, LeaseConflictError
from wrkr_core.spec import JobSpec
from wrkr_run.environment import make_probe
from wrkr_run.foreground import work_on
from wrkr_run.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.jobs import Until
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_core.environment import Fingerprint
    from wrkr_core.job.state import JobState

WAITS = "touch under-way; until [ -f go ]; do sleep 0.01; done"
RULES = ["file:lock"]


def test_14_a_resume_from_another_environment_does_not_disturb_a_job_that_runs(
    place: Place, workspace: Path, until: Until
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one", WAITS), step("two"), environment=RULES)
    elsewhere = Elsewhere(ledger)
    until((workspace / "under-way").exists)
    (workspace / "lock").touch()
    before = ledger.state("j")

    for resume in (False, True):
        with pytest.raises(LeaseConflictError):
            work_on(place.ledger(), "j", resume=resume)

    assert ledger.state("j") == before
    assert before.status == "running"
    (workspace / "go").touch()
    assert elsewhere.result().status == "completed"
    assert effects(workspace) == ["one 1", "two 1"]


def test_14_a_program_elsewhere_is_refused_and_the_holder_goes_on(place: Place) -> None:
    def probe(value: str) -> Fingerprint:
        return fingerprint([Observation(rule="os", value=value)])

    def linux(_state: JobState) -> Fingerprint:
        return probe("linux")

    def darwin(_state: JobState) -> Fingerprint:
        return probe("darwin")

    holder, other = place.ledger(), place.ledger()
    holder.submit(JobSpec(name="j"), job_id="j")
    with holder.work("j", probe=linux) as job:
        job.step("edit", abs, -1, key="a")

        with pytest.raises(LeaseConflictError):
            other.work("j", probe=darwin).__enter__()

        job.step("edit", abs, -1, key="b")
        job.complete()
    assert holder.state("j").status == "completed"
    assert events_of(holder, e.JobBlocked) == []


def test_14_another_environment_blocks_a_job_nobody_holds_until_it_is_accepted(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one", "test -f go"), environment=RULES)
    work_on(ledger, "j")
    (workspace / "lock").touch()
    (workspace / "go").touch()

    with pytest.raises(EnvironmentMismatchError, match="file:lock"):
        work_on(place.ledger(), "j", resume=True)
    assert ledger.state("j").reason_codes == ("E_ENV_FINGERPRINT_MISMATCH",)
    assert effects(workspace) == ["one 1"]

    result = work_on(ledger, "j", resume=True, accept_because="the lock file is new")
    assert result.status == "completed"
    (accepted,) = events_of(ledger, e.EnvironmentAccepted)
    assert accepted.reason == "the lock file is new"


def test_14_a_worker_leaves_a_job_from_another_environment_as_it_is(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one"), environment=RULES)
    with ledger.work("j", worker="first", probe=make_probe(ledger.store, ledger.machine)):
        pass
    before = ledger.state("j")
    (workspace / "lock").touch()
    lines: list[str] = []

    Worker(place.ledger(), drain=True, poll=5_000, report=lines.append).run()

    assert ledger.state("j") == before
    assert lines[0].startswith("j was left alone: job j was started in another environment")
    assert effects(workspace) == []


def test_14_the_command_line_says_that_the_job_runs_and_leaves_it_running(
    on_disk: Place, workspace: Path, wrkr_command: Wrkr, until: Until
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one", WAITS), environment=RULES)
    elsewhere = Elsewhere(ledger)
    until((workspace / "under-way").exists)
    (workspace / "lock").touch()

    said = wrkr_command("resume", "j", "--json", "--store", on_disk.url)

    assert (said.code, said.envelope["code"]) == (1, "E_LEASE_CONFLICT")
    assert ledger.state("j").status == "running"
    (workspace / "go").touch()
    assert elsewhere.result().status == "completed"
