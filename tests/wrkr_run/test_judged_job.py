"""What a custom check is given arrives in its process as it was."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import JSON_VALUES, TEXTS
from wrkr_core.artifact import Artifact
from wrkr_run.judged_job import JudgedJob


@given(st.dictionaries(TEXTS, JSON_VALUES), st.dictionaries(TEXTS, st.integers(0, 2**53 - 1)))
def test_what_goes_through_json_is_the_same_behind_it(
    settings: dict[str, object], spent: dict[str, int]
) -> None:
    job = JudgedJob(
        job_id="j",
        status="completed",
        summary="done",
        workspace=Path("a", "b"),
        artifacts=(Artifact(path="a", sha256="ab" * 32, size=3, redacted=True),),
        spent=spent,
        settings=settings,
    )

    assert JudgedJob.from_json(json.loads(json.dumps(job.to_json()))) == job
