"""What mutation testing breaks, and which tests must notice, is there."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

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
