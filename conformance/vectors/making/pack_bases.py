"""The honest packs that hostile ones are made of."""

from __future__ import annotations

from typing import Final

from vectors.making.packing import contents_of, packed
from vectors.making.telling import GOLDEN, Log, begun, finished, started
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import amounts
from wrkr_core.canonical import digest_bytes, dumps
from wrkr_core.spec import Command, StepSpec

QUESTION: Final = "Merge?"
GATED: Final = (StepSpec(id="edit", command=Command(argv=("git", "merge")), gate=QUESTION),)
BLOB: Final = dumps("too large for the log\u2028")


def tiny_log() -> Log:
    """Return the log of a job that was submitted and no more."""
    return Log("j").submit()


def gated_log(*, until: int = 9) -> Log:
    """Return the first lines of the log of a job with one guarded step, which a person approved."""
    log = begun(steps=GATED).ask(QUESTION, key="gate:edit").block("decision", QUESTION)
    yes = e.ApprovalGiven(checkpoint_id="cp_3", subject=_asked(log), reason="read the diff")
    log.tell(yes, e.JobResumed(reason="cp_3 was approved"), by="ann")
    log.take(2).tell(started(epoch=2, approval="cp_3"), finished(epoch=2))
    log.lines = log.lines[:until]
    return log


def _asked(log: Log) -> str:
    return log.lines[2][10:74]


def completed_log() -> Log:
    """Return the log of a completed job with a blob, an artifact and an acceptance."""
    log = begun().tell(
        started(),
        finished(
            result_blob=digest_bytes(BLOB),
            artifacts=(Artifact(path="src/a.py", sha256="12" * 32, size=10),),
        ),
        e.AcceptanceRecorded(checks_run=1, passed=1, failures=(), config_digest="78" * 32),
    )
    log.checkpoint("completed", "merged", budget=amounts(steps=1))
    return log.tell(e.JobCompleted(summary="merged")).release()


TINY: Final = contents_of(tiny_log().lines, job_id="j")
APPROVED: Final = contents_of(gated_log().lines)
COMPLETED: Final = contents_of(completed_log().lines, blobs=[BLOB])


def good() -> dict[str, bytes]:
    """Return the packs that must verify, by name."""
    odd = {"reason": "lunch", "mood": {"b": [0.5], "a": "\u2028"}}
    objective = "Line \u2028 and \u2029 and \x85 and \U0001f600"
    return {
        "submitted": packed(TINY),
        "approved": packed(APPROVED),
        "completed": packed(COMPLETED),
        "paused-with-fields-of-a-later-release": packed(
            contents_of(begun().put("job_paused/1", odd).lines)
        ),
        "text-beyond-ascii": packed(contents_of(Log().submit(objective=objective).lines)),
        "release-0-1-completed": (GOLDEN / "release_0_1/completed/jobpack.zip").read_bytes(),
        "release-0-1-canceled": (GOLDEN / "release_0_1/canceled/jobpack.zip").read_bytes(),
    }
