"""A report as GitHub Markdown: for a pull request, an issue, or the summary of a workflow run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wrkr_core.budget import spent_text
from wrkr_core.instants import about_text
from wrkr_core.report.contents import is_early
from wrkr_core.report.escaping import in_markdown, json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wrkr_core.views import View

LARGEST: Final = 1_000_000
"""Bytes at most; GitHub takes 1 MiB as the summary of a step."""

_ROWS: Final = (200, 50, 10, 1)  # of each table, tried in this order until the page is small enough
_LONGEST: Final = 4000  # characters of one text; the JSON beside it has it whole
_CELL: Final = 300
_NAMES: Final = 20  # of a list inside a sentence
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")


def marker(view: View) -> str:
    """Return the line that tells this report from every other: one job, one history."""
    return f"<!-- wrkr-report job={view['job_id']} pack=sha256:{view['pack_id']} -->"


def markdown(view: View) -> str:
    """Return ``contents.report`` as Markdown that ends with a newline, at most ``LARGEST`` bytes.

    Of long tables the first rows are shown, and how many there are more.
    """
    page = ""
    for rows in _ROWS:
        page = "\n".join([marker(view), *_lines(view, rows)]) + "\n"
        if len(page.encode()) <= LARGEST:
            break
    return page


def _lines(view: View, rows: int) -> list[str]:
    return [
        f"## wrkr: `{view['job_id']}` is {view['status']}",
        "",
        *_head(view),
        *_verification(view),
        *_decisions(view["decisions"], rows),
        *_acceptance(view["acceptance"], rows),
        *_steps(view, rows),
        *_budget(view, rows),
        *_artifacts(view["artifacts"], rows),
        *_takeovers(view["takeovers"], rows),
        *_redacted(view["redacted"], rows),
    ]


def _head(view: View) -> list[str]:
    asked, origin = view["asked"], view["asked"]["forked_from"]
    reasons = " ".join(_code(each) for each in view["reason_codes"][:_NAMES])
    fork = f"; a fork of {_code(origin['job_id'])} at record {origin['seq']}" if origin else ""
    return [
        f"**Asked:** {_text(asked['objective'] or view['name'])}",
        f"by {_text(asked['by'])}, {asked['at']}{fork}",
        "",
        f"**Result:** {_text(view['summary']) or 'none said'}",
        f"{view['status']}{f', {reasons}' if reasons else ''}, {view['updated_at']}",
        "",
    ]


def _verification(view: View) -> list[str]:
    found = view["verification"]
    what = "its store" if found["format"] == "store" else f"a jobpack of format {found['format']}"
    by = f" by {_list(found['signed_by'])}" if found["signed_by"] else ""
    void = [f"* approval {_cell(each)}" for each in found["answers"]["objections"]]
    return [
        (
            f"**Verified:** integrity {found['integrity']} in {what}, {found['events']} events, "
            f"{found['assurance']}{by}"
        ),
        *(["", *void] if void else []),
        "",
        "```text",
        view["receipt"],
        "```",
        "",
    ]


def _decisions(decisions: Sequence[View], rows: int) -> list[str]:
    if not decisions:
        return []
    lines = ["### Decisions", ""]
    for each in decisions[:rows]:
        choices = f" ({_list(each['choices'])})" if each["choices"] else ""
        lines += [
            f"* {_code(each['checkpoint_id'])} **{_text(each['question'])}**{choices}",
            f"  * {_answer(each)}",
            f"  * {_shown(each)}",
            *(f"  * {verb} {_list(paths)}" for verb, paths in each["files"].items() if paths),
        ]
        if each["data"] is not None:
            lines.append(f"  * with {in_markdown(json_text(each['data'], _LONGEST))}")
        if each["allowed"]:
            lines.append(f"  * it allowed {_list(each['allowed'])}")
    return [*lines, *_more(len(decisions), rows, "decisions"), ""]


def _answer(decision: View) -> str:
    answer = decision["answer"]
    if answer is None:
        return "**waits for an answer**" if decision["is_open"] else "never answered"
    verb = "approved" if answer["approved"] else "refused"
    chosen = f", choosing {_text(answer['choice'])}" if answer["choice"] else ""
    until = f", good until {answer['expires_at']}" if answer["expires_at"] else ""
    return (
        f"{verb} by {_text(answer['by'])} ({_worth(answer)}), {answer['at']}{chosen}{until}: "
        f"{_text(answer['reason'])}"
    )


def _worth(answer: View) -> str:
    if answer["signed_by"]:
        return f"signed by {_text(answer['signed_by'])}"
    if answer["objection"]:
        return f"signature void: {_text(answer['objection'])}"
    return "signed by an unknown key" if answer["assurance"] == "unknown key" else "asserted"


def _shown(decision: View) -> str:
    spent = _amounts(decision["spent_by_then"])
    return (
        f"shown {decision['asked_at']} as `{decision['shown'][:16]}`"
        f"{f', by then spent: {spent}' if spent else ''}"
    )


def _acceptance(acceptance: View | None, rows: int) -> list[str]:
    if acceptance is None:
        return ["**Acceptance:** never ran", ""]
    failures = acceptance["failures"]
    table = _table(
        ("check", "reason", "said"),
        (
            (_cell(each["check"]), _code(each["code"]), _cell(each["message"]))
            for each in failures[:rows]
        ),
    )
    verdict = "passed" if acceptance["has_passed"] else "failed"
    return [
        (
            f"**Acceptance:** {verdict}, {acceptance['passed']} of {acceptance['checks_run']} checks, "
            f"{acceptance['at']}"
        ),
        *(["but the job is not completed, so it is not accepted"] if is_early(acceptance) else []),
        "",
        *(table if failures else []),
        *_more(len(failures), rows, "failures"),
    ]


def _steps(view: View, rows: int) -> list[str]:
    steps = view["steps"]
    total = f" of {view['steps_total']}" if view["steps_total"] is not None else ""
    failed = f", {view['failed_attempts']} failed attempts" if view["failed_attempts"] else ""
    if not steps:
        return ["**Steps:** none", ""]
    table = _table(
        ("step", "outcome", "attempts", "time", "allowed by"),
        (
            (
                _cell(each["step"]),
                _outcome(each),
                str(each["attempts"]),
                about_text(each["wall"]) if "wall" in each else "",
                _code(each["approval"] or ""),
            )
            for each in steps[:rows]
        ),
    )
    return [
        f"### Steps: {view['steps_done']}{total} done{failed}",
        "",
        *table,
        *_more(len(steps), rows, "steps"),
    ]


def _outcome(step: View) -> str:
    if "error" not in step:
        return str(step["outcome"])
    return f"{step['outcome']}: {_code(step['error']['code'])} {_cell(step['error']['message'])}"


def _budget(view: View, rows: int) -> list[str]:
    budget = view["budget"]
    if not budget:
        return []
    shown = list(budget.items())[:rows]
    table = _table(
        ("budget", "spent", "limit"),
        (
            (_cell(meter), spent_text(meter, row["spent"]), row["limit_text"] or "none")
            for meter, row in shown
        ),
    )
    raised = [
        f"* raised by {_text(each['by'])}, {each['at']}, to "
        f"{_amounts(each['limits'])}: "
        f"{_text(each['reason'])}"
        for each in view["raises"][:rows]
    ]
    return [
        "### Budget",
        "",
        *table,
        *_more(len(budget), rows, "meters"),
        *([*raised, ""] if raised else []),
        *_more(len(view["raises"]), rows, "raises"),
    ]


def _artifacts(artifacts: Sequence[View], rows: int) -> list[str]:
    if not artifacts:
        return []
    table = _table(
        ("artifact", "bytes", "SHA-256 of the content"),
        (
            (_cell(each["path"]), str(each["size"]), f"`{each['sha256']}`")
            for each in artifacts[:rows]
        ),
    )
    return ["### Artifacts", "", *table, *_more(len(artifacts), rows, "artifacts")]


def _takeovers(takeovers: Sequence[View], rows: int) -> list[str]:
    if not takeovers:
        return []
    lines = [
        f"* taken over at record {each['seq']} from {_text(each['from'])}: {_text(each['because'])}"
        for each in takeovers[:rows]
    ]
    return ["### Takeovers", "", *lines, "", *_more(len(takeovers), rows, "takeovers")]


def _redacted(redacted: View, rows: int) -> list[str]:
    if not redacted:
        return []
    lines = [f"* {_code(rule)}: {count}" for rule, count in list(redacted.items())[:rows]]
    return ["### Secrets masked", "", *lines, "", *_more(len(redacted), rows, "rules")]


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table whose cells are Markdown already, and a blank line behind it."""
    head = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return [*head, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _more(count: int, rows: int, what: str) -> list[str]:
    return [f"… and {count - rows} more {what}; the report's JSON has all.", ""] * (count > rows)


def _list(texts: Sequence[str]) -> str:
    return ", ".join(_cell(each) for each in texts[:_NAMES]) + _left_out(len(texts))


def _amounts(texts: Mapping[str, str]) -> str:
    shown = list(texts.items())[:_NAMES]
    return ", ".join(f"{_cell(meter)} {text}" for meter, text in shown) + _left_out(len(texts))


def _left_out(count: int) -> str:
    return f" and {count - _NAMES} more" if count > _NAMES else ""


def _code(name: str) -> str:
    """Return an id or a code in the type of code; one that is none, as text."""
    return f"`{name}`" if _NAME.fullmatch(name) else _cell(name)


def _text(text: str) -> str:
    return in_markdown(text, _LONGEST)


def _cell(text: Any) -> str:  # noqa: ANN401  # a JSON text
    return in_markdown(text, _CELL)
