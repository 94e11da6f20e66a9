"""The checks know where their limits and their packages are written."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from devtools.checks import CHECK_NEEDS, DOCS_NEEDS, TEST_NEEDS, settings
from devtools.commands import ROOT
from devtools.lock import requirements

if TYPE_CHECKING:
    from devtools.environment import Needs


def test_the_least_coverage_is_written_for_all_and_for_the_heart() -> None:
    least = settings()["coverage"]

    assert least["*"] == 95
    assert {least[name] for name in least if name != "*"} == {100}
    assert [name for name in least if not list(ROOT.glob(name))] == []


@pytest.mark.parametrize(
    ("needs", "package"),
    [(TEST_NEEDS, "pytest"), (CHECK_NEEDS, "mypy"), (CHECK_NEEDS, "pytest"), (DOCS_NEEDS, "furo")],
)
def test_each_check_finds_its_tool_in_the_lock(needs: Needs, package: str) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))

    lines = requirements(lock, extras=needs.extras, groups=needs.groups)

    assert package in {line.split("==")[0] for line in lines}
