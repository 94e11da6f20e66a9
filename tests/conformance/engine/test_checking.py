"""Checking a command line: every clause is run, and who does nothing keeps nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.conformance.engine.engines import ALWAYS_FAILS, ALWAYS_WELL, NOTHING, lying
from wrkr_conformance.engine import all_engine_clauses, check_engine
from wrkr_conformance.engine.checking import chosen_clauses, found_command
from wrkr_core.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance.engine import EngineOutcome


@pytest.mark.slow
@pytest.mark.parametrize("command", [NOTHING, ALWAYS_FAILS, ALWAYS_WELL])
def test_an_engine_that_does_nothing_keeps_nothing(command: list[str]) -> None:
    """Hard case 27."""
    report = check_engine(command)

    assert report.verdict == "incompatible"
    assert [each.clause.id for each in report.passed] == []
    assert len(report.outcomes) == len(all_engine_clauses())


@pytest.mark.slow
def test_a_wrapper_around_the_real_engine_that_changes_nothing_is_not_rejected() -> None:
    report = check_engine(lying("honest"), only=["L1.3", "L5.1", "L9.8"])

    assert [each.clause.id for each in report.passed] == ["L1.3", "L5.1", "L9.8"]
    assert report.verdict == "incomplete"


def test_what_was_not_asked_for_was_not_run() -> None:
    report = check_engine(NOTHING, only=["L2.7"])

    assert [each.clause.id for each in report.failed] == ["L2.7"]
    assert {each.reason for each in report.not_run} == {"it was not asked for"}
    assert len(report.not_run) == len(all_engine_clauses()) - 1


def test_a_failing_clause_says_what_was_run_and_how_to_run_it_again() -> None:
    outcome = check_engine(NOTHING, only=["L2.7"]).failed[0]

    assert outcome.transcript == ("submit nowhere.json --json  # exit 0",)
    assert outcome.command.startswith("python -m wrkr_conformance.engine --only L2.7 -- ")
    assert "must end with 1" in outcome.reason
    assert "Traceback" in outcome.detail
    assert outcome.seconds > 0


def test_whoever_watches_hears_of_every_outcome() -> None:
    heard: list[EngineOutcome] = []

    report = check_engine(NOTHING, only=["L2.7", "L1.6"], watch=heard.append)

    assert heard == [each for each in report.outcomes if each.status != "not_run"]


def test_what_is_to_be_run_is_named_by_clause_or_article() -> None:
    assert chosen_clauses() == all_engine_clauses()
    assert {clause.article for clause in chosen_clauses(["L2"])} == {"L2"}
    assert [clause.id for clause in chosen_clauses(["L5.2", "L1.1"])] == ["L1.1", "L5.2"]
    with pytest.raises(ValueError, match=r"named L99, l1\.1"):
        chosen_clauses(["l1.1", "L99"])


def test_the_program_is_found_before_anything_is_run(tmp_path: Path) -> None:
    assert found_command([sys.executable, "-V"])[1:] == ("-V",)
    with pytest.raises(ValueError, match="name the engine"):
        check_engine([])
    with pytest.raises(NotFoundError, match="no program"):
        check_engine([str(tmp_path / "wrkr")])


def test_a_program_named_by_a_path_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "engine"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)

    assert found_command(["./engine", "x"]) == (str(program), "x")
