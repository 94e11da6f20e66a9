"""A checkpoint that waits for a person, as an item for the tracker where people look for work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from wrkr_core import events as e
from wrkr_core.budget import amount_text
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.ids import check_checkpoint_id
from wrkr_core.report.escaping import in_markdown, in_wiki, json_text, one_line
from wrkr_core.views import checkpoint_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wrkr_core.job.state import JobState
    from wrkr_core.views import View

Template = Literal["github", "jira"]
TEMPLATES: Final[tuple[Template, ...]] = ("github", "jira")
KINDS: Final = ("decision-needed", "blocked")
"""The kinds of checkpoint that somebody has to do something about."""

LONGEST_TITLE: Final = 250
"""Characters; both trackers refuse more than about that."""

_LONGEST_DATA: Final = 4000


def work_item(
    state: JobState,
    events: Sequence[e.RecordedEvent],
    checkpoint_id: str,
    *,
    template: Template = "github",
) -> View:
    """Return ``wrkr.work_item``: title, body and labels, and what of which job they are about.

    ``state`` is what ``events``, all of the job's, fold to. ``is_open`` tells whether it still waits.
    ``body`` is in the markup of the tracker, ``markdown`` or ``jira``; what the job says is text in it.

    Raises:
        InvalidInputError: Not a checkpoint id, or of a checkpoint that waits for nobody.
        NotFoundError: The job has no such checkpoint.

    """
    view = checkpoint_view(state.job_id, _asked(state, events, checkpoint_id), events)
    escape, markup = (in_markdown, "markdown") if template == "github" else (in_wiki, "jira")
    return {
        "schema_id": "wrkr.work_item",
        "schema_version": "v1",
        "template": template,
        "job_id": state.job_id,
        "checkpoint_id": checkpoint_id,
        "kind": view["kind"],
        "shown": view["hash"],
        "is_open": _is_open(state, events, view),
        "title": one_line(f"[{state.name}] {view['summary']}", LONGEST_TITLE),
        "labels": ["wrkr", f"wrkr-{view['kind']}"],
        "markup": markup,
        "body": "\n".join([*_body(state, view, escape), *_commands(state, view, markup)]) + "\n",
    }


def work_item_text(item: View) -> str:
    """Return ``work_item`` as one document: title, labels, body."""
    title = in_markdown(item["title"]) if item["markup"] == "markdown" else in_wiki(item["title"])
    head = "# " if item["markup"] == "markdown" else "h1. "
    return f"{head}{title}\n\nlabels: {', '.join(item['labels'])}\n\n{item['body']}"


def _asked(
    state: JobState, events: Sequence[e.RecordedEvent], checkpoint_id: str
) -> e.RecordedEvent:
    check_checkpoint_id(checkpoint_id)
    for each in events:
        event = each.event
        if isinstance(event, e.CheckpointRecorded) and event.checkpoint_id == checkpoint_id:
            if event.kind in KINDS:
                return each
            raise InvalidInputError(
                f"{checkpoint_id} of job {state.job_id} is a {event.kind} checkpoint, for which "
                "nobody has to do anything",
                hint=f"name one of kind {' or '.join(KINDS)}: wrkr checkpoint list {state.job_id}",
                kind=event.kind,
            )
    raise NotFoundError(
        f"job {state.job_id} has no checkpoint {checkpoint_id}",
        hint=f"wrkr checkpoint list {state.job_id}",
        job_id=state.job_id,
        checkpoint_id=checkpoint_id,
    )


def _is_open(state: JobState, events: Sequence[e.RecordedEvent], view: View) -> bool:
    """Tell whether a decision has no answer yet, or what blocked the job still does."""
    if view["kind"] == "decision-needed":
        return state.decision(view["checkpoint_id"]) is not None
    newest = max(
        (each.seq, each.event.checkpoint_id)
        for each in events
        if isinstance(each.event, e.CheckpointRecorded) and each.event.kind == "blocked"
    )
    is_blocked = state.status in {"blocked_budget", "blocked_error"}
    return is_blocked and newest[1] == view["checkpoint_id"]


def _body(state: JobState, view: View, escape: Callable[[str], str]) -> list[str]:
    asked = f"{view['checkpoint_id']}, {view['kind']}, {view['at']}, by {escape(view['by'])}"
    said = [
        ("Job", f"{escape(state.job_id)}, {state.status}"),
        ("Asked", escape(state.objective or state.name)),
        ("Checkpoint", asked),
        ("Shown as", view["hash"]),
        *_details(view, escape),
    ]
    return [escape(view["summary"]), "", *(f"* {name}: {text}" for name, text in said if text), ""]


def _details(view: View, escape: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    action: Any = view.get("required_action") or {"instructions": view["summary"], "choices": []}
    if action["instructions"] != view["summary"]:
        yield "To do", escape(action["instructions"])
    yield "Choices", escape(", ".join(action["choices"]))
    yield "Reasons", escape(", ".join(view["reason_codes"]))
    for verb, paths in view["artifacts"].items():
        yield f"Files {verb}", escape(", ".join(paths))
    spent = [f"{meter} {amount_text(meter, amount)}" for meter, amount in view["budget"].items()]
    yield "Spent by then", escape(", ".join(spent))
    if view["data"] is not None:
        yield "Data", escape(json_text(view["data"], _LONGEST_DATA))
    if "answer" in view:
        yield "Answer", _answer(view["answer"], escape)


def _answer(answer: View, escape: Callable[[str], str]) -> str:
    verb = "approved" if answer["approved"] else "refused"
    chosen = f", choosing {escape(answer['choice'])}" if answer["choice"] else ""
    return f"{verb} by {escape(answer['by'])}, {answer['at']}{chosen}: {escape(answer['reason'])}"


def _commands(state: JobState, view: View, markup: str) -> list[str]:
    """Return the commands that answer it, set as code; they hold nothing that the job says."""
    job, name = state.job_id, view["checkpoint_id"]
    action: Any = view.get("required_action") or {}
    if view["kind"] == "decision-needed":
        choice = " --choice CHOICE" if action.get("choices") else ""
        commands = [
            f"wrkr checkpoint show {job} {name}",
            f'wrkr approve {job} {name}{choice} --reason "..."',
            f'wrkr reject {job} {name} --reason "..."',
        ]
    elif "E_BUDGET_EXCEEDED" in view["reason_codes"]:
        commands = [
            f"wrkr budget show {job}",
            f'wrkr budget raise {job} --METER LIMIT --reason "..."',
        ]
    else:
        commands = [f"wrkr job inspect {job}", f"wrkr resume {job}"]
    begin, end = ("```console", "```") if markup == "markdown" else ("{noformat}", "{noformat}")
    return [begin, *commands, end]
