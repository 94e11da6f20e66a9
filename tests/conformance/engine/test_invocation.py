"""One invocation: its result, its error, and an end in any case."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import pytest

from wrkr_conformance.engine import invocation
from wrkr_conformance.engine.bench import Bench
from wrkr_conformance.engine.invocation import Said
from wrkr_conformance.expect import Broken

if TYPE_CHECKING:
    from pathlib import Path

FOREVER: Final = "import time\nwhile True: time.sleep(1)"
WAITS: Final = """
import os, time
open("began", "w").close()
end = time.monotonic() + 30
while not os.path.exists("go") and time.monotonic() < end:
    time.sleep(0.02)
"""
NOTHING: Final = [sys.executable, "-I", "-c", "pass"]


def said(out: str = "", err: str = "", code: int = 0) -> Said:
    return Said(arguments=("status", "a b"), code=code, out=out, err=err)


def test_a_result_is_one_json_object() -> None:
    assert said('{"a":1}\n').result() == {"a": 1}
    for out in ("", "[1]\n", "hello\n", '{"a":1}\n{"b":2}\n', '\n{"a":1}\n'):
        with pytest.raises(Broken):
            said(out).result()


def test_an_envelope_is_the_last_line_on_standard_error() -> None:
    assert said(err='working\n{"code":"E_X"}\n').envelope() == {"code": "E_X"}
    for err in ("", "hello\n", '{"code":"E_X"}\nbye\n'):
        with pytest.raises(Broken):
            said(err=err).envelope()


def test_lines_are_json_objects() -> None:
    assert said('{"a":1}\n{"b":2}\n').lines() == [{"a": 1}, {"b": 2}]
    with pytest.raises(Broken, match="no JSON object"):
        said('{"a":1}\n2\n').lines()


def test_what_was_said_is_shown_cut() -> None:
    shown = said("o" * 1000, "e" * 1000, 3).shown()

    assert shown.startswith("exit 3, ")
    assert len(shown) < 700
    assert said().line == "status 'a b'"


def test_a_command_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, "PATIENCE", 0.2)
    bench = Bench([sys.executable, "-I", "-c", FOREVER], tmp_path)

    with pytest.raises(Broken, match="did not end within"):
        bench.say("run")

    assert all(each.has_ended for each in bench._started)


def test_a_file_that_does_not_come_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, "PATIENCE", 0.2)
    bench = Bench([sys.executable, "-I", "-c", FOREVER], tmp_path)
    try:
        with pytest.raises(Broken, match=r"was not there in 0\.2 s"):
            bench.begin("run").await_file(bench.workspace / "there")
    finally:
        bench.let_go()


def test_a_command_that_is_killed_is_over_though_what_it_started_goes_on(tmp_path: Path) -> None:
    """A child that holds the output open must not be waited for."""
    code = f"import subprocess,sys;subprocess.run([sys.executable,'-I','-c',{WAITS!r}])"
    bench = Bench([sys.executable, "-I", "-c", code], tmp_path)
    running = bench.begin("run")
    running.await_file(bench.workspace / "began")

    running.kill()

    assert running.has_ended
    assert bench.transcript == ["run  # killed"]
    bench.allow()


def test_waiting_for_a_file_ends_with_the_command(tmp_path: Path) -> None:
    bench = Bench(NOTHING, tmp_path)

    with pytest.raises(Broken, match="ended before there was there"):
        bench.begin("run").await_file(bench.workspace / "there")
