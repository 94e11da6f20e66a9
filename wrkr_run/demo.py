"""wrkr shown at work: a real job on a real repository, killed twice, resumed, approved, verified.

Every figure it tells is read back from the ledger, and what ran is counted a second time from what
the commands left on disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core import events as e
from wrkr_core.errors import InvalidInputError, NotSupportedHereError, StepFailedError, VerifyError
from wrkr_core.finding import open_store
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.ledger import Ledger
from wrkr_run.demo_effects import repeated_in_ledger, repeated_on_disk
from wrkr_run.demo_project import QUESTION, SLOW_STEPS, make_project, make_spec
from wrkr_run.files import write_atomically
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.job.state import JobState
    from wrkr_core.jobpack.export import ExportResult

LOOK_EVERY: Final = 20_000  # µs
PATIENCE: Final = 60_000_000  # µs until a worker must have got somewhere


@attrs.frozen(kw_only=True)
class DemoResult:
    """What the demo came to.

    ``steps_run`` counts attempts that were started, ``steps_repeated`` finished steps that ran again
    (it must be 0), both as the ledger and the traces on disk tell; ``lines`` is the story.
    """

    job_id: str
    jobpack: Path
    receipt: str
    kills: int
    steps_run: int
    steps_repeated: int
    verified: bool
    lines: tuple[str, ...]


def run_demo(
    directory: str | Path,
    *,
    approve: bool,
    report: Callable[[str], None],
    confirm: Callable[[str], bool] | None = None,
) -> DemoResult:
    """Run the demo in ``directory``, an empty folder, and return what it came to.

    With ``approve`` the merge is approved by the system's user, recorded as the demo's doing;
    otherwise ``confirm`` is asked. Refused, the job is canceled and exported all the same.

    Raises:
        NotSupportedHereError: git is missing, or this is no POSIX system.
        InvalidInputError: Nobody can give the approval, or the folder is not empty.
        StepFailedError: A worker got nowhere.

    """
    folder = Path(directory).absolute()
    if os.name != "posix":
        raise NotSupportedHereError("the demo kills processes as POSIX systems do")
    if not approve and confirm is None:
        raise InvalidInputError("nobody can approve the merge", hint="run wrkr demo --yes")
    if any(folder.iterdir()):
        raise InvalidInputError(f"{folder} is not empty", hint="choose another folder")
    repository = make_project(folder)
    url = store_url(folder)
    store = open_store(url)
    try:
        ledger = Ledger(store, redact=KnownSecrets())
        job_id = ledger.submit(make_spec(folder, repository))
        demo = _Demo(folder, url, ledger, job_id, report)
        return demo.run(confirm=None if approve else confirm)
    finally:
        store.close()


def store_url(folder: Path) -> str:
    """Return the store of the demo in ``folder``: SQLite, or files where that is not installed."""
    try:
        open_store(url := f"sqlite:///{folder}/wrkr.db").close()
    except NotSupportedHereError:
        return f"files:///{folder}/store"
    return url


class _Demo:
    """One run of the demo."""

    def __init__(
        self, folder: Path, url: str, ledger: Ledger, job_id: str, report: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._url = url
        self._ledger = ledger
        self._job_id = job_id
        self._report = report
        self._lines: list[str] = []

    def run(self, *, confirm: Callable[[str], bool] | None) -> DemoResult:
        self._say(f"job {self._job_id}: {self._state().objective}")
        for step in SLOW_STEPS:
            self._kill_worker_in(step)
        self._finish_in_new_process()
        self._answer(confirm)
        self._finish_in_new_process()
        exported, jobpack = self._export()
        verified = self._verify(jobpack, exported.receipt)
        return self._sum_up(exported, jobpack, verified=verified)

    def _kill_worker_in(self, step: str) -> None:
        """Start a worker and kill it when the step's command is under way."""
        worker = self._start_worker()
        try:
            got_there = self._is_reached(step, worker)
        finally:
            worker.kill()
            said, _ = worker.communicate()
        if not got_there:
            raise self._got_nowhere(said)
        finished = self._state().steps.done
        self._say(
            f"killed worker {worker.pid} (SIGKILL) in step {step}, {finished} finished before"
        )

    def _is_reached(self, step: str, worker: subprocess.Popen[str]) -> bool:
        """Wait until the step's command is under way; tell whether it came to that."""
        machine, signaled = self._ledger.machine, self._folder / f"under-way-{step}"
        began = machine.uptime()
        while not (signaled.exists() and self._is_open(step)):
            if worker.poll() is not None or machine.uptime() - began > PATIENCE:
                return False
            machine.sleep(LOOK_EVERY)
        return True

    def _is_open(self, step: str) -> bool:
        return any(each.step.name == step for each in self._state().open_steps)

    def _finish_in_new_process(self) -> None:
        before = self._state().seq
        worker = self._start_worker()
        try:
            said, _ = worker.communicate(timeout=PATIENCE / 1_000_000)
        except subprocess.TimeoutExpired:
            said = "it did not end"
        finally:
            worker.kill()
        state = self._state()
        if worker.returncode != 0 or state.lease is not None:
            raise self._got_nowhere(said)
        for recorded in self._ledger.events(self._job_id, after=before):
            if isinstance(recorded.event, e.LeaseTaken) and recorded.event.took_over:
                because = recorded.event.took_over.replace("_", " ")
                self._say(f"worker {worker.pid} took the job over ({because})")
        self._say(f"{state.status}: {state.summary}")

    def _start_worker(self) -> subprocess.Popen[str]:
        root = str(Path(__file__).resolve().parent.parent)
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(  # noqa: S603  # this Python, this package
            [sys.executable, "-m", "wrkr_run.worker_process", self._url, "--job", self._job_id],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _got_nowhere(self, said: str) -> StepFailedError:
        state = self._state()
        return StepFailedError(
            f"the demo's worker got nowhere, its job is {state.status} ({state.summary}): "
            f"{said.strip()[-2000:]}"
        )

    def _answer(self, confirm: Callable[[str], bool] | None) -> None:
        decision = self._state().decisions[0]
        if confirm is None or confirm(QUESTION):
            reason = "demo --yes" if confirm is None else "approved in the demo"
            self._ledger.approve(self._job_id, decision.checkpoint_id, reason=reason)
        else:
            self._ledger.refuse(self._job_id, decision.checkpoint_id, reason="refused in the demo")
        for recorded in self._ledger.events(self._job_id):
            if isinstance(recorded.event, e.ApprovalGiven | e.ApprovalRefused):
                verb = "approved" if isinstance(recorded.event, e.ApprovalGiven) else "refused"
                self._say(f"{verb} by {recorded.by}: {recorded.event.reason}")

    def _export(self) -> tuple[ExportResult, Path]:
        jobpack = self._folder / f"jobpack_{self._job_id}.zip"
        with write_atomically(jobpack) as file:
            exported = export_pack(self._ledger, self._job_id, file)
        self._say(f"exported {exported.events} events, {exported.size} bytes: {jobpack.name}")
        return exported, jobpack

    def _verify(self, jobpack: Path, receipt: str) -> bool:
        try:
            with jobpack.open("rb") as file:
                verification = verify_pack(file, expect_receipt=receipt, expect_job=self._job_id)
        except VerifyError as error:
            self._say(f"not verified: {error.message}")
            return False
        self._say(f"verified offline in {len(verification.checks)} stages: {receipt}")
        return True

    def _sum_up(self, exported: ExportResult, jobpack: Path, *, verified: bool) -> DemoResult:
        events = [recorded.event for recorded in self._ledger.events(self._job_id)]
        started = [event for event in events if isinstance(event, e.StepStarted)]
        kills = sum(isinstance(event, e.LeaseTaken) and bool(event.took_over) for event in events)
        repeated = max(repeated_in_ledger(events), repeated_on_disk(self._folder / "effects.log"))
        self._say(
            f"{kills} workers killed, {self._state().steps.done} steps done in {len(started)} "
            f"attempts, {repeated} finished steps run again"
        )
        return DemoResult(
            job_id=self._job_id,
            jobpack=jobpack,
            receipt=exported.receipt,
            kills=kills,
            steps_run=len(started),
            steps_repeated=repeated,
            verified=verified,
            lines=tuple(self._lines),
        )

    def _state(self) -> JobState:
        return self._ledger.state(self._job_id)

    def _say(self, line: str) -> None:
        self._lines.append(line)
        self._report(line)
