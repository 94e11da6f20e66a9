"""Progress: for people who look, silent for those who do not."""

from __future__ import annotations

import io
from typing import Final

import attrs
import pytest

from wrkr_conformance import Outcome, all_clauses
from wrkr_conformance.progress import Progress

CLAUSE: Final = attrs.evolve(all_clauses()[0], id="A1.1", sentence="word " * 40)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(progress: Progress) -> None:
    progress.begin(CLAUSE, 3, 78)
    progress.end(Outcome(clause=CLAUSE, status="failed", reason="it was so", seconds=1.5))
    progress.begin(CLAUSE, 4, 78)
    progress.end(Outcome(clause=CLAUSE, status="not_run", reason="cannot"))
    progress.begin(CLAUSE, 5, 78)
    progress.end(Outcome(clause=CLAUSE, status="passed"))
    progress.close()


def test_a_terminal_shows_one_line_that_changes_and_at_once_what_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()

    watched(Progress.of(terminal, is_quiet=False, is_verbose=False))

    said = terminal.getvalue()
    assert said.startswith("\r\x1b[K3/78 A1.1 word ")
    assert said.endswith("\r\x1b[K")
    assert said.count("\n") == 1
    assert "failed A1.1\n" in said
    assert max(len(part) for part in said.replace("\n", "\r\x1b[K").split("\r\x1b[K")) == 39


@pytest.mark.parametrize(
    ("stream", "is_quiet"), [(io.StringIO(), False), (io.StringIO(), True), (Terminal(), True)]
)
def test_a_file_and_who_wants_quiet_get_nothing(stream: io.StringIO, is_quiet: bool) -> None:  # noqa: FBT001  # a row of a table
    watched(Progress.of(stream, is_quiet=is_quiet, is_verbose=False))

    assert stream.getvalue() == ""


def test_who_wants_more_gets_a_line_for_each_clause() -> None:
    stream = io.StringIO()

    watched(Progress.of(stream, is_quiet=False, is_verbose=True))

    assert stream.getvalue().split("\n") == [
        "failed  A1.1    1.50 s: it was so",
        "not run A1.1    0.00 s: cannot",
        "passed  A1.1    0.00 s",
        "",
    ]
