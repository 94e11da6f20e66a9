"""The reference says what the code says."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wrkr_core import errors
from wrkr_core.errors import WrkrError

ROOT = Path(__file__).resolve().parents[2]
ERRORS_PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
PACKAGES = ("wrkr_core", "wrkr_run", "wrkr_cli", "wrkr_store_sqlite", "wrkr_store_files")


def error_classes() -> list[type[WrkrError]]:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    return [each for each in found if issubclass(each, WrkrError)]


@functools.cache
def raised_names() -> set[str]:
    """Every name that is called anywhere outside errors.py: an error must be made to be raised."""
    names: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.name == "errors.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    function = node.func
                    names.add(function.attr if isinstance(function, ast.Attribute) else "")
                    names.add(function.id if isinstance(function, ast.Name) else "")
                if isinstance(node, ast.Attribute | ast.Name):
                    names.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    return names


def test_every_code_is_documented_with_its_exit_code() -> None:
    rows = dict(re.findall(r"^\| `(E_\w+)` \| (\d+) \|", ERRORS_PAGE, re.MULTILINE))
    assert rows == {each.code: str(each.exit_code) for each in error_classes()}


@pytest.mark.parametrize("cls", [each for each in error_classes() if not each.__subclasses__()])
def test_no_code_is_decorative(cls: type[WrkrError]) -> None:
    assert cls.__name__ in raised_names()


def test_every_exit_code_in_use_is_explained() -> None:
    explained = set(re.findall(r"^\| (\d+) \| \w", ERRORS_PAGE, re.MULTILINE))
    assert {str(each.exit_code) for each in error_classes()} | {"0"} == explained


def test_the_made_pages_are_what_the_code_says() -> None:
    result = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
