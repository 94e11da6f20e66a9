"""The digest of a spec's promises names them, and nothing else of the spec."""

from __future__ import annotations

from wrkr_core.acceptance.promises import promises_digest
from wrkr_core.spec import Check, Command, JobSpec


def test_the_digest_tells_which_promises_were_checked() -> None:
    plain = JobSpec(name="j", expected_artifacts=["a"])
    check = Check(name="c", command=Command(argv=("true",)))

    assert promises_digest(plain) == promises_digest(
        JobSpec(name="other", expected_artifacts=["a"])
    )
    assert promises_digest(plain) != promises_digest(JobSpec(name="j", expected_artifacts=["b"]))
    assert promises_digest(plain) != promises_digest(
        JobSpec(name="j", expected_artifacts=["a"], acceptance=[check])
    )
