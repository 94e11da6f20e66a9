"""12: a yes answers one question in the one way there is; a word that looks like it is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import Guarded
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr


@pytest.mark.parametrize("word", ["yes", "no", "on", "'true'", "true", "1", "~", "''", "' '", "[]"])
def test_12_a_gate_that_is_no_question_is_refused_and_never_taken_for_none(
    word: str, wrkr_command: Wrkr
) -> None:
    text = Path("job.yaml").read_text()
    Path("odd.yaml").write_text(text.replace('gate: "Publish the count?"', f"gate: {word}"))

    said = wrkr_command("run", "odd.yaml", "--job-id", "j1", "--json")

    if said.code == 4:  # it is text, and so the question
        assert said.json["summary"] == word.strip("'")
    else:
        assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert not Path("ran.txt").exists() or "publish" not in Path("ran.txt").read_text()


@pytest.mark.parametrize("word", ["yes", "'yes'", "on", "'true'", "1", "y"])
def test_12_yes_as_text_is_refused_where_a_boolean_is_wanted(word: str, wrkr_command: Wrkr) -> None:
    text = Path("job.yaml").read_text()
    Path("odd.yaml").write_text(
        text.replace("- id: publish", f"- id: publish\n    at_most_once: {word}")
    )

    said = wrkr_command("submit", "odd.yaml", "--json")

    assert (said.code, said.out) == (6, "")
    assert "not a boolean" in str(said.envelope["details"]["problems"])
    assert "at_most_once" in str(said.envelope["details"]["problems"])


@pytest.mark.parametrize("choice", ["yes", "Squash", "squash ", ""])
def test_12_an_answer_that_is_none_of_the_choices_answers_nothing(
    place: Place, choice: str
) -> None:
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    asked = ledger.emit("j", "decision-needed", "How?", choices=("squash", "rebase"))

    with pytest.raises(InvalidInputError):
        ledger.approve("j", asked, reason="yes", choice=choice)

    assert ledger.state("j").status == "blocked_decision"


def test_12_a_choice_where_none_was_offered_is_no_yes(place: Place) -> None:
    guarded = Guarded(place.ledger())
    guarded.run()

    with pytest.raises(InvalidInputError):
        guarded.ledger.approve("j", "cp_3", reason="fine", choice="yes")

    assert guarded.ledger.state("j").status == "blocked_decision"
    assert guarded.did == []
