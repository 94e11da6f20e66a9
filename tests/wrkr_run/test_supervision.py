"""While a command of a job runs, its job is looked at."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from wrkr_core.budget import Budget
from wrkr_core.errors import Blocked, Busy, LeaseConflictError, StepFailedError
from wrkr_core.payloads.key import job_key
from wrkr_core.redaction.mask import Mask
from wrkr_core.spec import Command, JobSpec, Variable
from wrkr_run.command import LOOK_EVERY
from wrkr_run.exclusion import process_key
from wrkr_run.known_secrets import KnownSecrets
from wrkr_run.supervision import JobGuard, Supervisor, Surroundings

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.ledger import Ledger

SHOW = "echo $WRKR_JOB_ID/$WRKR_STEP/$WRKR_ATTEMPT/$WRKR_STORE"


def submit(ledger: Ledger, workspace: Path, budget: Budget | None = None) -> str:
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, budget=budget)
    return ledger.submit(spec, job_id="j")


def test_a_command_knows_its_job_its_step_and_the_store(ledger: Ledger, workspace: Path) -> None:
    around = Surroundings(store_url="files:////store")
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        supervisor = Supervisor(ledger, job, around)

        outcome = supervisor.run(Command(argv=("/bin/sh", "-c", SHOW)), step="edit", attempt=2)

    assert outcome.stdout.text == "j/edit/2/files:////store\n"


def test_a_variable_the_spec_declares_is_masked_under_the_key_of_the_job(
    ledger: Ledger, workspace: Path
) -> None:
    inputs = {"workspace": str(workspace)}
    ledger.submit(JobSpec(name="j", inputs=inputs, secrets=["WORD"]), job_id="j")
    said = Command(argv=("/bin/sh", "-c", "echo $WORD"), env=(Variable(name="WORD", value="abra"),))
    with ledger.work("j", worker="w") as job:
        outcome = Supervisor(ledger, job, Surroundings()).run(said, step="s", attempt=1)

    known = KnownSecrets({"WORD": "abra"}, declared=["WORD"])
    key = job_key(ledger.store, ledger.machine, "j")
    assert outcome.stdout.text == Mask(known, lambda: key).text("abra\n")
    assert outcome.stdout.text.startswith("[REDACTED:env-WORD:")


def test_a_store_with_a_relative_path_is_found_from_the_workspace(
    ledger: Ledger, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        supervisor = Supervisor(ledger, job, Surroundings(store_url="sqlite:///w.db"))

        outcome = supervisor.run(Command(argv=("/bin/sh", "-c", SHOW)), step="s", attempt=1)

    assert outcome.stdout.text == f"j/s/1/sqlite:///{tmp_path}/w.db\n"


def test_without_a_store_to_tell_of_the_variable_stays_as_it_was(
    ledger: Ledger, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WRKR_STORE", raising=False)
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        supervisor = Supervisor(ledger, job, Surroundings())

        outcome = supervisor.run(Command(argv=("/bin/sh", "-c", SHOW)), step="edit", attempt=1)

    assert outcome.stdout.text == "j/edit/1/\n"


def test_the_process_is_named_while_it_runs_and_not_afterwards(
    ledger: Ledger, workspace: Path
) -> None:
    seen: list[bytes] = []
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        supervisor = Supervisor(ledger, job, Surroundings())

        class Looking(JobGuard):
            def end(self) -> None:
                seen.append(named(ledger))
                super().end()

        supervisor.guard = Looking
        outcome = supervisor.run(Command(argv=("/bin/sh", "-c", "echo $$")), step="s", attempt=1)

    assert f'"pid":{outcome.stdout.text.strip()}'.encode() in seen[0]
    assert b'"leader":null' in named(ledger)


def named(ledger: Ledger) -> bytes:
    cell = ledger.store.get(process_key("j"))
    assert cell is not None
    return cell.data


def test_a_job_that_may_go_on_is_let_be(ledger: Ledger, workspace: Path) -> None:
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        guard = JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1)

        guard.look()
        ledger.emit("j", "decision-needed", "May I?")
        guard.look()

        assert job.state.status == "running"


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_a_job_that_was_stopped_is_noticed(command: str, ledger: Ledger, workspace: Path) -> None:
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        guard = JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1)
        guard.look()

        getattr(ledger, command)("j", reason="enough")

        with pytest.raises(Blocked):
            guard.look()


def test_a_job_that_was_taken_over_is_noticed(ledger: Ledger, workspace: Path) -> None:
    submit(ledger, workspace)
    claims = ExitStack()
    job = claims.enter_context(ledger.work("j", worker="w", ttl=2, beat=1))
    guard = JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1)
    job.holding._pulse.stop()
    ledger.machine.sleep(10)

    with ledger.work("j", worker="taker"), pytest.raises(LeaseConflictError):
        guard.look()

    claims.close()


def test_a_pause_that_was_taken_back_in_time_is_no_pause(ledger: Ledger, workspace: Path) -> None:
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        guard = JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1)
        ledger.pause("j", reason="lunch")
        ledger.resume("j", reason="no lunch")

        guard.look()

        assert (job.state.status, job.holding.epoch) == ("running", 2)


def test_a_busy_store_stops_nothing(
    ledger: Ledger, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        guard = JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1)

        def refuse(*_args: object) -> None:
            raise Busy("locked")

        with monkeypatch.context() as patch:
            patch.setattr(ledger.store, "read", refuse)
            guard.look()


def test_the_next_look_is_not_later_than_the_end_of_the_wall_budget(
    ledger: Ledger, workspace: Path
) -> None:
    with ledger.work(submit(ledger, workspace, Budget(wall="1h")), worker="w") as job:
        assert JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1).pause() == LOOK_EVERY
    ledger.raise_budget("j", Budget(wall="100ms").limits, reason="less")
    with ledger.work("j", worker="w") as job:
        assert JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1).pause() <= 100_000


def test_a_process_that_is_gone_before_it_began_is_not_let_begin(
    ledger: Ledger, workspace: Path
) -> None:
    with ledger.work(submit(ledger, workspace), worker="w") as job:
        guard = JobGuard(Supervisor(ledger, job, Surroundings()), "s", 1)

        with pytest.raises(StepFailedError, match="ended before it could begin"):
            guard.begin(2**22 + 1)
