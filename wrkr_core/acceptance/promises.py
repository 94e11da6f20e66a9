"""What a job's own spec promises, named so that its outcome can be found in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from wrkr_core.canonical import digest

if TYPE_CHECKING:
    from wrkr_core.spec import JobSpec


def promises_digest(spec: JobSpec) -> str:
    """Return the digest over what the spec wants accepted: which files, and which checks."""
    return digest(
        {
            "acceptance": msgspec.to_builtins(spec.acceptance),
            "expected_artifacts": list(spec.expected_artifacts),
        }
    )
