"""``wrkr checkpoint``: list, show, emit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.events import CheckpointRecorded
from wrkr_core.inspection import checkpoint_line
from wrkr_core.views import checkpoint_lines, checkpoint_view, clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_cli.session import Session
    from wrkr_core.events import RecordedEvent

EMITTED = ("plan", "progress", "decision-needed")


def _checkpoints(session: Session, job_id: str) -> Iterator[RecordedEvent]:
    for recorded in session.ledger.events(job_id):
        if isinstance(recorded.event, CheckpointRecorded):
            yield recorded


def _explain_list(session: Session, job_id: str) -> list[str]:
    return [f"list the checkpoints of {job_id} in {session.url}"]


@make(
    "checkpoint list",
    examples=["wrkr checkpoint list JOB"],
    explain=_explain_list,
)
@click.argument("job_id", metavar="JOB")
def list_(session: Session, job_id: str) -> None:
    """List the checkpoints of JOB, oldest first."""
    views = [checkpoint_view(job_id, each) for each in _checkpoints(session, job_id)]
    lines = [clipped(checkpoint_line(each)) for each in views]
    session.result(
        {"job_id": job_id, "checkpoints": views},
        lines or ["no checkpoints"],
        brief="\n".join(str(each["checkpoint_id"]) for each in views) or None,
    )


def _explain_show(session: Session, job_id: str, checkpoint: str) -> list[str]:
    return [f"show {checkpoint} of {job_id} in {session.url}"]


@make(
    "checkpoint show",
    examples=["wrkr checkpoint show JOB cp_7 --json"],
    explain=_explain_show,
)
@click.argument("job_id", metavar="JOB")
@click.argument("checkpoint")
def show(session: Session, job_id: str, checkpoint: str) -> None:
    """Show all of one CHECKPOINT: summary, budget, files, required action, its answer."""
    events = list(session.ledger.events(job_id))
    for recorded in events:
        event = recorded.event
        if isinstance(event, CheckpointRecorded) and event.checkpoint_id == checkpoint:
            view = checkpoint_view(job_id, recorded, events)
            session.result(view, checkpoint_lines(view), brief=plain(event.summary))
            return
    raise NotFoundError(
        f"job {job_id} has no checkpoint {checkpoint}",
        hint=f"wrkr checkpoint list {job_id}",
        job_id=job_id,
        checkpoint_id=checkpoint,
    )


def _explain_emit(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    kind: str,
    summary: str,
    added: tuple[str, ...],
    changed: tuple[str, ...],
    removed: tuple[str, ...],
    choice: tuple[str, ...],
    data: str | None,
    by: str | None,
) -> list[str]:
    del added, changed, removed, data, choice, by
    effect = "; the job then waits for an answer" if kind == "decision-needed" else ""
    return [f"record a {kind} checkpoint of {job_id} in {session.url}: {plain(summary)}{effect}"]


@make(
    "checkpoint emit",
    examples=[
        "wrkr checkpoint emit JOB progress '12 of 40 files done' --added src/a.py",
        "wrkr checkpoint emit JOB decision-needed 'Drop the old table?'",
    ],
    explain=_explain_emit,
)
@click.argument("job_id", metavar="JOB", envvar="WRKR_JOB_ID")
@click.argument("kind", type=click.Choice(EMITTED))
@click.argument("summary")
@click.option("--added", multiple=True, metavar="PATH", help="A file that came.")
@click.option("--changed", multiple=True, metavar="PATH", help="A file that changed.")
@click.option("--removed", multiple=True, metavar="PATH", help="A file that went.")
@click.option("--choice", multiple=True, help="A choice of a decision.")
@click.option("--data", metavar="JSON", help="Anything else, as JSON.")
@click.option("--by", metavar="NAME", help="Who says so [the system's user].")
def emit(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    kind: str,
    summary: str,
    added: tuple[str, ...],
    changed: tuple[str, ...],
    removed: tuple[str, ...],
    choice: tuple[str, ...],
    data: str | None,
    by: str | None,
) -> None:
    """Record that JOB has come so far, from outside its worker, for instance from its command.

    'decision-needed' opens a decision: the job waits for it at its next step boundary.
    """
    if choice and kind != "decision-needed":
        raise InvalidInputError("--choice goes with decision-needed")
    if kind == "decision-needed" and (added or changed or removed):
        raise InvalidInputError("files go with plan and progress, not with a decision")
    found = session.ledger.emit(
        job_id,
        kind,
        summary,
        by=by,
        artifacts=ArtifactChanges(added=added, changed=changed, removed=removed),
        choices=choice,
        data=_json(data),
    )
    session.result(
        {"job_id": job_id, "checkpoint_id": found, "kind": kind},
        [f"recorded {found} ({kind}) of {job_id}"],
        brief=found,
    )


def _json(text: str | None) -> object:
    from wrkr_core.canonical import dumps, loads

    if text is None:
        return None
    try:
        value = loads(text.encode())
        dumps(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"--data is not JSON: {error.message}") from error
    return value


command = group("checkpoint", "List, show and record checkpoints.", [list_, show, emit])
