"""12: nothing guarded runs before its own approval, whatever else was approved or not asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import Guarded, effects, events_of, step, submit
from wrkr_core import events as e
from wrkr_core.errors import (
    ApprovalRequiredError,
    InvalidInputError,
    MoveNotAllowedError,
    NotFoundError,
)
from wrkr_run.foreground import work_on

if TYPE_CHECKING:
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr

TOO_LONG = "Merge? " + "x" * 2000


def test_12_a_guarded_command_runs_after_its_approval_and_never_before(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one"), step("merge", gate="Merge?"))

    waiting = work_on(ledger, "j")
    assert (waiting.status, effects(workspace)) == ("blocked_decision", ["one 1"])
    with pytest.raises(ApprovalRequiredError):
        work_on(place.ledger(), "j", resume=True)
    assert effects(workspace) == ["one 1"]
    assert waiting.checkpoint is not None
    ledger.approve("j", waiting.checkpoint, reason="looked at it")
    result = work_on(ledger, "j")

    assert (result.status, effects(workspace)) == ("completed", ["one 1", "merge 1"])
    started = events_of(ledger, e.StepStarted)
    assert [each.approval for each in started] == [None, waiting.checkpoint]


def test_12_a_guarded_command_does_not_run_when_it_was_refused(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("merge", gate="Merge?"), step("after"))
    waiting = work_on(ledger, "j")
    ledger.refuse("j", waiting.checkpoint or "", reason="not today", by="bob")

    assert work_on(place.ledger(), "j").status == "canceled"

    assert effects(workspace) == []


def test_12_a_question_too_long_to_record_is_refused_and_what_it_guards_does_not_run(
    place: Place,
) -> None:
    guarded = Guarded(place.ledger(), TOO_LONG)

    with pytest.raises(InvalidInputError, match="2007"):
        guarded.run()

    state = place.ledger().state("j")
    assert (state.status, state.reason_codes) == ("blocked_error", ("E_INVALID_INPUT_SCHEMA",))
    assert guarded.did == []
    assert events_of(guarded.ledger, e.StepStarted) == []


def test_12_a_gate_too_long_to_record_lets_no_command_through(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("merge", gate=TOO_LONG))

    result = work_on(ledger, "j")

    assert (result.status, effects(workspace)) == ("blocked_error", [])


def test_12_a_gate_or_question_too_long_is_refused_on_the_command_line_with_its_length(
    wrkr_command: Wrkr,
) -> None:
    text = Path("job.yaml").read_text()
    Path("long.yaml").write_text(text.replace("Publish the count?", TOO_LONG))
    wrkr_command("submit", "job.yaml", "--job-id", "j1")

    gate = wrkr_command("submit", "long.yaml", "--json")
    asked = wrkr_command("checkpoint", "emit", "j1", "decision-needed", TOO_LONG, "--json")

    assert (gate.code, asked.code) == (6, 6)
    assert "2007 characters" in str(gate.envelope["details"])
    assert "2007" in asked.envelope["message"]
    assert wrkr_command("list", "--quiet").out == "j1\n"


def test_12_approving_a_decoy_opens_no_gate(place: Place, workspace: Path) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("merge", gate="Merge?"))
    gate = work_on(ledger, "j").checkpoint
    decoy = ledger.emit("j", "decision-needed", "Is it raining?", by="somebody")

    state = ledger.approve("j", decoy, reason="it is")

    assert state.status == "blocked_decision"
    assert [each.checkpoint_id for each in state.decisions] == [gate]
    with pytest.raises(ApprovalRequiredError):
        work_on(place.ledger(), "j", resume=True)
    assert effects(workspace) == []


@pytest.mark.parametrize("decoy", ["cp_1", "cp_2", "cp_99", "gate:merge", ""])
def test_12_approving_what_is_no_open_decision_is_refused(
    place: Place, decoy: str, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("merge", gate="Merge?"))
    ledger.emit("j", "progress", "so far")  # cp_2, which asks nothing
    work_on(ledger, "j")

    with pytest.raises((NotFoundError, MoveNotAllowedError)):
        ledger.approve("j", decoy, reason="yes")

    assert ledger.state("j").status == "blocked_decision"
    assert effects(workspace) == []


def test_12_an_approval_given_before_its_gate_was_opened_opens_nothing(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one"), step("merge", gate="Merge?"))
    early = ledger.emit("j", "decision-needed", "Merge?")  # asks the same, for nobody
    ledger.approve("j", early, reason="in advance")

    assert work_on(ledger, "j").status == "blocked_decision"

    assert effects(workspace) == ["one 1"]


def test_12_an_approval_of_something_else_than_what_was_asked_is_refused(place: Place) -> None:
    guarded = Guarded(place.ledger())
    guarded.run()
    ledger = guarded.ledger
    (decision,) = ledger.state("j").decisions

    with pytest.raises(MoveNotAllowedError, match="is not what was shown"):
        ledger.approve("j", decision.checkpoint_id, reason="yes", subject="0" * 64)
    assert guarded.ledger.state("j").status == "blocked_decision"

    ledger.approve("j", decision.checkpoint_id, reason="yes", subject=decision.subject)
    assert (guarded.run(), guarded.did) == ("completed", ["merged"])


def test_12_one_yes_answers_one_question(place: Place) -> None:
    guarded = Guarded(place.ledger())
    guarded.run()
    second = guarded.ledger.emit("j", "decision-needed", "Tag it, too?")
    first = guarded.ledger.state("j").decisions[0].checkpoint_id

    guarded.ledger.approve("j", first, reason="yes")

    assert guarded.ledger.state("j").status == "blocked_decision"
    with pytest.raises(ApprovalRequiredError):
        guarded.run()
    guarded.ledger.refuse("j", second, reason="no")
    assert (guarded.run(), guarded.did) == ("completed", ["merged"])
