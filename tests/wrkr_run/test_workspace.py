"""Where commands run, and how they find the store from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import JobSpec
from wrkr_run.workspace import absolute_url, workspace_of


def test_commands_run_in_the_folder_the_inputs_name(tmp_path: Path) -> None:
    spec = JobSpec(name="j", inputs={"workspace": str(tmp_path)})

    assert workspace_of(spec) == tmp_path


def test_without_one_they_run_where_the_worker_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert workspace_of(JobSpec(name="j")) == tmp_path
    assert workspace_of(JobSpec(name="j", inputs={"workspace": "sub"})) == tmp_path / "sub"


def test_a_workspace_that_is_no_path_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="the input workspace is 7"):
        workspace_of(JobSpec(name="j", inputs={"workspace": 7}))


@pytest.mark.parametrize("scheme", ["sqlite", "files"])
def test_a_store_url_is_made_independent_of_the_folder(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert absolute_url(f"{scheme}:///w.db") == f"{scheme}:///{tmp_path}/w.db"
    assert absolute_url(f"{scheme}:////abs/w.db") == f"{scheme}:////abs/w.db"


def test_other_urls_stay_as_they_are() -> None:
    assert absolute_url("memory:///") == "memory:///"
    assert absolute_url("postgresql://host/db") == "postgresql://host/db"


def test_a_home_folder_is_written_out() -> None:
    assert absolute_url("sqlite:///~/w.db") == f"sqlite:///{Path.home()}/w.db"
