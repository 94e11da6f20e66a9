"""An interrupted demo says where its job is: in a store of its own, which may be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from wrkr_run import demo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wrkr_cli.conftest import Wrkr


@pytest.fixture(params=[KeyboardInterrupt, click.Abort])
def interrupted(
    request: pytest.FixtureRequest, wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> Wrkr:
    """Make every demo end by Ctrl-C, in its work or at its question."""

    def run_demo(folder: Path, **_given: object) -> None:
        raise request.param

    monkeypatch.setattr(demo, "run_demo", run_demo)
    return wrkr_command


def test_a_demo_in_a_temporary_folder_leaves_nothing_and_says_so(interrupted: Wrkr) -> None:
    said = interrupted("demo", "--yes", "--json")

    assert (said.code, said.envelope["code"]) == (130, "E_INTERRUPTED")
    assert "its store was temporary and is gone" in said.envelope["hint"]
    assert "wrkr list" not in said.envelope["hint"]


def test_a_demo_that_is_kept_names_its_store(interrupted: Wrkr, tmp_path: Path) -> None:
    said = interrupted("demo", "--yes", "--keep", str(tmp_path / "kept"), "--json")

    assert said.code == 130
    store = said.envelope["hint"].partition("wrkr list --store ")[2].partition("'")[0]
    assert store == f"sqlite:///{tmp_path}/kept/wrkr.db"
    assert interrupted("list", "--store", store).code == 0
