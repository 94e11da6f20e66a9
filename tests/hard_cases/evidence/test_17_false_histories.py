"""Hard case 17: histories that cannot have happened, in packs whose every digest and document fits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.hard_cases.forgeries import refusal, retold
from tests.stories import lines_of, packed, whole_story
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack.verify import find_problems

if TYPE_CHECKING:
    from collections.abc import Callable

    Lines = list[dict[str, Any]]
    Change = Callable[[Lines], None]

HONEST: Final = packed(whole_story())


def at(lines: Lines, kind: str, which: int = 0) -> int:
    """Return the index of the record of this type, the first or the one so many behind it."""
    found = [index for index, line in enumerate(lines) if line["type"].startswith(f"{kind}/")]
    return found[which]


def payload(lines: Lines, kind: str, which: int = 0) -> dict[str, Any]:
    changed: dict[str, Any] = lines[at(lines, kind, which)]["payload"]
    return changed


def moved(kind: str, before: str) -> Change:
    """Return what moves a record in front of another, with its instant."""

    def change(lines: Lines) -> None:
        line = lines.pop(at(lines, kind))
        place = at(lines, before)
        lines.insert(place, {**line, "at": lines[place]["at"]})

    return change


def without_all(*kinds: str) -> Change:
    def change(lines: Lines) -> None:
        for kind in kinds:
            lines.pop(at(lines, kind))

    return change


def said(kind: str, which: int = 0, **fields: object) -> Change:
    return lambda lines: payload(lines, kind, which).update(fields)


def by(kind: str, who: str) -> Change:
    return lambda lines: lines[at(lines, kind)].update(by=who)


def again(kind: str) -> Change:
    """Return what has the same record happen once more at the end."""

    def change(lines: Lines) -> None:
        line = lines[at(lines, kind)]
        lines.append({**line, "at": lines[-1]["at"], "id": f"{line['id']}x"})

    return change


def earlier(kind: str) -> Change:
    return lambda lines: lines[at(lines, kind)].update(at=lines[0]["at"] - 1)


FALSE: Final[dict[str, tuple[Change, str]]] = {
    "approved before it was asked": (
        moved("approval_given", "environment_accepted"),
        "is not an open decision",
    ),
    "approved twice": (again("approval_given"), "is not an open decision"),
    "approved with a choice nobody offered": (said("approval_given", choice="v9"), "not offered"),
    "guarded step without an approval": (said("step_started", 2, approval=None), "is guarded"),
    "rests on an approval that was over": (
        lambda lines: payload(lines, "approval_given").update(
            expires_at=lines[at(lines, "step_started", 2)]["at"]
        ),
        "whose approval was over",
    ),
    "goes on while a decision waits": (without_all("approval_given"), "waited for a decision"),
    "finished and never begun": (without_all("step_started", "step_started"), "not open"),
    "attempts out of order": (said("step_started", 1, attempt=3), "cannot follow attempt 1"),
    "two results": (said("step_finished", result=1), "two results"),
    "work recorded by another": (by("step_finished", "eve"), "eve recorded what host-1 did"),
    "completed by another": (by("job_completed", "eve"), "eve recorded what host-1 did"),
    "taken in the name of another": (by("lease_taken", "eve"), "eve recorded what host-1 did"),
    "over the budget in silence": (without_all("budget_exceeded"), "over its budget"),
    "a budget exceeded that was not": (
        lambda lines: payload(lines, "budget_exceeded")["meters"][0].update(used=60),
        "is not how the budget stood",
    ),
    "blocked by a decision that nobody asked for": (
        said("job_blocked", status="blocked_decision"),
        "none is open",
    ),
    "a lease epoch used again": (said("lease_taken", 1, epoch=1), "cannot follow epoch"),
    "taken over from somebody else": (
        said("lease_taken", 2, took_over_from="host-9"),
        "who did not hold it",
    ),
    "let go of by another": (said("lease_released", worker="eve"), "eve let go of the job"),
    "work after completion": (again("artifact_recorded"), "completed"),
    "time runs back": (earlier("charged"), "time runs back"),
    "checks that add up to nothing": (
        said("acceptance_recorded", passed=2),
        "failures are told of",
    ),
    "a failure left out": (said("acceptance_recorded", failures=[]), "failures are told of"),
    "a checkpoint with other sums": (said("checkpoint_recorded", 1, budget=[]), "other sums"),
}


@pytest.mark.parametrize("name", FALSE)
def test_17_a_history_that_cannot_have_happened_is_refused(name: str) -> None:
    change, why = FALSE[name]
    lines = lines_of(HONEST)
    change(lines)

    # No document can be made of it, so those of the honest history are wrong besides.
    pack = retold(HONEST, lines)
    found, problems = refusal(pack), find_problems(io.BytesIO(pack)).problems

    assert isinstance(found, VerifyHistoryError)
    assert found.details["stage"] == "history"
    assert any(why in each.message for each in problems)


def test_17_the_same_history_told_anew_verifies() -> None:
    """Else all above would be true of nothing."""
    lines = lines_of(HONEST)
    payload(lines, "job_completed").update(summary="something else, as true as before")

    assert refusal(retold(HONEST, lines)) is None
