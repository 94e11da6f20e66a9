"""``python -m wrkr_conformance.vectors``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conformance.vectors.folders import FROZEN, MOVE, folder, vectors
from wrkr_conformance.vectors.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path


def test_it_ends_with_0_when_all_is_as_stated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder(tmp_path, moves=vectors("moves", MOVE))

    assert main([str(root)]) == 0

    assert capsys.readouterr().out == f"{root}: 1 cases, all as stated\n"


def test_it_ends_with_1_when_something_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder(tmp_path, moves=vectors("moves", {**MOVE, "expect": {"status": "queued"}}))

    assert main([str(root), "--json"]) == 1

    view = json.loads(capsys.readouterr().out)
    assert (view["ok"], view["cases"]) == (False, 1)
    assert view["failed"][0]["case"] == "a"


def test_a_folder_without_vectors_is_an_error_with_a_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("E_NOT_FOUND: ")


@pytest.mark.slow
def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wrkr_conformance.vectors", str(FROZEN)],
        cwd=FROZEN.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("all as stated\n")
