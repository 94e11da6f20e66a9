"""The bench: fresh folders, bounded commands, and nothing left behind."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from wrkr_conformance.engine.bench import (
    Bench,
)
from wrkr_conformance.expect import Broken

if TYPE_CHECKING:
    from collections.abc import Iterator

ECHO: Final = [
    sys.executable,
    "-I",
    "-c",
    "import json,os,sys;print(json.dumps([sys.argv[1:],os.getcwd(),dict(os.environ)]))",
]
RUNS: Final = [sys.executable, "-I", "-c", "import subprocess,sys;subprocess.run(sys.argv[1:])"]
FOREVER: Final = "import time\nwhile True: time.sleep(1)"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(ECHO, tmp_path)
    yield made
    made.let_go()


def test_a_script_asks_with_json_and_a_person_without(bench: Bench) -> None:
    for ask, words in ((bench.ask, ["status", "j", "--json"]), (bench.say, ["status", "j"])):
        arguments, folder, _ = json.loads(ask("status", "j").out)
        assert arguments == words
        assert folder == str(bench.workspace)

    assert bench.transcript == ["status j --json  # exit 0", "status j  # exit 0"]


def test_commands_see_nothing_of_wrkr_but_their_own_home(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRKR_STORE", "sqlite:///elsewhere.db")
    monkeypatch.setenv("SOMETHING", "else")
    bench.variables["LANE"] = "1"

    environment = json.loads(bench.say().out)[2]

    assert "WRKR_STORE" not in environment
    assert environment["SOMETHING"] == "else"
    assert environment["LANE"] == "1"
    assert environment["HOME"] == str(bench.home)
    assert Path(environment["WRKR_HOME"]).is_relative_to(bench.home)


def test_another_store_is_used_only_inside(bench: Bench) -> None:
    homes = []
    with bench.elsewhere():
        homes.append(json.loads(bench.say().out)[2]["WRKR_HOME"])
    homes.append(json.loads(bench.say().out)[2]["WRKR_HOME"])

    assert len(set(homes)) == 2


def test_a_program_that_cannot_be_started_breaks_the_clause(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="cannot be started"):
        Bench([str(tmp_path / "nothing")], tmp_path).say("status")


def test_what_is_left_running_is_ended_with_the_bench(tmp_path: Path) -> None:
    bench = Bench([sys.executable, "-I", "-c", FOREVER], tmp_path)
    running = bench.begin("run")

    bench.let_go()

    assert running.has_ended


def test_a_fresh_bench_leaves_nothing_behind() -> None:
    with Bench.fresh(ECHO) as bench:
        bench.spec(steps=[])
        folder = bench.workspace.parent
        assert " " in str(bench.workspace)
        assert json.loads((bench.workspace / "job.json").read_text()) == {
            "name": "lane",
            "steps": [],
        }

    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="no Ctrl-C for one process alone")
def test_an_interruption_reaches_a_command_also_from_a_process_that_ignores_them(
    tmp_path: Path,
) -> None:
    import signal

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ready = "open('ready','w').close()\n"
        bench = Bench([sys.executable, "-I", "-c", ready + FOREVER], tmp_path)
        running = bench.begin("run")
        running.await_file(bench.workspace / "ready")
        running.interrupt()
        code = running.end().code
    finally:
        signal.signal(signal.SIGINT, before)

    assert code in {-signal.SIGINT, 130, 1}
    assert signal.getsignal(signal.SIGINT) == before
