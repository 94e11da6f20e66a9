"""The documents of a jobpack that say in short what its log says at length.

Each is exactly a function of the log, so whoever has the log can make them again and compare. That
is why their form never changes under one schema version: a new form is a new version, and the old
one stays readable. ``documents`` has the forms; here they are made while a log goes by.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from wrkr_core import events as e
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack import documents
from wrkr_core.jobpack.manifest import (
    ACCEPTANCE,
    APPROVALS,
    ARTIFACTS,
    CHECKPOINTS,
    JOB,
    SCHEMA_VERSION,
)
from wrkr_core.jobpack.shapes import check_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wrkr_core.artifact import Artifact
    from wrkr_core.job.state import JobState

    Sink = Callable[[bytes], object]

# Canonical for the reason given in ``codec``: ASCII keys, no floats, and data that is canonical
# already, which may be nested as deeply as a value can be and is not to be looked into again.
_encode: Final = msgspec.json.Encoder(order="sorted").encode


@attrs.frozen(kw_only=True)
class Room:
    """How many blobs and recorded paths a log may speak of at most."""

    blobs: float
    paths: float


SHORTEST_ROW: Final = 100
"""Bytes that a path takes in ``artifacts_manifest.json`` at least."""
WITHOUT_END: Final = Room(blobs=inf, paths=inf)


class Projections:
    """Makes the documents; hand ``take_in`` every event once, in order.

    Checkpoints and approvals leave through the sinks line by line and are not kept.

    Attributes:
        approvals_given: How many approvals there were.
        approvals_refused: How many refusals.
        blobs: Digests of the blobs the log refers to.

    """

    def __init__(
        self, job_id: str, *, checkpoints: Sink, approvals: Sink, room: Room = WITHOUT_END
    ) -> None:
        """Begin before the first event; each sink is handed whole lines with their newline.

        ``room`` is what a pack has for it; when a log speaks of more, ``take_in`` says so at once.
        """
        self._room = room
        self.approvals_given = 0
        self.approvals_refused = 0
        self.blobs: set[str] = set()
        self._job_id = job_id
        self._checkpoints = checkpoints
        self._approvals = approvals
        self._engine = ""
        self._artifacts: dict[str, tuple[Artifact, int]] = {}
        self._acceptance: dict[str, Any] | None = None
        self._projected: Mapping[type, Callable[[e.RecordedEvent, Any], None]] = {
            e.JobSubmitted: self._submitted,
            e.CheckpointRecorded: self._recorded,
            e.ApprovalGiven: self._answered,
            e.ApprovalRefused: self._answered,
            e.StepFinished: self._finished,
            e.ArtifactRecorded: self._kept,
            e.AcceptanceRecorded: self._accepted,
        }

    def take_in(self, recorded: e.RecordedEvent) -> None:
        """Project the next event.

        Raises:
            VerifyMalformedError: No document may hold it.
            VerifyHistoryError: There is no room for what it says.

        """
        project = self._projected.get(type(recorded.event))
        if project is not None:
            project(recorded, recorded.event)

    def _submitted(self, _recorded: e.RecordedEvent, event: e.JobSubmitted) -> None:
        self._engine = event.engine

    def _recorded(self, recorded: e.RecordedEvent, event: e.CheckpointRecorded) -> None:
        line = self._written(CHECKPOINTS, documents.checkpoint(recorded, event))
        self._checkpoints(line + b"\n")

    def _answered(
        self, recorded: e.RecordedEvent, event: e.ApprovalGiven | e.ApprovalRefused
    ) -> None:
        self.approvals_given += isinstance(event, e.ApprovalGiven)
        self.approvals_refused += isinstance(event, e.ApprovalRefused)
        line = self._written(APPROVALS, documents.approval(recorded, event))
        self._approvals(line + b"\n")

    def _finished(self, recorded: e.RecordedEvent, event: e.StepFinished) -> None:
        if event.result_blob is not None:
            self.blobs.add(event.result_blob)
            if len(self.blobs) > self._room.blobs:
                raise VerifyHistoryError("the log speaks of more blobs than the jobpack holds")
        for each in event.artifacts:
            self._keep(each, recorded.seq)

    def _kept(self, recorded: e.RecordedEvent, event: e.ArtifactRecorded) -> None:
        self._keep(event.artifact, recorded.seq)

    def _keep(self, artifact: Artifact, seq: int) -> None:
        self._artifacts[artifact.path] = (artifact, seq)
        if len(self._artifacts) > self._room.paths:
            raise VerifyHistoryError(f"the log speaks of more files than {ARTIFACTS} can name")

    def _accepted(self, recorded: e.RecordedEvent, event: e.AcceptanceRecorded) -> None:
        self._acceptance = documents.acceptance(recorded, event)

    def documents(self, state: JobState) -> dict[str, bytes]:
        """Return the other documents by name; ``state`` is what the whole log folds to.

        Raises: VerifyMalformedError: the schema of one forbids it.
        """
        artifacts = [self._artifacts[path] for path in sorted(self._artifacts)]
        found = {
            JOB: self._written(JOB, documents.job(state, self._engine)),
            ARTIFACTS: self._written(ARTIFACTS, documents.artifacts(artifacts)),
        }
        if self._acceptance is not None:
            found[ACCEPTANCE] = self._written(ACCEPTANCE, self._acceptance)
        return found

    def _written(self, name: str, fields: dict[str, Any]) -> bytes:
        data = _encode({**fields, "schema_version": SCHEMA_VERSION, "job_id": self._job_id})
        check_document(name, data)
        return data
