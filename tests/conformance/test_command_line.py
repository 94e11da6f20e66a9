"""``python -m wrkr_conformance``: what a store author types, and what comes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conformance.workshop import ROOT, Workshop
from wrkr_conformance import all_clauses
from wrkr_conformance.command_line import main, parser

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A folder with ``my_store`` in it."""
    return Workshop.within(tmp_path)


@pytest.fixture
def at_work(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The same, from within this process."""
    monkeypatch.chdir(workshop.folder)
    monkeypatch.syspath_prepend(str(workshop.folder))
    monkeypatch.delitem(sys.modules, "my_store", raising=False)
    return workshop


@pytest.mark.slow
def test_a_right_store_is_compatible_and_a_wrong_one_is_not(workshop: Workshop) -> None:
    right = workshop.suite("my_store:right")
    wrong = workshop.suite("my_store:forgetful", "--json", "--only", "P1.1", "--seed", "4")

    assert right.returncode == 0, right.stdout + right.stderr
    assert right.stdout.rstrip().endswith("compatible with wrkr.store/1")
    assert right.stderr == ""
    assert wrong.returncode == 2
    view = json.loads(wrong.stdout)
    assert (view["verdict"], view["seed"], view["target"]) == (
        "incompatible",
        4,
        "my_store:forgetful",
    )
    assert sorted(path.name for path in workshop.folder.iterdir() if path.is_file()) == [
        "my_store.py"
    ]


@pytest.mark.slow
def test_the_command_in_a_report_repeats_the_failure(workshop: Workshop) -> None:
    first = json.loads(workshop.suite("my_store:forgetful", "--json", "--only", "A1").stdout)
    (failed, *_others) = [each for each in first["outcomes"] if each["status"] == "failed"]
    words = failed["command"].split()

    assert words[:3] == ["python", "-m", "wrkr_conformance"]
    again = json.loads(workshop.suite(*words[3:], "--json").stdout)
    (repeated,) = [each for each in again["outcomes"] if each["status"] == "failed"]

    told = ("id", "done", "expected", "came", "reproduction", "command")
    assert {name: repeated[name] for name in told} == {name: failed[name] for name in told}


@pytest.mark.slow
def test_the_lines_in_a_report_can_be_pasted(workshop: Workshop) -> None:
    report = json.loads(workshop.suite("my_store:forgetful", "--json", "--only", "M1.1").stdout)
    (failed,) = [each for each in report["outcomes"] if each["status"] == "failed"]
    lines = failed["reproduction"].split("\n")
    (at,) = [number for number, line in enumerate(lines) if ".read(" in line]
    lines[at] = f"    print({lines[at].strip()})"

    done = workshop.python("-c", "\n".join(lines))

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == lines[at + 1].partition("-> ")[2]
    assert failed["expected"] != done.stdout.strip()


@pytest.mark.parametrize("name", ["excused", "leaving"])
def test_a_store_cannot_excuse_itself_nor_end_the_run(
    name: str, at_work: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    del at_work

    assert main([f"my_store:{name}", "--quiet", "--only", "A1.1"]) == 2
    assert capsys.readouterr().out == "incompatible\n"


def test_a_part_of_a_run_is_never_a_success(
    at_work: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    del at_work

    assert main(["my_store:right", "--only", "A2", "--only", "F1.1", "--verbose"]) == 1

    said = capsys.readouterr()
    assert "4 passed, 0 failed" in said.out
    assert "incomplete: not every clause was run" in said.out
    assert [line.split()[1] for line in said.err.splitlines()] == ["A2.1", "A2.2", "A2.3", "F1.1"]


def test_a_plain_url_is_not_touched_and_that_is_said(
    at_work: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["sqlite:///mine.db", "--only", "A2.1"])
    said = capsys.readouterr()
    assert "sqlite:///mine.db is not touched" in said.err
    assert not (at_work.folder / "mine.db").exists()

    main(["sqlite:///mine.db", "--only", "A2.1", "--quiet"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 6, "E_INVALID_INPUT_SCHEMA: no target is given\n  see"),
        (["my_store:gone"], 6, "E_INVALID_INPUT_SCHEMA: my_store has no 'gone'"),
        (["my_store:broken"], 1, "E_STORE_UNAVAILABLE: my_store:broken cannot be opened"),
        (["my_store:no_store"], 6, "which is no store: it lacks info, append"),
        (["my_store:right", "--only", "Z1"], 6, "no clause or article is named Z1"),
        (["my_store:right", "--seed", "x"], 6, "argument --seed: invalid int value: 'x'"),
        (["my_store:right", "--quick", "--deep"], 6, "not allowed with argument"),
        (["my_store:right", "--nonsense"], 6, "unrecognized arguments: --nonsense"),
        (["my_store:right", "--junit", "none/x.xml"], 6, "there is no folder none for --junit"),
    ],
)
def test_what_is_wrong_is_told_with_a_code_and_no_traceback(
    arguments: list[str],
    code: int,
    message: str,
    at_work: Workshop,
    capsys: pytest.CaptureFixture[str],
) -> None:
    del at_work

    assert main(arguments) == code

    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert main([*arguments, "--json"]) == code
    envelope = json.loads(capsys.readouterr().err)
    assert (envelope["schema_id"], envelope["exit_code"]) == ("wrkr.error_envelope", code)


def test_files_are_written_beside_the_report(
    at_work: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--junit", "j.xml", "--markdown", "r.md", "--badge", "b.svg"]

    assert main(["my_store:right", "--only", "A2.1", "--json", *files]) == 1

    assert json.loads(capsys.readouterr().out)["verdict"] == "incomplete"
    for name in ("j.xml", "r.md", "b.svg"):
        assert "incomplete" in (at_work.folder / name).read_text("utf-8")


def test_deep_is_another_run(at_work: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    del at_work

    main(["my_store:right", "--only", "A2.1", "--deep", "--json"])

    assert json.loads(capsys.readouterr().out)["mode"] == "deep"


def test_the_list_names_every_clause(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    said = capsys.readouterr().out
    assert all(f"{clause.id:<6}{clause.level}" in said for clause in all_clauses())


def test_help_says_every_exit_code() -> None:
    text = parser().format_help()

    for said in ("0 compatible", "1 incomplete", "2 incompatible", "6 invalid", "130 interrupted"):
        assert said in text


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_report_so_far(workshop: Workshop) -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "conformance")])
    process = subprocess.Popen(
        [sys.executable, "-m", "wrkr_conformance", "my_store:right", "--deep", "-v"],
        cwd=workshop.folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stderr is not None
    heard = [process.stderr.readline() for _line in range(3)]
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)

    assert heard[0].startswith("passed")
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "incomplete: the run was interrupted" in out


@pytest.mark.slow
def test_a_reader_that_stops_reading_changes_no_verdict(workshop: Workshop) -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "conformance")])
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "wrkr_conformance", "my_store:forgetful", "--only", "A1.1"],
        cwd=workshop.folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=writing,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (2, "")
