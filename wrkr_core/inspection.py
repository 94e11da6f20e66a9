"""The whole of a job on one page: what was asked, done, spent and decided."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core import events as e
from wrkr_core.errors import NotFoundError
from wrkr_core.instants import about_text
from wrkr_core.job.fold import Folding
from wrkr_core.job.replay import identity
from wrkr_core.job.step_text import step_text
from wrkr_core.redaction.mask import count_markers, counted
from wrkr_core.spec import spec_bytes
from wrkr_core.views import View, checkpoint_view, clipped, plain, status_lines, status_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wrkr_core.spec import JobSpec

_encode: Final = msgspec.json.Encoder().encode


def inspection(
    job_id: str,
    spec: JobSpec,
    events: Iterable[e.RecordedEvent],
    blob: Callable[[str], bytes] | None = None,
) -> View:
    """Return spec, status, steps, checkpoints, decisions and artifacts of a job, from all its events.

    ``blob`` returns a result too large for the log, by its digest; without it what was masked is
    counted in the records alone.

    Raises: NotFoundError: there are no events.
    """
    known = list(events)
    state = Folding(job_id).add(known)
    if state is None:
        raise NotFoundError(f"there is no job {job_id}", job_id=job_id)
    answers = [
        each for each in known if isinstance(each.event, e.ApprovalGiven | e.ApprovalRefused)
    ]
    return {
        "job_id": job_id,
        "spec": msgspec.json.decode(spec_bytes(spec)),
        "status": status_view(state),
        "steps": _steps(known),
        "checkpoints": [
            checkpoint_view(job_id, each, answers)
            for each in known
            if isinstance(each.event, e.CheckpointRecorded)
        ],
        "artifacts": _artifacts(known),
        "leases": sum(isinstance(each.event, e.LeaseTaken) for each in known),
        "takeovers": [
            {"seq": each.seq, "because": each.event.took_over, "from": each.event.took_over_from}
            for each in known
            if isinstance(each.event, e.LeaseTaken) and each.event.took_over is not None
        ],
        "redacted": _redacted(known, blob),
    }


def _redacted(
    events: Iterable[e.RecordedEvent], blob: Callable[[str], bytes] | None
) -> dict[str, int]:
    """Return how many secrets were masked in what is recorded, by rule."""
    counts: Counter[str] = Counter()
    for recorded in events:
        event = recorded.event
        counts += count_markers(_encode(event))
        if blob is not None and isinstance(event, e.StepFinished) and event.result_blob is not None:
            counts += count_markers(blob(event.result_blob))
    return counted(counts)


def _steps(events: Iterable[e.RecordedEvent]) -> list[View]:
    """Return each step once, in the order they began, with how it ended."""
    steps: dict[tuple[str, str | int], View] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, e.StepStarted):
            row = steps.setdefault(
                identity(event.step), {"step": step_text(event.step), "first_seq": recorded.seq}
            )
            row |= {"attempts": event.attempt, "outcome": "open", "approval": event.approval}
        elif isinstance(event, e.StepFinished | e.StepFailed):
            row = steps[identity(event.step)]
            row["wall"] = row.get("wall", 0) + sum(
                each.amount for each in event.usage if each.meter == "wall"
            )
            row["last_seq"] = recorded.seq
            row["outcome"] = "finished" if isinstance(event, e.StepFinished) else "failed"
            if isinstance(event, e.StepFailed):
                row["error"] = {"code": event.code, "message": event.message}
            else:
                row.pop("error", None)
    return list(steps.values())


def _artifacts(events: Iterable[e.RecordedEvent]) -> list[View]:
    """Return every recorded file as it was last recorded, by path."""
    found: dict[str, View] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, e.StepFinished):
            for each in event.artifacts:
                found[each.path] = msgspec.to_builtins(each)
        elif isinstance(event, e.ArtifactRecorded):
            found[event.artifact.path] = msgspec.to_builtins(event.artifact)
    return [found[path] for path in sorted(found)]


def inspection_lines(view: View) -> list[str]:
    """Return ``inspection`` as lines for people."""
    lines = status_lines(view["status"])
    asked = plain(view["spec"]["objective"] or view["spec"]["name"])
    lines += ["", "asked", f"  {asked}", "", "steps"]
    for step in view["steps"]:
        tries = f", {step['attempts']} attempts" if step["attempts"] > 1 else ""
        took = f", {about_text(step['wall'])}" if "wall" in step else ""
        gate = f", allowed by {step['approval']}" if step["approval"] else ""
        lines.append(f"  {plain(step['step']):<24} {step['outcome']}{tries}{took}{plain(gate)}")
    lines += ["", "checkpoints"]
    for each in view["checkpoints"]:
        lines.append(clipped(f"  {checkpoint_line(each)}"))
        if "answer" in each:
            verb = "approved" if each["answer"]["approved"] else "refused"
            said = plain(f"{verb} by {each['answer']['by']}: {each['answer']['reason']}")
            lines.append(clipped(f"  {'':<8} {said}"))
    if view["artifacts"]:
        lines += ["", "artifacts"]
        lines += [f"  {each['sha256'][:16]}…  {plain(each['path'])}" for each in view["artifacts"]]
    if view["redacted"]:
        lines += ["", "secrets masked"]
        lines += [f"  {count:>6}  {rule}" for rule, count in view["redacted"].items()]
    for each in view["takeovers"]:
        said = plain(f"{each['from']}: {each['because']}")
        lines.append(f"  taken over at record {each['seq']} from {said}")
    return lines


def checkpoint_line(view: View) -> str:
    """Return ``checkpoint_view`` as one line of a list."""
    return f"{plain(view['checkpoint_id']):<8} {plain(view['kind']):<16} {plain(view['summary'])}"
