"""``python -m wrkr_conformance.engine``, and the page that lists its clauses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.engine.engines import NOTHING
from wrkr_conformance.engine import all_engine_clauses, clause_table
from wrkr_conformance.engine.__main__ import main

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "contracts" / "engine.md"


def test_the_page_lists_the_clauses_there_are() -> None:
    assert clause_table() in PAGE.read_text("utf-8")


def test_it_ends_with_2_when_the_engine_is_not_compatible(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--only", "L2.7", "--", *NOTHING]) == 2

    printed = capsys.readouterr()
    assert printed.out.endswith("incompatible with wrkr.engine/1\n")
    assert printed.err == ""


def test_as_json_it_prints_the_whole_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--only", "L2.7", "--", *NOTHING]) == 2

    view = json.loads(capsys.readouterr().out)
    assert view["verdict"] == "incompatible"
    assert len(view["outcomes"]) == len(all_engine_clauses())


def test_it_lists_its_clauses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    assert len(capsys.readouterr().out.splitlines()) == len(all_engine_clauses())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--only", "L99", "--", *NOTHING], 6, "E_INVALID_INPUT_SCHEMA: "),
        ([], 6, "E_INVALID_INPUT_SCHEMA: "),
        (["--", "no-such-engine"], 1, "E_NOT_FOUND: "),
    ],
)
def test_what_cannot_be_run_is_an_error_with_a_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(said)


def test_progress_is_shown_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    main(["--only", "L2.7", "--", *NOTHING])

    assert capsys.readouterr().err.startswith("L2.7   failed ")
