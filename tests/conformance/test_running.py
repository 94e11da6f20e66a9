"""Runs for people: probed, watched, kept when they are interrupted, written whole."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import fromstring

import pytest

from tests.conformance.rendering.reports import COMPATIBLE, INCOMPATIBLE, INCOMPLETE, with_outcomes
from wrkr_conformance import Target, all_clauses, running
from wrkr_core.errors import InvalidInputError, StoreUnavailable
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance import Clause, Outcome

MEMORY: Final = Target.from_url("memory://{name}")


class Notes:
    """A watcher that remembers, and interrupts when a clause begins."""

    def __init__(self, interrupt_at: str = "") -> None:
        self.interrupt_at = interrupt_at
        self.seen: list[tuple[str, str]] = []

    def begin(self, clause: Clause, number: int, total: int) -> None:
        self.seen.append((clause.id, f"{number}/{total}"))
        if clause.id == self.interrupt_at:
            raise KeyboardInterrupt

    def end(self, outcome: Outcome) -> None:
        self.seen.append((outcome.clause.id, outcome.status))


def test_a_run_is_watched_clause_by_clause() -> None:
    notes = Notes()

    report = running.run(MEMORY, watcher=notes, only=["A2"])

    assert notes.seen[:3] == [("A2.1", "1/3"), ("A2.1", "passed"), ("A2.2", "2/3")]
    assert [outcome.clause for outcome in report.outcomes] == [*all_clauses()]
    assert (report.verdict, running.exit_code(report)) == ("incomplete", 1)
    assert report.declared is not None


def test_an_interrupted_run_keeps_what_it_knows_and_is_incomplete() -> None:
    report = running.run(MEMORY, watcher=Notes(interrupt_at="A2.2"), only=["A2"])

    fates = {each.clause.id: each.reason or each.status for each in report.outcomes}
    assert [fates[name] for name in ("A2.1", "A2.2", "A2.3", "F1.1")] == [
        "passed",
        "it was interrupted",
        "it was interrupted",
        "it was not asked for",
    ]
    assert (report.verdict, report.interrupted) == ("incomplete", True)
    assert running.exit_code(report) == 130


def test_a_store_that_interrupts_does_not_get_away_with_it() -> None:
    class Interrupts(MemoryStore):
        def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
            raise KeyboardInterrupt

    target = Target.of(lambda directory: Interrupts(str(directory)))

    assert running.exit_code(running.run(target, watcher=Notes(), only=())) == 130


def test_each_verdict_has_its_exit_code() -> None:
    codes = [running.exit_code(each) for each in (COMPATIBLE, INCOMPLETE, INCOMPATIBLE)]

    assert codes == [0, 1, 2]


def test_a_clause_that_there_is_not_is_refused_before_anything_is_opened() -> None:
    def opened(_directory: Path) -> MemoryStore:
        raise AssertionError

    with pytest.raises(InvalidInputError, match=r"no clause or article is named Z9") as caught:
        running.run(Target.of(opened), watcher=Notes(), only=["Z9"])

    assert "--list" in caught.value.hint


def test_a_report_is_delivered_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    running.deliver(COMPATIBLE, as_json=True, is_quiet=True)
    running.deliver(COMPATIBLE, as_json=False, is_quiet=True)
    running.deliver(COMPATIBLE, as_json=False, is_quiet=False)

    line, brief, *text = capsys.readouterr().out.split("\n")
    assert json.loads(line) == COMPATIBLE.view()
    assert brief == "compatible"
    assert text[0] == "my_store:open"


def test_it_is_said_that_new_stores_are_tested_only_where_a_url_could_mislead() -> None:
    assert running.say_what_is_tested("memory://{name}", MEMORY) == ""
    assert (
        running.say_what_is_tested("my:f", Target(name="f", opener=lambda _: MemoryStore())) == ""
    )
    said = running.say_what_is_tested("memory://mine", MEMORY)
    assert said == "testing new stores, memory://{name}; memory://mine is not touched"


def test_files_are_written_in_each_form(tmp_path: Path) -> None:
    files = {form: tmp_path / form for form in running.FORMS}

    running.write(INCOMPATIBLE, files)

    assert json.loads(files["json"].read_text("utf-8"))["verdict"] == "incompatible"
    assert fromstring(files["junit"].read_text("utf-8")).tag == "testsuites"  # noqa: S314  # our own
    assert files["markdown"].read_text("utf-8").startswith("# `my_store:open`")
    assert "incompatible" in files["badge"].read_text("utf-8")
    assert sorted(tmp_path.iterdir()) == sorted(files.values())
    assert files["badge"].stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_there_is_replaced_whole_or_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge = tmp_path / "badge.svg"
    running.write(COMPATIBLE, {"badge": badge})
    before = badge.read_bytes()

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(StoreUnavailable, match=r"badge\.svg cannot be written: .*No space left"):
        running.write(INCOMPATIBLE, {"badge": badge})

    assert badge.read_bytes() == before
    assert [*tmp_path.iterdir()] == [badge]


def test_a_place_that_cannot_be_written_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.check_places({"junit": tmp_path / "new.xml"})
    with pytest.raises(InvalidInputError, match=r"is a folder; --badge names a file"):
        running.check_places({"badge": tmp_path})
    with pytest.raises(InvalidInputError, match="there is no folder") as caught:
        running.check_places({"junit": tmp_path / "none" / "x.xml"})
    assert caught.value.hint == f"mkdir -p '{tmp_path / 'none'}'"

    monkeypatch.setattr(os, "access", lambda *_given: False)
    with pytest.raises(InvalidInputError, match="cannot be written to"):
        running.check_places({"junit": tmp_path / "new.xml"})


def test_what_was_interrupted_is_said_in_the_verdict() -> None:
    stopped = with_outcomes(*INCOMPLETE.not_run, interrupted=True)

    assert "the run was interrupted" in stopped.summary()
