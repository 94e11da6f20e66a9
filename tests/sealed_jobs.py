"""An erasable job that says something in every way there is, and looking for it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

import wrkr_core as wrkr
from tests.fakes import FakeMachine
from tests.stories import MERGE, QUESTION, Story, submitted
from wrkr_core import events as e
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_core.environment import Fingerprint, Observation, fingerprint
from wrkr_core.payloads.places import CONTENT, content_of
from wrkr_core.work.attempts import INLINE

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState
    from wrkr_core.store import Store
    from wrkr_core.work.job import Job

CANARY: Final = "canary-7919191919"
JOB: Final = "secretive"


def said(where: str) -> str:
    """Return a text that nobody may find afterwards."""
    return f"{where}: {CANARY} \u20ac"


def spec(**changes: Any) -> wrkr.JobSpec:  # noqa: ANN401  # the fields of a spec
    """Return a spec with content in every place that has any."""
    command = wrkr.Command(
        argv=("echo", said("argument")), env=(wrkr.Variable(name="V", value=said("variable")),)
    )
    given: dict[str, Any] = {
        "name": "secretive",
        "objective": said("objective"),
        "inputs": {"note": said("input"), "deep": [{"er": said("input")}]},
        "budget": wrkr.Budget(tokens=10),
        "steps": (
            wrkr.StepSpec(id="one", command=command),
            wrkr.StepSpec(id="two", command=wrkr.Command(shell=said("shell")), gate=said("gate")),
        ),
        "acceptance": (wrkr.Check(name="ok", command=command),),
        "erasable": True,
    }
    return wrkr.JobSpec(**{**given, **changes})


class Attempt:
    """A step that fails the first time, saying what it should not."""

    def __init__(self) -> None:
        self.tries = 0

    def __call__(self, text: str) -> dict[str, str]:
        self.tries += 1
        if self.tries == 1:
            raise OSError(said("failure"))
        return {"echo": text}


def _probe(system: str) -> Any:  # noqa: ANN401  # a function of a state
    def probe(_state: JobState) -> Fingerprint:
        return fingerprint([Observation(rule="os", value=system)])

    return probe


def work(ledger: wrkr.Ledger, job_id: str = JOB) -> None:
    """Work on the job until it is completed, and have people say something meanwhile."""
    ledger.submit(spec(), job_id=job_id)
    _until_it_asks(ledger, job_id)
    waiting = ledger.state(job_id)
    assert waiting.decisions[0].question == said("question")
    ledger.refuse(job_id, waiting.decisions[0].checkpoint_id, reason=said("refusal"))
    _until_it_pauses(ledger, job_id)
    ledger.resume(job_id, reason=said("resume"))
    _to_the_end(ledger, job_id)


def _until_it_asks(ledger: wrkr.Ledger, job_id: str) -> None:
    with ledger.work(job_id, worker="w", probe=_probe("linux")) as job:
        assert job.inputs["note"] == said("input")
        _begin(job)
        job.ask(said("question"), instructions=said("instructions"), data={"n": said("data")})


def _begin(job: Job) -> None:
    attempt = Attempt()
    backoff = wrkr.Backoff(first=1)
    assert job.step("try", attempt, said("argument"), retries=1, backoff=backoff) == {
        "echo": said("argument")
    }
    large = said("blob") + "x" * INLINE
    assert job.step("large", lambda: large) == large
    job.checkpoint("progress", said("summary"), data=[said("data")])


def _until_it_pauses(ledger: wrkr.Ledger, job_id: str) -> None:
    with ledger.work(
        job_id, worker="w", probe=_probe("darwin"), accept_because=said("environment")
    ) as job:
        _again(job)
        assert job.ask(said("question")).reason == said("refusal")
        ledger.emit(job_id, "progress", said("emitted"), artifacts=ArtifactChanges(added=("a",)))
        job.charge(tokens=11)
    ledger.raise_budget(job_id, wrkr.Budget(tokens=100).limits, reason=said("raise"))
    ledger.pause(job_id, reason=said("pause"))


def _again(job: Job) -> None:
    """Come by what was done: results are replayed, opened."""
    assert job.step("try", pytest.fail, said("argument")) == {"echo": said("argument")}
    large: str = job.step("large", pytest.fail)
    assert large.startswith(said("blob"))
    job.checkpoint("progress", said("summary"), data=[said("data")])


def _to_the_end(ledger: wrkr.Ledger, job_id: str) -> None:
    with ledger.work(job_id, worker="w", probe=_probe("darwin")) as job:
        _again(job)
        job.ask(said("question"))
        job.charge(tokens=11)
        answer = job.ask(said("second question"), choices=("yes", "no"))
    waiting = ledger.state(job_id).decisions[0]
    ledger.approve(job_id, waiting.checkpoint_id, reason=said("approval"), choice="yes")
    with pytest.raises(RuntimeError), ledger.work(job_id, worker="w", probe=_probe("darwin")):
        raise RuntimeError(said("crash"))
    ledger.resume(job_id, reason=said("resume"))
    with ledger.work(job_id, worker="w", probe=_probe("darwin")) as job:
        _again(job)
        job.ask(said("question"))
        job.charge(tokens=11)
        answer = job.ask(said("second question"), choices=("yes", "no"))
        assert (answer.reason, answer.choice) == (said("approval"), "yes")
        failure = e.AcceptanceFailure(check="ok", code="E_X", message=said("acceptance"))
        job.acceptance(
            e.AcceptanceRecorded(checks_run=1, passed=0, failures=(failure,), config_digest="")
        )
        job.complete(said("result"))


def canceled(ledger: wrkr.Ledger, job_id: str) -> None:
    """Submit the job and cancel it."""
    ledger.submit(spec(), job_id=job_id)
    ledger.cancel(job_id, reason=said("cancel"))


def ledger_on(store: Store, machine: FakeMachine | None = None) -> wrkr.Ledger:
    """Return a ledger whose machine holds still."""
    return wrkr.Ledger(store, machine=machine or FakeMachine(), actor="ann")


def everything_said(ledger: wrkr.Ledger, *job_ids: str) -> str:
    """Return all content of the jobs as it is shown, in one text."""
    return "\n".join(
        content if isinstance(content, str) else str(msgspec.json.decode(content))
        for job_id in job_ids
        for recorded in ledger.events(job_id)
        for _pointer, content in content_of(recorded.event)
    )


def places_used(ledger: wrkr.Ledger, *job_ids: str) -> set[str]:
    """Return where the jobs hold content: event, and place of the table."""
    return {
        f"{type(recorded.event).__name__} {_place(pointer)}"
        for job_id in job_ids
        for recorded in ledger.events(job_id)
        for pointer, _content in content_of(recorded.event)
    }


def all_places() -> set[str]:
    """Return every place of the table."""
    return {f"{cls.__name__} {place}" for cls, places in CONTENT.items() for place in places}


def _place(pointer: str) -> str:
    return "/".join("*" if part.isdecimal() else part for part in pointer[1:].split("/"))


def erased_story() -> Story:
    """Return an erasable job of one guarded step that was completed, and then erased."""
    story = Story()
    step = wrkr.StepSpec(id="merge", command=wrkr.Command(argv=("git", "merge")), gate=QUESTION)
    asked = wrkr.JobSpec(
        name="port-utils",
        objective=said("objective"),
        inputs={"note": said("input")},
        steps=(step,),
        erasable=True,
    )
    story.tell(submitted(asked), by="ann")
    story.take(1)
    checkpoint_id, subject = story.ask(QUESTION, key="ask:gate:merge")
    yes = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason=said("approval"))
    story.tell(yes, e.JobResumed(reason="approved"), by="ann")
    story.take(2)
    result = msgspec.json.encode({"said": said("result")})
    story.tell(
        e.StepStarted(
            step=MERGE, attempt=1, epoch=2, approval=checkpoint_id, input_digest="ab" * 32
        )
    )
    story.tell(e.StepFinished(step=MERGE, attempt=1, epoch=2, result=msgspec.Raw(result)))
    story.tell(story.checkpoint("completed", "merged"), e.JobCompleted(summary="merged"))
    story.tell(e.PayloadsErased(reason="asked for"), by="ann")
    return story
