"""``wrkr conformance``: the suite with the manners of every other command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import all_clauses
from wrkr_conformance.report import Outcome

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_conformance.clause import Clause
    from wrkr_conformance.target import Target

STORE = """
from wrkr_core.memory import MemoryStore

class Deaf(MemoryStore):
    def keys(self, prefix="", after="", limit=1000):
        return []

def deaf(folder):
    return Deaf(str(folder))
"""


@pytest.fixture(autouse=True)
def own_store(wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a store's module in the working directory."""
    del wrkr_command
    Path("deaf_store.py").write_text(STORE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "deaf_store", raising=False)


def test_the_store_in_use_is_proven_by_new_ones_of_its_kind(wrkr_command: Wrkr, url: str) -> None:
    said = wrkr_command("conformance", "run", "--only", "A2", "--json")

    assert (said.json["counts"]["failed"], said.json["counts"]["passed"]) == (0, 3), said.out
    assert said.json["target"] == "sqlite:///{directory}/wrkr.db"
    assert f"{url} is not touched" in said.err
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_a_store_that_keeps_every_clause_ends_with_0(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(clause: Clause, _target: Target, **_named: object) -> Outcome:
        return Outcome(clause=clause, status="passed")

    monkeypatch.setattr("wrkr_conformance.running.run_clause", kept)

    said = wrkr_command("conformance", "run", "memory://{name}", "--json")

    assert (said.code, said.json["verdict"]) == (0, "compatible"), said.out


def test_a_wrong_store_ends_with_2_and_says_what_it_does_not_keep(wrkr_command: Wrkr) -> None:
    files = ["--junit", "j.xml", "--markdown", "r.md", "--badge", "b.svg"]

    said = wrkr_command(
        "conformance", "run", "deaf_store:deaf", "--only", "C1", "--seed", "3", *files
    )

    assert said.code == 2
    assert "failed C1.4 (must)" in said.out
    assert "wrkr_conformance deaf_store:deaf --only C1.4 --seed 3" in said.out
    assert said.out.splitlines()[-1].startswith("incompatible with wrkr.store/1")
    for name in ("j.xml", "r.md", "b.svg"):
        assert "incompatible" in Path(name).read_text("utf-8")


def test_a_part_of_a_run_ends_with_1(wrkr_command: Wrkr) -> None:
    run = ["conformance", "run", "memory://{name}", "--only", "A2"]

    assert wrkr_command(*run).code == 1
    assert wrkr_command(*run, "--quiet").out == "incomplete\n"
    assert wrkr_command(*run, "--deep", "--json").json["mode"] == "deep"
    said = wrkr_command(*run, "--verbose")
    assert [line.split()[1] for line in said.err.splitlines()] == ["A2.1", "A2.2", "A2.3"]


def test_ctrl_c_ends_with_130_and_the_report_so_far(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wrkr_conformance.running.run_clause", interrupted)

    said = wrkr_command("conformance", "run", "memory://{name}", "--json")

    assert (said.code, said.json["verdict"], said.json["interrupted"]) == (130, "incomplete", True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nonsense"], 6, "is neither a store URL nor module:factory"),
        (["no_such_module:open"], 6, "no_such_module cannot be imported"),
        (["deaf_store:daef"], 6, "deaf_store has no 'daef'"),
        (["memory://{name}", "--only", "Z9"], 6, "no clause or article is named Z9"),
        (["memory://{name}", "--badge", "none/b.svg"], 6, "there is no folder none for --badge"),
        (["sqlite:////dev/null/{name}/x.db"], 1, "cannot be made"),
    ],
)
def test_what_is_wrong_has_a_code_and_a_way_out(
    arguments: list[str], code: int, told: str, wrkr_command: Wrkr
) -> None:
    said = wrkr_command("conformance", "run", *arguments, "--json")

    assert said.code == said.envelope["exit_code"] == code
    assert told in said.envelope["message"]
    assert said.envelope["hint"]
    assert said.out == ""


def test_explain_runs_nothing(wrkr_command: Wrkr) -> None:
    Path("deaf_store.py").write_text("raise AssertionError\n")

    said = wrkr_command("conformance", "run", "deaf_store:deaf", "--only", "A2", "--explain")

    assert said.code == 0
    assert "would run 3 clauses of wrkr.store/1 against deaf_store:deaf" in said.out


def test_the_clauses_are_listed(wrkr_command: Wrkr) -> None:
    ids = [clause.id for clause in all_clauses()]

    assert wrkr_command("conformance", "clauses", "--quiet").out.split() == ids
    listed = json.loads(wrkr_command("conformance", "clauses", "--json").out)
    assert [each["id"] for each in listed["clauses"]] == ids
    assert "A2.1  must" in wrkr_command("conformance", "clauses").out
