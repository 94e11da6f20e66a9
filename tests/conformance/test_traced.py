"""Flushes that fail in the kernel, where there is strace."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, traced
from wrkr_conformance.expect import NotRun

if sys.platform == "win32":
    pytest.skip("there is no strace", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.notebook import Notebook
from tests.conformance.badstores.refusing import RaisesItsOwnErrors

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance.faults import Faults

pytestmark = pytest.mark.slow


def traced_with(target: Target, tmp_path: Path, most: int = 2) -> Faults:
    tracer = shutil.which("strace")
    if tracer is None:
        pytest.skip("strace is not installed")
    (tmp_path / "store").mkdir()
    try:
        return traced.trace(target, tmp_path / "store", tracer, most)
    except NotRun as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "target",
    [Target.of(Opener(Notebook)), Target.from_url("sqlite:///{directory}/wrkr.db")],
    ids=["notebook", "sqlite"],
)
def test_a_right_store_gets_through(target: Target, tmp_path: Path) -> None:
    found = traced_with(target, tmp_path)

    assert found.first == {}
    assert found.tried[0].startswith("flush 1 of ")


def test_a_wrong_store_is_found_out(tmp_path: Path) -> None:
    found = traced_with(Target.of(Opener(RaisesItsOwnErrors)), tmp_path, most=4)

    assert "RuntimeError: notebook: write failed" in found.first["error"].finding.what


def test_without_strace_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    with (
        Target.of(Opener(Notebook)).fresh() as site,
        pytest.raises(NotRun, match="this platform has no strace"),
    ):
        traced.failed_flushes(site)


def test_of_a_store_that_flushes_nothing_nothing_is_said() -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    with (
        Target.from_url("memory://{name}").fresh() as site,
        pytest.raises(
            NotRun, match=r"flushes nothing in its own process|lets strace trace nothing"
        ),
    ):
        traced.failed_flushes(site)
