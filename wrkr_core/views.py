"""What people and scripts are shown of a job: plain JSON values, and lines of text made from them.

Pure: everything is computed from states and events; nothing here reads a store or a clock. Keys are a
contract (``docs/contracts/output.md``): more may come, these stay. Instants are RFC 3339 text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from wrkr_core import codec
from wrkr_core import events as e
from wrkr_core.budget import amount_text, overrun_text, spent_text
from wrkr_core.instants import about_text, to_text
from wrkr_core.job.step_text import step_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wrkr_core.approval import Decision
    from wrkr_core.job.state import JobState
    from wrkr_core.lease import Heartbeat

View = dict[str, Any]

_PAYLOADS: Final = {
    "sealed": "sealed under the job's own key; `wrkr job erase` removes it",
    "erased": "erased: the key they were sealed under was removed",
}
WIDTH: Final = 79  # an 80-column terminal wraps at the 80th character


def status_view(state: JobState, *, heartbeat: Heartbeat | None = None, now: int = 0) -> View:
    """Return ``wrkr.status_response``: where the job stands.

    ``heartbeat`` is the newest one, with which ``lease`` says until when it lasts; ``now`` is the
    instant against which a sleep or a lease is over.
    """
    view: View = {
        "schema_id": "wrkr.status_response",
        "schema_version": "v1",
        "job_id": state.job_id,
        "name": state.name,
        "status": state.status,
        "summary": state.summary,
        "reason_codes": list(state.reason_codes),
        "budget": budget_view(state),
        "open_decisions": [decision_view(each) for each in state.decisions],
        "steps": _steps_view(state),
        "head": {"seq": state.seq, "hash": state.hash},
        "submitted": {"at": to_text(state.submitted_at), "by": state.submitted_by},
        "updated_at": to_text(state.at),
    }
    if state.lease is not None:
        view["lease"] = _lease_view(state, heartbeat, now)
    if state.wake_at is not None:
        view["wake_at"] = to_text(state.wake_at)
    if state.forked_from is not None:
        view["forked_from"] = {"job_id": state.forked_from.job, "seq": state.forked_from.seq}
    if state.payloads is not msgspec.UNSET:
        view["payloads"] = state.payloads
    if state.unknown:
        view["unknown_events"] = list(state.unknown)
    return view


def _steps_view(state: JobState) -> View:
    view: View = {
        "done": state.steps.done,
        "failed_attempts": state.steps.failed_attempts,
        "open": [step_text(each.step) for each in state.open_steps],
    }
    if state.steps.total is not None:
        view["total"] = state.steps.total
    return view


def _lease_view(state: JobState, heartbeat: Heartbeat | None, now: int) -> View:
    lease = state.lease
    if lease is None:
        return {}
    beat = heartbeat if heartbeat is not None and heartbeat.epoch == lease.epoch else None
    expires_at = beat.expires_at if beat is not None else lease.taken_at + lease.ttl
    return {
        "worker": lease.worker,
        "epoch": lease.epoch,
        "expires_at": to_text(expires_at),
        "lapsed": now >= expires_at,
        "heartbeats": beat.beats if beat is not None else 0,
    }


def budget_view(state: JobState) -> View:
    """Return per meter what was spent, what is reserved and the limit (None without one)."""
    limits, spent = state.limit_by_meter(), state.spent_by_meter()
    reserved = state.reserved_by_meter()
    return {
        meter: {
            "spent": spent.get(meter, 0),
            "reserved": reserved.get(meter, 0),
            "limit": limits.get(meter),
            "text": amount_text(meter, spent.get(meter, 0)),
        }
        for meter in sorted({*limits, *spent, *reserved})
    }


def decision_view(decision: Decision) -> View:
    """Return an open decision: what is asked, and what an approval is bound to."""
    return {
        "checkpoint_id": decision.checkpoint_id,
        "question": decision.question,
        "choices": list(decision.choices),
        "kind": decision.kind,
        "subject": decision.subject,
        "opened_at": to_text(decision.opened_at),
    }


def status_lines(view: View) -> list[str]:
    """Return ``status_view`` as lines for people."""
    lines = [f"{view['job_id']}  {view['status']}", *_wrapped("summary", str(view["summary"]))]
    if view["reason_codes"]:
        lines.append(_row("reasons", " ".join(view["reason_codes"])))
    lease = view.get("lease")
    if lease:
        verb = "lapsed" if lease["lapsed"] else "lasts until"
        lines.append(
            _row(
                "lease", f"{lease['worker']}, epoch {lease['epoch']}, {verb} {lease['expires_at']}"
            )
        )
    if "wake_at" in view:
        lines.append(_row("asleep", f"until {view['wake_at']}"))
    steps = view["steps"]
    total = f" of {steps['total']}" if "total" in steps else ""
    failed = f", {steps['failed_attempts']} failed attempts" if steps["failed_attempts"] else ""
    under_way = f", under way: {', '.join(steps['open'])}" if steps["open"] else ""
    lines.append(_row("steps", f"{steps['done']}{total} done{failed}{under_way}"))
    for meter, use in view["budget"].items():
        limit = f" of {amount_text(meter, use['limit'])}" if use["limit"] is not None else ""
        lines.append(_row("budget", f"{meter} {spent_text(meter, use['spent'])}{limit}"))
    for decision in view["open_decisions"]:
        choices = f" ({' or '.join(decision['choices'])})" if decision["choices"] else ""
        lines += _wrapped(decision["checkpoint_id"], f"{decision['question']}{choices}")
    if view.get("payloads"):
        lines.append(_row("payloads", _PAYLOADS[view["payloads"]]))
    if view.get("unknown_events"):
        lines.append(_row("unknown", ", ".join(view["unknown_events"])))
    lines.append(_row("head", f"record {view['head']['seq']}, {view['head']['hash'][:16]}…"))
    return lines


def _row(label: str, text: str) -> str:
    return clipped(f"  {label:<12} {plain(text)}")


def plain(text: str) -> str:
    """Return ``text`` on one line, white space as single blanks, ``?`` for what cannot be printed.

    Summaries, names and messages come from other programs; one of them may hold what moves the
    cursor of a terminal or hides what stands before it.
    """
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))


def clipped(line: str) -> str:
    """Return ``line`` if it fits the width, or as much of it as does and ``…``."""
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _wrapped(label: str, text: str) -> list[str]:
    """Return a labelled text, broken between words so that it fits the width."""
    from textwrap import wrap

    parts = wrap(plain(text), WIDTH - 15) or [""]
    return [_row(label, parts[0]), *(_row("", part) for part in parts[1:])]


def job_row(state: JobState) -> View:
    """Return a job as one item of a list."""
    return {
        "job_id": state.job_id,
        "name": state.name,
        "status": state.status,
        "summary": state.summary,
        "reason_codes": list(state.reason_codes),
        "updated_at": to_text(state.at),
        "seq": state.seq,
    }


def event_view(job_id: str, recorded: e.RecordedEvent) -> View:
    """Return an event as ``wrkr log --json`` prints it: the log line's content, instant as text."""
    wire_type, payload = codec.encode(recorded.event)
    return {
        "job_id": job_id,
        "seq": recorded.seq,
        "at": to_text(recorded.at),
        "by": recorded.by,
        "id": recorded.id,
        "hash": recorded.hash,
        "type": wire_type,
        "payload": msgspec.json.decode(payload),
    }


def event_line(recorded: e.RecordedEvent) -> str:
    """Return an event as one line: seq, time of day, type and what it says, at most 79 characters."""
    name = codec.encode(recorded.event)[0].partition("/")[0]
    at = to_text(recorded.at)[11:19]
    return clipped(f"{recorded.seq:>5}  {at}  {plain(name):<21} {plain(_said(recorded))}".rstrip())


def _said(recorded: e.RecordedEvent) -> str:  # noqa: C901, PLR0911, PLR0912  # one line per event type
    """Return what is particular about an event."""
    event = recorded.event
    match event:
        case e.JobSubmitted():
            return f"{event.spec.name}: {event.spec.objective or 'no objective'} by {recorded.by}"
        case e.LeaseTaken(took_over=None):
            return f"{event.worker}, epoch {event.epoch}"
        case e.LeaseTaken():
            return f"{event.worker}, epoch {event.epoch}, {event.took_over}: {event.took_over_from}"
        case e.LeaseReleased():
            beats = "1 heartbeat" if event.heartbeats == 1 else f"{event.heartbeats} heartbeats"
            return f"{event.worker}, {event.reason}, {beats}"
        case e.StepStarted():
            gate = f", allowed by {event.approval}" if event.approval else ""
            return f"{step_text(event.step)} attempt {event.attempt}{gate}"
        case e.StepFinished():
            return f"{step_text(event.step)} attempt {event.attempt}{_took(event.usage)}"
        case e.StepFailed():
            return f"{step_text(event.step)} attempt {event.attempt}: {event.code} {event.message}"
        case e.Charged():
            return _amounts(event.amounts)
        case e.BudgetReserved():
            return _amounts(event.reservation.amounts)
        case e.BudgetSettled():
            return _amounts(event.amounts)
        case e.BudgetExceeded():
            return overrun_text(event.meters)
        case e.BudgetRaised():
            return f"{_amounts(event.limits)} by {recorded.by}: {event.reason}"
        case e.CheckpointRecorded():
            return f"{event.checkpoint_id} {event.kind}: {event.summary}"
        case e.ApprovalGiven() | e.ApprovalRefused():
            chosen = f", {event.choice}" if event.choice else ""
            return f"{event.checkpoint_id} by {recorded.by}{chosen}: {event.reason}"
        case (
            e.JobPaused()
            | e.JobResumed()
            | e.JobCanceled()
            | e.EnvironmentAccepted()
            | e.PayloadsErased()
        ):
            return f"by {recorded.by}: {event.reason}"
        case e.JobBlocked() | e.JobCompleted():
            return event.summary
        case e.ArtifactRecorded():
            return (
                f"{event.artifact.path} {event.artifact.sha256[:12]}… {event.artifact.size} bytes"
            )
        case e.AcceptanceRecorded():
            return f"{event.passed} of {event.checks_run} checks passed"
        case e.TimerSet():
            return f"until {to_text(event.wake_at)}"
        case e.EnvironmentCaptured():
            return " ".join(f"{each.rule}={each.value}" for each in event.fingerprint.observations)
        case _:
            return "an event of another release"


def _amounts(amounts: Iterable[Any]) -> str:
    return ", ".join(f"{each.meter} {amount_text(each.meter, each.amount)}" for each in amounts)


def _took(usage: Iterable[Any]) -> str:
    return "".join(f", {about_text(each.amount)}" for each in usage if each.meter == "wall")


def checkpoint_view(
    job_id: str, recorded: e.RecordedEvent, events: Sequence[e.RecordedEvent] = ()
) -> View:
    """Return a checkpoint; with the job's ``events``, also the answer it got."""
    event = recorded.event
    if not isinstance(event, e.CheckpointRecorded):
        raise TypeError(f"record {recorded.seq} is no checkpoint")
    view: View = {
        "job_id": job_id,
        "checkpoint_id": event.checkpoint_id,
        "kind": event.kind,
        "summary": event.summary,
        "at": to_text(recorded.at),
        "by": recorded.by,
        "hash": recorded.hash,
        "budget": {each.meter: each.amount for each in event.budget},
        "artifacts": {
            "added": list(event.artifacts.added),
            "changed": list(event.artifacts.changed),
            "removed": list(event.artifacts.removed),
        },
        "reason_codes": list(event.reason_codes),
        "data": msgspec.json.decode(event.data),
    }
    if event.required_action is not None:
        action = event.required_action
        view["required_action"] = {**msgspec.to_builtins(action), "choices": list(action.choices)}
    for later in events:
        answer = later.event
        if isinstance(answer, e.ApprovalGiven | e.ApprovalRefused) and (
            answer.checkpoint_id == event.checkpoint_id
        ):
            view["answer"] = {
                "approved": isinstance(answer, e.ApprovalGiven),
                "by": later.by,
                "at": to_text(later.at),
                "reason": answer.reason,
                "choice": answer.choice,
                "assurance": "asserted" if answer.signature == e.NULL else "signed",
            }
    return view


def checkpoint_lines(view: View) -> list[str]:
    """Return ``checkpoint_view`` as lines for people."""
    lines = [clipped(plain(f"{view['checkpoint_id']} {view['kind']} {view['at']} by {view['by']}"))]
    lines += _wrapped("summary", view["summary"])
    for verb, paths in view["artifacts"].items():
        lines += [_row(verb, path) for path in paths]
    for meter, amount in view["budget"].items():
        lines.append(_row(meter, spent_text(meter, amount)))
    if view["reason_codes"]:
        lines.append(_row("reasons", " ".join(view["reason_codes"])))
    action = view.get("required_action")
    if action:
        lines += _wrapped("action", action["instructions"])
        if action["choices"]:
            lines.append(_row("choices", " or ".join(action["choices"])))
    answer = view.get("answer")
    if answer:
        verb = "approved" if answer["approved"] else "refused"
        chosen = f", {answer['choice']}" if answer["choice"] else ""
        lines += _wrapped("answer", f"{verb} by {answer['by']}{chosen}: {answer['reason']}")
    if view["data"] is not None:
        lines += _wrapped("data", msgspec.json.encode(view["data"]).decode())
    return lines
