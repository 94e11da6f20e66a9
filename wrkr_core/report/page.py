"""A report as one page of HTML that opens from disk, without network, on any device.

Nothing in it is loaded, run or clicked: no script, no link, no picture but its own drawings, and a
policy that forbids the browser all of that. Whatever comes from the job is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.budget import spent_text
from wrkr_core.instants import about_text, to_text
from wrkr_core.report.chart import chart
from wrkr_core.report.contents import is_early
from wrkr_core.report.escaping import in_html, json_text, one_line
from wrkr_core.report.reading import when
from wrkr_core.report.style import STYLE, policy
from wrkr_core.report.timeline import burn_down, timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wrkr_core.report.contents import Subject
    from wrkr_core.report.timeline import Moment
    from wrkr_core.views import View

_ROWS: Final = 1000
"""How many rows of a list are shown; of the timeline, so many first and so many last."""
_LONGEST: Final = 20_000  # characters of a decision's data; the JSON has them all

_GOOD: Final = frozenset({"completed", "finished", "passed", "approved"})
_BAD: Final = frozenset({"blocked_error", "blocked_budget", "canceled", "failed", "refused"})


def page(view: View, subject: Subject) -> str:
    """Return ``contents.report`` of ``subject``, with timeline and burn-down, as one page of HTML."""
    title = in_html(f"{view['job_id']} is {view['status']}")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy()}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            *_head(view),
            *_verification(view),
            *_section("Decisions", [_decision(each) for each in view["decisions"]]),
            *_acceptance(view["acceptance"]),
            *_section("Steps", [_step(each) for each in view["steps"]]),
            *_budget(view, subject),
            "<h2>Artifacts</h2>",
            *_list_of([_artifact(each) for each in view["artifacts"]], ' class="files"'),
            *_redacted(view["redacted"]),
            *_timeline(timeline(subject.events)),
            *_checks(view["verification"]),
            "</body>",
            "</html>",
            "",
        ]
    )


def _head(view: View) -> list[str]:
    asked, origin = view["asked"], view["asked"]["forked_from"]
    fork = f", a fork of {_code(origin['job_id'])} at record {origin['seq']}" if origin else ""
    reasons = "".join(f" {_code(each)}" for each in view["reason_codes"])
    return [
        f"<h1>{in_html(view['job_id'])}</h1>",
        f"<p>{_verdict(view['status'], 'status ')}{_open_ends(view)}{reasons}</p>",
        "<h2>Asked</h2>",
        _text(asked["objective"] or view["name"]),
        _dim(f"by {in_html(asked['by'])}, {when(asked['at'])}{fork}"),
        "<h2>Result</h2>",
        _text(view["summary"] or "none said"),
        _dim(when(view["updated_at"])),
    ]


def _open_ends(view: View) -> str:
    """Return what a reviewer must not overlook, beside the status."""
    acceptance = view["acceptance"]
    waiting = sum(each["is_open"] for each in view["decisions"])
    said: list[tuple[str, str]] = []
    if acceptance is not None:
        accepted = acceptance["is_accepted"]
        said.append(("good", "accepted") if accepted else ("bad", "not accepted"))
    if waiting:
        said.append(("bad", f"{waiting} decision{'s' if waiting > 1 else ''} open"))
    return "".join(f' <span class="status {kind}">{text}</span>' for kind, text in said)


def _verification(view: View) -> list[str]:
    found = view["verification"]
    where = "in its store" if found["format"] == "store" else f"format {found['format']}"
    by = f" by {_list(found['signed_by'])}" if found["signed_by"] else ""
    signatures = [
        f"<li>{in_html(each['entry'])}: "
        f"{in_html('signed by ' + each['identity'] if each['counts'] else each['why'])}</li>"
        for each in found["signatures"]
    ]
    void = [
        f'<li class="bad">approval {in_html(each)}</li>' for each in found["answers"]["objections"]
    ]
    return [
        "<h2>Verification</h2>",
        (
            f'<p><span class="good">integrity {found["integrity"]}</span>, {found["assurance"]}{by}, '
            f"{found['events']} events, {where}</p>"
        ),
        f'<p class="receipt">{in_html(view["receipt"])}</p>',
        *([] if not signatures + void else _list_of([*signatures, *void])),
    ]


def _checks(found: View) -> list[str]:
    checks = [
        f"<li>{in_html(each['stage'])}: {in_html(each['said'])}</li>" for each in found["checks"]
    ]
    return ["<h2>How it was verified</h2>", '<ul class="checks">', *checks, "</ul>"]


def _decision(decision: View) -> str:
    choices = f" ({_list(decision['choices'])})" if decision["choices"] else ""
    used = ", ".join(
        f"{in_html(meter)} {text}" for meter, text in decision["spent_by_then"].items()
    )
    by_then = f"; by then spent: {used}" if used else ""
    shown = [f"{verb} {path}" for verb, paths in decision["files"].items() for path in paths]
    if decision["data"] is not None:
        shown.append(json_text(decision["data"], _LONGEST))
    allowed = f"it allowed {_list(decision['allowed'])}" if decision["allowed"] else ""
    return _item(
        f"{_code(decision['checkpoint_id'])} {in_html(decision['question'])}{choices}",
        *_answer(decision),
        _dim(f"shown {when(decision['asked_at'])} as {_code(decision['shown'])}{by_then}"),
        *(_text(each) for each in shown),
        _dim(allowed) if allowed else "",
    )


def _answer(decision: View) -> list[str]:
    answer = decision["answer"]
    if answer is None:
        said = "waits for an answer" if decision["is_open"] else "never answered"
        return [f'<p class="bad">{said}</p>']
    chosen = f", choosing {in_html(answer['choice'])}" if answer["choice"] else ""
    until = f", good until {when(answer['expires_at'])}" if answer["expires_at"] else ""
    verdict = _verdict("approved" if answer["approved"] else "refused")
    return [
        (
            f"<p>{verdict} by {in_html(answer['by'])} ({in_html(_worth(answer))}){chosen}: "
            f'<span class="text">{in_html(answer["reason"])}</span></p>'
        ),
        _dim(f"{when(answer['at'])}{until}"),
    ]


def _worth(answer: View) -> str:
    if answer["signed_by"]:
        return f"signed by {answer['signed_by']}"
    if answer["objection"]:
        return f"signature void: {answer['objection']}"
    return "signed by an unknown key" if answer["assurance"] == "unknown key" else "asserted"


def _acceptance(acceptance: View | None) -> list[str]:
    if acceptance is None:
        return ["<h2>Acceptance</h2>", _dim("never ran")]
    failures = [
        _item(f"{in_html(each['check'])} {_code(each['code'])}", _text(each["message"]))
        for each in acceptance["failures"]
    ]
    verdict = _verdict("passed" if acceptance["has_passed"] else "failed")
    return [
        "<h2>Acceptance</h2>",
        (
            f"<p>{verdict}, {acceptance['passed']} of {acceptance['checks_run']} checks, "
            f"by {in_html(acceptance['by'])}, {when(acceptance['at'])}</p>"
        ),
        _text("the job is not completed, so it is not accepted") if is_early(acceptance) else "",
        *_list_of(failures),
    ]


def _step(step: View) -> str:
    tries = f", {step['attempts']} attempts" if step["attempts"] > 1 else ""
    took = f", {about_text(step['wall'])}" if "wall" in step else ""
    gate = f", allowed by {_code(step['approval'])}" if step["approval"] else ""
    error = step.get("error")
    return _item(
        f"{in_html(step['step'])}: {_verdict(step['outcome'])}{tries}{took}{gate}",
        _text(f"{error['code']} {error['message']}") if error else "",
    )


def _budget(view: View, subject: Subject) -> list[str]:
    events = subject.events
    drawn = burn_down(view["job_id"], events)
    meters = [
        _item(
            f"{in_html(meter)} {spent_text(meter, row['spent'])} of {row['limit_text'] or 'no limit'}",
            chart(meter, drawn[meter], events[0].at, events[-1].at) if meter in drawn else "",
        )
        for meter, row in view["budget"].items()
    ]
    raised = [
        _item(
            f"raised by {in_html(each['by'])} to "
            + ", ".join(f"{in_html(meter)} {text}" for meter, text in each["limits"].items()),
            _text(each["reason"]),
            _dim(when(each["at"])),
        )
        for each in view["raises"]
    ]
    began, ended = (when(to_text(each.at)) for each in (events[0], events[-1]))
    span = f"what was left, from {began} to {ended}"
    return _section("Budget", [*meters, *raised], _dim(span) if drawn else "")


def _artifact(artifact: View) -> str:
    kept = ", its content is kept" if artifact["capture"] == "content" else ""
    masked = ", secrets masked" if artifact["redacted"] else ""
    return _item(
        f"{in_html(artifact['path'])}, {artifact['size']} bytes{kept}{masked}",
        _dim(_code(artifact["sha256"])),
    )


def _redacted(redacted: View) -> list[str]:
    items = [_item(f"{_code(rule)}: {count}") for rule, count in redacted.items()]
    return _section("Secrets masked", items) if items else []


def _timeline(moments: Sequence[Moment]) -> list[str]:
    rows = [
        f'<li class="{each.kind}">{in_html(each.what)}: '
        f'<span class="text">{in_html(each.said)}</span>'
        f"{_dim(f'{each.seq}, {when(each.at)}, {in_html(one_line(each.by))}')}</li>"
        for each in moments
    ]
    left_out = len(rows) - 2 * _ROWS
    if left_out > 0:
        said = f"{left_out} events are left out here; wrkr log prints every one"
        rows = [*rows[:_ROWS], f"<li>{said}</li>", *rows[-_ROWS:]]
    return ["<h2>Timeline</h2>", '<ol class="timeline">', *rows, "</ol>"]


def _section(title: str, items: Sequence[str], note: str = "") -> list[str]:
    return [f"<h2>{title}</h2>", *([note] if note else []), *_list_of(items)]


def _list_of(items: Sequence[str], attributes: str = "") -> list[str]:
    if not items:
        return [_dim("none")]
    left_out = len(items) - _ROWS
    more = [_dim(f"and {left_out} more; the report in JSON has all")] if left_out > 0 else []
    return [f"<ul{attributes}>", *items[:_ROWS], "</ul>", *more]


def _item(head: str, *below: str) -> str:
    return f'<li><p class="text">{head}</p>{"".join(below)}</li>'


def _verdict(word: str, more: str = "") -> str:
    kind = "good" if word in _GOOD else "bad" if word in _BAD else "dim"
    return f'<span class="{more}{kind}">{in_html(word)}</span>'


def _text(text: str) -> str:
    return f'<p class="text">{in_html(text)}</p>'


def _dim(markup: str) -> str:
    return f'<p class="dim">{markup}</p>'


def _code(text: str) -> str:
    return f"<code>{in_html(text)}</code>"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(in_html(each) for each in texts)
