"""What a custom check is given: the job it judges, and how that gets into the check's own process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import attrs
import msgspec

from wrkr_core.artifact import Artifact

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen(kw_only=True)
class JudgedJob:
    """The job that a custom check judges, and what the check was told.

    Attributes:
        job_id: Its id.
        status: Where it stands; a check may be asked about a job that is not completed.
        summary: What the job says it did.
        workspace: The folder where its files are; the check runs in it.
        artifacts: The newest record of every file of the job, by path.
        spent: What it spent, by meter: ``wall`` in microseconds, ``cost`` in micro-USD, else counts.
        settings: What stands under ``with``.

    """

    job_id: str
    status: str
    summary: str
    workspace: Path
    artifacts: tuple[Artifact, ...]
    spent: Mapping[str, int]
    settings: Mapping[str, Any]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            **{field.name: getattr(self, field.name) for field in attrs.fields(JudgedJob)},
            "workspace": str(self.workspace),
            "artifacts": [msgspec.to_builtins(each) for each in self.artifacts],
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` made JSON of."""
        values: dict[str, Any] = {
            **given,
            "workspace": Path(given["workspace"]),
            "artifacts": msgspec.convert(given["artifacts"], tuple[Artifact, ...]),
        }
        return cls(**values)
