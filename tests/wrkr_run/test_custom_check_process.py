"""The process of a custom check answers in a file, and in one line where there is no answer."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.wrkr_run.checkers import install
from wrkr_run import custom_check_process
from wrkr_run.custom_check_process import LONGEST, main

if TYPE_CHECKING:
    from pathlib import Path

JOB = {
    "job_id": "j1",
    "status": "completed",
    "summary": "",
    "workspace": ".",
    "artifacts": [],
    "spent": {},
}


def answered(folder: Path, custom: str, **settings: object) -> tuple[int, Any]:
    request, answer = folder / "request", folder / "answer"
    wanted = {"custom": custom, "path": sys.path, "job": {**JOB, "settings": settings}}
    request.write_text(json.dumps(wanted), "utf-8")
    code = main([str(request), str(answer)])
    return code, json.loads(answer.read_bytes()) if answer.exists() else None


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)


def test_problems_are_the_answer_each_on_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "x" * (LONGEST + 1)

    code, found = answered(tmp_path, "says", problems=["a\n b", long])

    assert (code, found) == (0, ["a b", "x" * (LONGEST - 1) + "…"])
    assert long in capsys.readouterr().out  # what is cut in the answer is whole in the output


def test_no_problems_are_an_answer_too(tmp_path: Path) -> None:
    assert answered(tmp_path, "says") == (0, [])


@pytest.mark.parametrize("custom", ["nothing", "number", "text", "mixed"])
def test_nonsense_is_no_answer(
    tmp_path: Path, custom: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answered(tmp_path, custom) == (1, None)
    assert capsys.readouterr().err.startswith("it returned a") or custom == "nothing"


def _of_three(name: str) -> int:
    return {"one": 1, "two": 2, "three": 3}[name]


def test_an_error_is_one_line_with_its_place_unless_all_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said() -> str:
        with pytest.raises(KeyError) as caught:
            _of_three("a\nb")
        custom_check_process._in_one_line(KeyError, caught.value, caught.tb)
        return capsys.readouterr().err

    assert said().startswith("it raised KeyError: 'a\\nb' (test_custom_check_process.py:")
    custom_check_process._in_one_line(KeyError, KeyError("a"), None)
    assert capsys.readouterr().err == "it raised KeyError: 'a'\n"
    monkeypatch.setenv("WRKR_DEBUG", "1")
    assert "Traceback" in said()
