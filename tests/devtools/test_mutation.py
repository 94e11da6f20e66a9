"""What mutation testing breaks, and which tests must notice, is there."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from devtools import mutation
from devtools.commands import ROOT
from devtools.lock import requirements
from devtools.mutation import MUTATION_NEEDS, copy_tree

if TYPE_CHECKING:
    from pathlib import Path


def written() -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return dict(settings["tool"]["mutmut"])


def test_what_is_broken_and_what_must_notice_exists() -> None:
    named = written()

    assert [each for each in named["only_mutate"] if not list(ROOT.glob(each))] == []
    tests = named["pytest_add_cli_args_test_selection"]
    assert [each for each in tests if not (ROOT / each).exists()] == []
    for each in (*named["source_paths"], *named["also_copy"]):
        assert (ROOT / each).exists()


def test_the_tool_is_in_the_lock() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    needs = MUTATION_NEEDS

    lines = requirements(lock, extras=needs.extras, groups=needs.groups)

    assert "mutmut" in {line.split("==")[0] for line in lines}


def test_the_copy_has_the_source_and_nothing_that_was_made(tmp_path: Path) -> None:
    (tmp_path / "copy" / "old").mkdir(parents=True)

    copy_tree(tmp_path / "copy")

    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert {"wrkr_core", "tests", "pyproject.toml"} <= names
    assert names.isdisjoint({"old", ".venv", ".git", "build"})


@pytest.mark.parametrize(
    ("arguments", "is_there", "copies", "commands"),
    [
        ([], True, 1, [["run"], ["results"]]),
        ([], False, 1, [["run"], ["results"]]),
        (["run", "wrkr_core.chain.*"], True, 0, [["run", "wrkr_core.chain.*"]]),
        (["run", "wrkr_core.chain.*"], False, 1, [["run", "wrkr_core.chain.*"]]),
    ],
)
def test_all_is_run_on_a_fresh_copy_and_what_is_asked_for_on_the_one_there_is(  # noqa: PLR0917
    arguments: list[str],
    is_there: bool,  # noqa: FBT001
    copies: int,
    commands: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[list[str]] = []
    copied: list[Path] = []

    class Nowhere:
        def prepare(self, needs: object) -> None:
            assert needs == MUTATION_NEEDS

        def script(self, name: str) -> list[str]:
            return [name]

    def note(command: list[str], **_options: object) -> int:
        started.append(command)
        return 0

    monkeypatch.setattr(mutation, "COPY", tmp_path if is_there else tmp_path / "copy")
    monkeypatch.setattr(mutation, "copy_tree", copied.append)
    monkeypatch.setattr(mutation, "main_environment", Nowhere)
    monkeypatch.setattr(mutation, "run", note)

    assert mutation.mutants(arguments) == 0
    assert started == [["mutmut", *each] for each in commands]
    assert len(copied) == copies


def test_a_run_that_breaks_off_has_no_results(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        def prepare(self, needs: object) -> None:
            pass

        def script(self, name: str) -> list[str]:
            return [name]

    monkeypatch.setattr(mutation, "copy_tree", lambda _target: None)
    monkeypatch.setattr(mutation, "main_environment", Nowhere)
    monkeypatch.setattr(mutation, "run", lambda _command, **_options: 130)

    assert mutation.mutants([]) == 130
