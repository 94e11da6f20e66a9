"""Reading and tampering with packs: every change is one that verification names."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.conformance.vectors.folders import FROZEN
from tests.stories import MERGE, QUESTION, Story, submitted
from wrkr_conformance.engine.bench import Bench
from wrkr_conformance.engine.packs import (
    TAMPERINGS,
    documents_of,
    entries_of,
    exported,
    verified,
)
from wrkr_conformance.expect import Broken
from wrkr_core import events as e
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.spec import Command, JobSpec, StepSpec

if TYPE_CHECKING:
    from pathlib import Path


def completed() -> bytes:
    """Return the pack of a completed job that ann approved."""
    story = Story(job_id="job")
    step = StepSpec(id="merge", command=Command(argv=("true",)), gate=QUESTION)
    story.tell(submitted(JobSpec(name="lane", steps=(step,))), by="ann")
    story.take(1)
    checkpoint_id, subject = story.ask(QUESTION, key="gate:merge")
    yes = e.ApprovalGiven(checkpoint_id=checkpoint_id, subject=subject, reason="read it")
    story.tell(yes, e.JobResumed(reason="approved"), by="ann")
    story.take(2)
    story.tell(e.StepStarted(step=MERGE, attempt=1, epoch=2, approval=checkpoint_id))
    story.tell(e.StepFinished(step=MERGE, attempt=1, epoch=2))
    story.tell(story.checkpoint("completed", "merged"), e.JobCompleted(summary="merged"))
    out = io.BytesIO()
    export_pack(story.store, "job", out)
    return out.getvalue()


PACK: Final = completed()


def test_the_pack_that_is_tampered_with_is_good() -> None:
    assert verified(PACK).status == "completed"
    assert [each["by"] for each in documents_of(PACK)["approvals.jsonl"]] == ["ann"]
    assert documents_of(PACK)["job.json"]["status"] == "completed"


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_refused_with_the_code_beside_it(name: str) -> None:
    tamper, code = TAMPERINGS[name]

    tampered = tamper(PACK)

    assert tampered != PACK
    with pytest.raises(VerifyError) as caught:
        verify_pack(io.BytesIO(tampered))
    assert (caught.value.code, caught.value.exit_code) == (code, 2)


def test_a_pack_that_does_not_verify_breaks_the_clause() -> None:
    pack = (FROZEN / "jobpacks/histories/gate-never-asked.zip").read_bytes()

    with pytest.raises(Broken, match="E_VERIFY_HISTORY"):
        verified(pack)
    with pytest.raises(Broken, match="E_VERIFY_MALFORMED"):
        entries_of(b"hello")


def test_what_was_exported_is_read_from_the_path_that_was_answered(tmp_path: Path) -> None:
    code = f"print({json.dumps({'path': 'out/pack.zip'})!r})"
    bench = Bench([sys.executable, "-I", "-c", code], tmp_path)

    with pytest.raises(Broken, match="where no file is"):
        exported(bench, "job")

    (bench.workspace / "out").mkdir()
    (bench.workspace / "out/pack.zip").write_bytes(PACK)
    assert exported(bench, "job") == PACK
