"""Running the command line in this process, as a person would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
import pytest

import wrkr_core as wrkr
from wrkr_cli.main import _run

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """
name: report
objective: Count and publish
expected_artifacts: ["count.txt"]
steps:
  - id: write
    run: "echo a b c > text.txt; echo write >> ran.txt"
  - id: count
    run: "wc -w < text.txt > count.txt; echo count >> ran.txt"
    artifacts: ["count.txt"]
  - id: publish
    gate: "Publish the count?"
    run: "echo publish >> ran.txt"
"""


@attrs.frozen
class Said:
    """What one invocation printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever was printed
        """The result, which is one line of JSON."""
        return json.loads(self.out)

    @property
    def envelope(self) -> Any:  # noqa: ANN401  # the error envelope
        """The error, which is the last line on standard error."""
        return json.loads(self.err.splitlines()[-1])


Wrkr = Callable[..., Said]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'home' / 'wrkr.db'}"


@pytest.fixture
def wrkr_command(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Wrkr:
    """Run ``wrkr ARGUMENTS`` in an empty workspace with a store of its own."""
    workspace = tmp_path / "work space"
    workspace.mkdir()
    (workspace / "job.yaml").write_text(SPEC)
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("WRKR_STORE", url)
    monkeypatch.setenv("WRKR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WRKR_APPROVED_BY", "ann")

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        try:
            code = _run(list(arguments))
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return run


@pytest.fixture
def ledger(url: str) -> Iterator[wrkr.Ledger]:
    store = wrkr.open_store(url)
    yield wrkr.Ledger(store, actor="tester")
    store.close()
