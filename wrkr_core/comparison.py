"""Two jobs side by side: where their histories part, and what came out differently.

Jobs are compared by their pages (``inspection``) and their records' hashes, so a job in a store, the
same job in a jobpack and a fork of it can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from wrkr_core.budget import amount_text
from wrkr_core.events import JobSubmitted
from wrkr_core.payloads.job_payloads import WORDS
from wrkr_core.views import View, clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wrkr_core.events import RecordedEvent

NOTHING: Final = object()


def comparison(
    one: View, other: View, one_log: Sequence[RecordedEvent], other_log: Sequence[RecordedEvent]
) -> View:
    """Return how two jobs differ; ``one`` and ``other`` are their ``inspection``s.

    ``relation`` is ``same`` (equal histories), ``continues`` or ``is_continued_by`` (the one is the
    other and more, or the other way round), ``parts`` (equal up to record ``common``), ``was_forked``
    or ``is_fork`` (the other was made from the one's first ``common`` records, or the other way
    round), or ``unrelated``. Everything else lists only what differs, as ``{…, "a": …, "b": …}``;
    what one of them does not have is absent there.
    """
    common, relation = _relation(one_log, other_log)
    return {
        "a": _side(one),
        "b": _side(other),
        "common": common,
        "relation": relation,
        "spec": [
            {"path": path, **sides} for path, sides in _leaves("", one["spec"], other["spec"])
        ],
        "status": _rows("field", _standing(one), _standing(other)),
        "steps": _rows("step", _steps(one), _steps(other)),
        "decisions": _rows("question", _answers(one), _answers(other)),
        "spent": _rows("meter", _spent(one), _spent(other)),
        "artifacts": _rows("path", _artifacts(one), _artifacts(other)),
    }


def comparison_lines(view: View) -> list[str]:
    """Return ``comparison`` as lines for people: a ``-`` is the first job's, a ``+`` the other's."""
    lines = [f"- {view['a']['job_id']}", f"+ {view['b']['job_id']}", _sentence(view)]
    for title, key, name in _SECTIONS:
        if view[key]:
            lines += ["", title]
        for row in view[key]:
            lines.append(clipped(f"  {plain(row[name])}"))
            lines += [
                clipped(f"  {sign} {_said(key, row[name], row[side])}")
                for sign, side in (("-", "a"), ("+", "b"))
                if side in row
            ]
    return lines


_SECTIONS: Final = (
    ("asked", "spec", "path"),
    ("status", "status", "field"),
    ("steps", "steps", "step"),
    ("decisions", "decisions", "question"),
    ("spent", "spent", "meter"),
    ("artifacts", "artifacts", "path"),
)
_SENTENCES: Final = {
    "same": "the same history, {common} records",
    "continues": "- goes on where + stands: the first {common} records are the same",
    "is_continued_by": "+ goes on where - stands: the first {common} records are the same",
    "parts": "the same up to record {common}, another history from there",
    "was_forked": "+ was forked from - at record {common}",
    "is_fork": "- was forked from + at record {common}",
    "unrelated": "two histories, different from the first record",
}


def _sentence(view: View) -> str:
    return _SENTENCES[view["relation"]].format(common=view["common"])


def _said(section: str, name: str, value: Any) -> str:  # noqa: ANN401  # any JSON value
    if section == "spent":
        return amount_text(name, value)
    inside = _children(value)
    if inside:
        return plain("  ".join(f"{key} {each}" for key, each in inside.items()))
    return plain(str(value))


def _common(one: Sequence[RecordedEvent], other: Sequence[RecordedEvent]) -> int:
    """Return how many records from the first on are the same."""
    same = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine.hash != theirs.hash:
            break
        same += 1
    return same


def _relation(one: Sequence[RecordedEvent], other: Sequence[RecordedEvent]) -> tuple[int, str]:
    """Return how many records the two share, and how they are related."""
    common = _common(one, other)
    if common == 0:
        if forked := _forked(one, other):
            return forked, "was_forked"
        forked = _forked(other, one)
        return forked, "is_fork" if forked else "unrelated"
    if common == len(one) == len(other):
        return common, "same"
    if common == len(other):
        return common, "continues"
    return common, "is_continued_by" if common == len(one) else "parts"


def _forked(origin: Sequence[RecordedEvent], fork: Sequence[RecordedEvent]) -> int:
    """Return the record of ``origin`` that ``fork`` was made from, 0 if it was not made from it."""
    first = fork[0].event
    point = first.forked_from if isinstance(first, JobSubmitted) else None
    if point is None or point.seq > len(origin) or origin[point.seq - 1].hash != point.hash:
        return 0
    return point.seq


def _side(page: View) -> View:
    status = page["status"]
    return {"job_id": page["job_id"], "status": status["status"], "head": status["head"]}


def _standing(page: View) -> dict[str, Any]:
    status = page["status"]
    return {name: status[name] for name in ("status", "summary", "reason_codes")}


def _steps(page: View) -> dict[str, Any]:
    return {
        step["step"]: {key: step[key] for key in ("outcome", "attempts", "error") if key in step}
        for step in page["steps"]
    }


def _answers(page: View) -> dict[str, Any]:
    """Return each question with its newest answer, without the instants."""
    return {
        _question(each): {
            key: value
            for key, value in each.get("answer", {"approved": None}).items()
            if key in {"approved", "by", "reason", "choice"}
        }
        for each in page["checkpoints"]
        if each["kind"] == "decision-needed"
    }


def _question(checkpoint: View) -> str:
    """Return what was asked; where that is hidden, what tells it from others that are."""
    asked: str = checkpoint["summary"]
    return f"{asked} {checkpoint['checkpoint_id']}" if asked in WORDS.values() else asked


def _spent(page: View) -> dict[str, Any]:
    return {meter: row["spent"] for meter, row in page["status"]["budget"].items()}


def _artifacts(page: View) -> dict[str, Any]:
    return {each["path"]: {"sha256": each["sha256"]} for each in page["artifacts"]}


def _rows(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[View]:
    """Return a row for each key whose values differ, the keys of the first job first."""
    return [
        {name: key, **_sides(one.get(key, NOTHING), other.get(key, NOTHING))}
        for key in dict.fromkeys((*one, *other))
        if one.get(key, NOTHING) != other.get(key, NOTHING)
    ]


def _leaves(path: str, one: object, other: object) -> Iterator[tuple[str, View]]:
    """Yield the place (RFC 6901) and both values of each leaf on which two JSON values differ."""
    if one == other:
        return
    mine, theirs = _children(one), _children(other)
    if mine is None or theirs is None or type(one) is not type(other):
        yield path, _sides(one, other)
        return
    for key in dict.fromkeys((*mine, *theirs)):
        place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        yield from _leaves(place, mine.get(key, NOTHING), theirs.get(key, NOTHING))


def _children(value: object) -> dict[str, object] | None:
    """Return what is inside an object or array, None if it is neither."""
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    if isinstance(value, list):
        return {str(number): each for number, each in enumerate(cast("list[object]", value))}
    return None


def _sides(one: object, other: object) -> View:
    sides = {"a": one, "b": other}
    return {side: value for side, value in sides.items() if value is not NOTHING}
