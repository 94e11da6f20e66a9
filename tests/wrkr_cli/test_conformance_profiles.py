"""``wrkr conformance engine`` and ``vectors``: other command lines, and what they were told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from wrkr_conformance.engine import all_engine_clauses

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

VECTORS: Final = Path(__file__).resolve().parents[2] / "conformance" / "vectors"
NOTHING: Final = (sys.executable, "-I", "-c", "pass")


def test_an_engine_that_does_nothing_ends_with_2_and_says_why(wrkr_command: Wrkr) -> None:
    said = wrkr_command("conformance", "engine", "--only", "L2.7", "--", *NOTHING)

    assert said.code == 2
    assert "failed L2.7 (must)" in said.out
    assert said.out.endswith("incompatible with wrkr.engine/1\n")


def test_the_report_on_an_engine_is_json_or_one_word(wrkr_command: Wrkr) -> None:
    engine = ["conformance", "engine", "--only", "L2.7"]

    assert wrkr_command(*engine, "--quiet", "--", *NOTHING).out == "incompatible\n"
    said = wrkr_command(*engine, "--json", "--verbose", "--", *NOTHING)
    assert said.json["schema_id"] == "wrkr.engine_report"
    assert len(said.json["outcomes"]) == len(all_engine_clauses())
    assert said.err.startswith("L2.7   failed ")


def test_what_would_be_run_against_an_engine_is_explained(wrkr_command: Wrkr) -> None:
    said = wrkr_command("conformance", "engine", "--explain", "--only", "L10", "--", "no-engine")

    assert said.code == 0
    assert "run 4 clauses of wrkr.engine/1 against the command line no-engine" in said.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["engine", "--only", "L99", "wrkr"], "E_INVALID_INPUT_SCHEMA"),
        (["engine"], "E_INVALID_INPUT_SCHEMA"),
        (["engine", "no-such-engine"], "E_NOT_FOUND"),
        (["vectors", "."], "E_NOT_FOUND"),
    ],
)
def test_what_cannot_be_run_is_an_error_with_a_code(
    arguments: list[str], code: str, wrkr_command: Wrkr
) -> None:
    said = wrkr_command("conformance", arguments[0], "--json", *arguments[1:])

    assert said.envelope["code"] == code
    assert said.code == said.envelope["exit_code"]


def test_this_installation_does_what_the_vectors_say(wrkr_command: Wrkr) -> None:
    said = wrkr_command("conformance", "vectors", str(VECTORS))

    assert said.code == 0
    assert said.out.endswith("all as stated\n")
    assert wrkr_command("conformance", "vectors", str(VECTORS), "--quiet").out == "ok\n"
    explained = wrkr_command("conformance", "vectors", str(VECTORS), "--explain")
    assert "nothing is written" in explained.out


def test_vectors_that_do_not_come_out_end_with_1(wrkr_command: Wrkr, tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  moves/moves.json\n")

    said = wrkr_command("conformance", "vectors", str(tmp_path), "--json")

    assert said.code == 1
    assert said.json["failed"][0]["reason"] == "the file is missing"
