"""`dev.py` tells an old Python what to do instead of failing to parse."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

import dev
from devtools.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOO_NEW: Final = (
    ast.JoinedStr,
    ast.AnnAssign,
    ast.NamedExpr,
    ast.AsyncFunctionDef,
    ast.Nonlocal,
    ast.YieldFrom,
    ast.Match,
)
PRETEND: Final = """
import runpy, sys
sys.version_info = (2, 7, 18, "final", 0)
sys.argv = ["dev.py", "demo", "--out", "a b"]
runpy.run_path({path!r}, run_name="__main__")
"""


@pytest.mark.parametrize("file", ["dev.py", ".ci/devtools/pythons.py"])
def test_the_file_uses_no_syntax_newer_than_python_2(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))

    assert [node for node in ast.walk(tree) if isinstance(node, TOO_NEW)] == []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        arguments = [*function.args.args, *function.args.kwonlyargs]
        assert function.returns is None
        assert function.args.kwonlyargs == []
        assert [each for each in arguments if each.annotation] == []


def pretend_to_be_old(path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRETEND.format(path=str(ROOT / "dev.py"))],
        env=os.environ | {"PATH": path, "PYENV_ROOT": path, "HOME": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for a Python is a shell script")
def test_an_old_python_is_told_the_command_to_type(tmp_path: Path) -> None:
    python = tmp_path / "python3.13"
    python.write_text("#!/bin/sh\necho 3.13\n", "utf-8")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)

    done = pretend_to_be_old(str(tmp_path))

    assert done.returncode == 6
    assert "wrkr needs Python 3.11 or newer; this is Python 2.7.18" in done.stderr
    assert f'\n    python3.13 {dev.quoted(str(ROOT / "dev.py"))} demo --out "a b"\n' in done.stderr
    assert done.stdout == ""
