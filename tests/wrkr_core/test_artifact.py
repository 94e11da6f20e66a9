"""Artifacts are named by the digest of their content, and nothing else passes for one."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.artifact import Artifact

DIGEST = sha256(b"content").hexdigest()


def test_an_artifact_is_a_reference_unless_its_content_was_kept() -> None:
    artifact = Artifact(path="src/a.py", sha256=DIGEST, size=7)

    assert (artifact.capture, artifact.redacted) == ("reference", False)


@given(st.binary())
def test_every_digest_of_content_is_one(content: bytes) -> None:
    found = sha256(content).hexdigest()

    assert Artifact(path="a", sha256=found, size=len(content)).sha256 == found


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": ""},
        {"sha256": ""},
        {"sha256": DIGEST[:-1]},
        {"sha256": DIGEST + "0"},
        {"sha256": DIGEST.upper()},
        {"sha256": DIGEST[:-1] + "g"},
        {"sha256": DIGEST + "\n"},
        {"size": -1},
    ],
)
def test_what_cannot_be_a_file_by_its_content_is_refused(wrong: dict[str, object]) -> None:
    """Hard case 18."""
    given_fields = {"path": "a", "sha256": DIGEST, "size": 7, **wrong}

    with pytest.raises(ValueError, match=r"sha256|size|path|greater|must be|Length"):
        Artifact(**given_fields)  # type: ignore[arg-type]
