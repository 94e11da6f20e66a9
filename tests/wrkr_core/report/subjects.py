"""Jobs to report on, verified; one of them in words that nobody should be able to put into a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import attrs
import msgspec

from tests.stories import SECOND, Story, packed, small_story, submitted
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import amounts
from wrkr_core.canonical import dumps
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.ledger import Ledger
from wrkr_core.report.contents import Subject
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from wrkr_core.signing.trust import Trust

HOSTILE: Final = (
    "</p></style></textarea><script>alert(1)</script><img src=x onerror=alert(1)> | a | b |\n"
    "# title\n* @everyone see #12, GH-34, org/repo#5, https://evil.example/?q=1 www.evil.example "
    "mailto:a@evil.example [click](javascript:alert(1)) ![p](http://evil.example/p.png) `code` "
    "*bold* _it_ ~no~ $x$ :tada: deadbeefcafe0123 &amp; \" ' --> {noformat} {code} !p.png! h1. x "
    "\x1b[31mred\x1b[0m\r\nnext\u2028line\u202eturned\u200bhidden\x00\U000e0041"
)


def subject_of(story: Story, trust: Trust | None = None) -> Subject:
    """Return the story's jobpack as it is verified and reported on."""
    ledger = Ledger(story.store)
    found = verify_pack(io.BytesIO(packed(story)))
    return Subject(
        spec=ledger.spec(story.job_id),
        events=list(ledger.events(story.job_id)),
        verification=found,
        pack_id=found.pack_id or "",
        trust=trust,
    )


def hostile_subject(text: str = HOSTILE) -> Subject:
    """Return the hostile story as if it had verified: no page relies on what was refused before."""
    story = hostile_story(text)
    ledger = Ledger(story.store)
    events = list(ledger.events(story.job_id))
    found = attrs.evolve(
        subject_of(small_story()).verification,
        job_id=story.job_id,
        events=len(events),
        head_hash=events[-1].hash,
    )
    return Subject(
        spec=ledger.spec(story.job_id), events=events, verification=found, pack_id="ab" * 32
    )


def hostile_story(text: str = HOSTILE) -> Story:
    """Return a job in which everything that can be any text is ``text``."""
    story = Story(job_id="hostile")
    step = e.StepRef(name=text, occurrence=1)
    story.tell(submitted(JobSpec(name="hostile", objective=text)), by=text)
    story.take(1, text)
    story.tell(e.StepStarted(step=step, attempt=1, epoch=1), by=text)
    story.tell(
        e.StepFailed(
            step=step,
            attempt=1,
            epoch=1,
            code=text,
            error_type=text,
            message=text,
            retry_at=story.machine.now() + SECOND,
            usage=amounts(wall="2s"),
        ),
        by=text,
    )
    story.tell(
        e.ArtifactRecorded(
            artifact=Artifact(path=text, sha256="12" * 32, size=10), mark="artifact/1"
        )
    )
    story.tell(e.BudgetRaised(limits=amounts(tokens=5), reason=text), by=text)
    failure = e.AcceptanceFailure(check=text, code=text, message=text)
    story.tell(
        e.AcceptanceRecorded(checks_run=2, passed=1, failures=(failure,), config_digest="78" * 32)
    )
    _ask(story, text)
    return story


def _ask(story: Story, text: str) -> None:
    action = RequiredAction(kind="choice", instructions=text, key="ask/1", choices=(text, "no"))
    asked = story.checkpoint(
        "decision-needed",
        text,
        required_action=action,
        artifacts=ArtifactChanges(added=(text,)),
        reason_codes=(text,),
        data=msgspec.Raw(dumps({text: [text]})),
    )
    subject = story.tell(asked, by=text)
    story.tell(e.JobBlocked(status="blocked_decision", summary=text, reason_codes=(text,)))
    given = e.ApprovalGiven(
        checkpoint_id=asked.checkpoint_id, subject=subject, reason=text, choice=text
    )
    story.tell(given, e.JobResumed(reason=text), by=text)
    story.take(2, text, took_over="expired", took_over_from=text)
    blocked = story.checkpoint("blocked", text, reason_codes=(text,))
    story.tell(blocked)
    story.tell(e.JobBlocked(status="blocked_error", summary=text, reason_codes=(text,)))
